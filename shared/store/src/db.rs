//! Single calls to DynamoDB: sending, retrying and evaluating them.
//!
//! Conflicts, throttling and lost responses are retried here, up to [`RETRY_ATTEMPTS`] times with full jitter. A
//! transaction is retried with the same request token, so one whose success was hidden is not repeated. A failed
//! condition is never retried here: it is returned with the conflicting item, and the operation decides. Such a
//! refusal is not an error, so results are nested: `?` returns failures, and leaves what was written or refused.

use crate::{
    cache::Caches,
    keys::{Item, Key},
    limits::{BATCH_GET_ITEMS, RETRY_ATTEMPTS, RETRY_BASE_MILLIS, RETRY_CAP_MILLIS},
    write::Write,
};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError, query::builders::QueryFluentBuilder,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        CancellationReason, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue,
        error::ConditionalCheckFailedException,
    },
};
use frontrow_domain::{Error, Result, ids::RequestId};
use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};
use uuid::Uuid;

/// Sources of randomness, which this crate does not read by itself.
#[derive(Debug, Clone, Copy)]
pub struct Entropy {
    /// A number in `0.0..1.0`, for jitter.
    pub fraction: fn() -> f64,
    /// A fresh UUID, for request tokens.
    pub uuid: fn() -> Uuid,
}

/// Access to the table, with this process's cached copies.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) entropy: Entropy,
    pub(crate) caches: Arc<Caches>,
    /// The request on whose behalf this store writes.
    pub(crate) request: Option<RequestId>,
}

/// Why a transaction was refused: the keys whose conditions failed, each with the image of its item, which is empty if
/// there is none. The key names the write, because no transaction writes an item twice.
pub(crate) struct Refusal(Vec<(Key, Item)>);

impl Refusal {
    /// Whether the write under `key` was refused.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.0.iter().any(|(refused, _)| refused == key)
    }

    /// The image of the item under `key`, if its write was refused.
    pub(crate) fn image(&self, key: &Key) -> Option<Item> {
        self.0.iter().find(|(refused, _)| refused == key).map(|(_, image)| image.clone())
    }

    /// [`Error::Busy`]: another change came first.
    pub(crate) fn busy(self) -> Error {
        Error::Busy
    }
}

/// Why a call failed, and what it said.
type Failure = (Verdict, String);

/// How to handle a failed call.
pub(crate) enum Verdict {
    /// The service did not execute it; it may be repeated.
    Again,
    /// There was no response that says whether it was executed; it may be repeated.
    Unknown,
    /// It cannot be repeated.
    Broken,
    /// The call was not sent.
    Stopped(Error),
}

impl Store {
    /// A store over `table`, using `client`, whose own retries must be off.
    pub fn new(client: Client, table: String, entropy: Entropy) -> Self {
        Self { client, table: table.into(), entropy, caches: Arc::default(), request: None }
    }

    /// The same store, writing on behalf of `request`: everything that follows from a write names it. The copies are
    /// shared.
    #[must_use]
    pub fn for_request(&self, request: Option<&RequestId>) -> Self {
        Self { request: request.cloned(), ..self.clone() }
    }

    /// The request on whose behalf this store writes, if known.
    pub(crate) fn request(&self) -> Option<&RequestId> {
        self.request.as_ref()
    }

    /// The same store with another client.
    #[must_use]
    pub fn through(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    /// Executes `writes` as one transaction. At most 100 writes, no two of the same item.
    ///
    /// # Errors
    /// Failures are on the outside, so that `?` leaves success or the refusal.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<Result<(), Refusal>> {
        self.transact_while(writes, || std::future::ready(Ok(()))).await
    }

    /// As [`Store::transact`], but calls `may_send` before each attempt.
    pub(crate) async fn transact_while<F: Future<Output = Result<()>>>(
        &self,
        writes: Vec<Write>,
        may_send: impl Fn() -> F,
    ) -> Result<Result<(), Refusal>> {
        let token = (self.entropy.uuid)().to_string();
        let keys: Vec<Key> = writes.iter().map(Write::key).collect();
        let items: Vec<_> = writes.into_iter().map(|write| write.into_transaction(&self.table)).collect();
        self.retrying("transaction", || {
            let call = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send();
            let (asked, keys) = (may_send(), &keys);
            async move {
                asked.await.map_err(|error| (Verdict::Stopped(error), String::new()))?;
                let Err(error) = call.await else { return Ok(Ok(())) };
                let verdict = match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        match judge_cancellation(keys, cancelled.cancellation_reasons()) {
                            Ok(refusal) => return Ok(Err(refusal)),
                            Err(verdict) => verdict,
                        }
                    }
                    Some(TransactWriteItemsError::TransactionInProgressException(_)) => Verdict::Again,
                    _ => judge(&error),
                };
                Err((verdict, describe(&error)))
            }
        })
        .await
    }

    /// Executes one write. Returns the item as it is afterwards (updates) or was before (deletes and puts), or the item
    /// that its failed condition found, if there is one.
    pub(crate) async fn write(&self, write: Write) -> Result<Result<Item, Option<Item>>> {
        self.retrying("write", || self.send(write.clone())).await
    }

    /// Executes one write without retrying: a lost response is a failure, because writing twice would be worse.
    pub(crate) async fn write_once(&self, write: Write) -> Result<Result<Item, Option<Item>>, Verdict> {
        self.send(write).await.map_err(|(verdict, text)| {
            tracing::debug!(text, "not written");
            verdict
        })
    }

    /// Executes one write without a condition.
    pub(crate) async fn write_always(&self, write: Write) -> Result<()> {
        match self.write(write).await? {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::internal("write", "it has no condition")),
        }
    }

    async fn send(&self, write: Write) -> Result<Result<Item, Option<Item>>, Failure> {
        use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
        let total = ReturnConsumedCapacity::Total;
        match write {
            Write::Put { item, guard } => {
                let call = self.client.put_item().table_name(&*self.table).set_item(Some(item));
                let call =
                    call.set_condition_expression(guard.condition()).set_expression_attribute_names(guard.names());
                let call = call.set_expression_attribute_values(guard.values());
                let call = call.return_values_on_condition_check_failure(AllOld).return_consumed_capacity(total);
                concluded(call.send().await.map(|output| output.attributes), |error| match error {
                    PutItemError::ConditionalCheckFailedException(failed) => Some(failed),
                    _ => None,
                })
            }
            Write::Update { key, update, guard } => {
                let call = self.client.update_item().table_name(&*self.table).set_key(Some(key.into()));
                let call = call.update_expression(update).set_condition_expression(guard.condition());
                let call =
                    call.set_expression_attribute_names(guard.names()).set_expression_attribute_values(guard.values());
                let call = call.return_values(ReturnValue::AllNew).return_values_on_condition_check_failure(AllOld);
                let sent = call.return_consumed_capacity(total).send().await;
                concluded(sent.map(|output| output.attributes), |error| match error {
                    UpdateItemError::ConditionalCheckFailedException(failed) => Some(failed),
                    _ => None,
                })
            }
            Write::Delete { key, guard } => {
                let call = self.client.delete_item().table_name(&*self.table).set_key(Some(key.into()));
                let call =
                    call.set_condition_expression(guard.condition()).set_expression_attribute_names(guard.names());
                let call = call.set_expression_attribute_values(guard.values()).return_values(ReturnValue::AllOld);
                let call = call.return_values_on_condition_check_failure(AllOld).return_consumed_capacity(total);
                concluded(call.send().await.map(|output| output.attributes), |error| match error {
                    DeleteItemError::ConditionalCheckFailedException(failed) => Some(failed),
                    _ => None,
                })
            }
        }
    }

    /// Reads one item.
    pub(crate) async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.retrying("get", || {
            let call = self.client.get_item().table_name(&*self.table).set_key(Some(key.clone().into()));
            let call =
                call.consistent_read(consistency.is_strong()).return_consumed_capacity(ReturnConsumedCapacity::Total);
            async { call.send().await.map(|output| output.item).map_err(|error| (judge(&error), describe(&error))) }
        })
        .await
    }

    /// Reads one item that most likely exists: eventually, and again consistently if that misses it, because it may
    /// be new.
    pub(crate) async fn get_known(&self, key: &Key) -> Result<Option<Item>> {
        match self.get(key, Consistency::Eventual).await? {
            Some(item) => Ok(Some(item)),
            None => self.get(key, Consistency::Strong).await,
        }
    }

    /// Reads two items in one call.
    pub(crate) async fn get_two(&self, keys: [Key; 2], consistency: Consistency) -> Result<[Option<Item>; 2]> {
        let found = self.get_all(keys.into(), consistency).await?;
        Ok(found.try_into().expect("an item for each key"))
    }

    /// Reads items in as few calls as possible, and returns them in the order of their `keys`.
    pub(crate) async fn get_all(&self, keys: Vec<Key>, consistency: Consistency) -> Result<Vec<Option<Item>>> {
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(BATCH_GET_ITEMS) {
            let found = self.batch_get(keys, consistency).await?.into_iter().map(|item| (Key::of(&item), item));
            let mut found: HashMap<Key, Item> = found.collect();
            items.extend(keys.iter().map(|key| found.remove(key)));
        }
        Ok(items)
    }

    /// Reads the items of one batch call, in any order.
    async fn batch_get(&self, keys: &[Key], consistency: Consistency) -> Result<Vec<Item>> {
        let keys = keys.iter().cloned().map(Item::from);
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(consistency.is_strong())
            .build()
            .map_err(|error| Error::internal("batch get", error))?;
        self.retrying("batch get", || {
            let call = self.client.batch_get_item().request_items(&*self.table, request.clone());
            let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
            async {
                let output = call.send().await.map_err(|error| (judge(&error), describe(&error)))?;
                if output.unprocessed_keys().is_some_and(|rest| !rest.is_empty()) {
                    return Err((Verdict::Again, "unprocessed keys".to_owned()));
                }
                Ok(output.responses.unwrap_or_default().remove(&*self.table).unwrap_or_default())
            }
        })
        .await
    }

    /// Reads one page of the query that `build` sets up.
    pub(crate) async fn query(
        &self,
        build: impl Fn(QueryFluentBuilder) -> QueryFluentBuilder,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        self.retrying("query", || {
            let call = build(self.client.query().table_name(&*self.table));
            let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
            async {
                let output = call.send().await.map_err(|error| (judge(&error), describe(&error)))?;
                Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
            }
        })
        .await
    }

    async fn retrying<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        what: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        for attempt in 1..=RETRY_ATTEMPTS {
            match call().await {
                Ok(done) => return Ok(done),
                Err((Verdict::Broken, text)) => return Err(Error::internal(what, text)),
                Err((Verdict::Stopped(error), _)) => return Err(error),
                Err((Verdict::Again | Verdict::Unknown, text)) => tracing::debug!(what, attempt, text, "retrying"),
            }
            if attempt < RETRY_ATTEMPTS {
                self.back_off(attempt).await;
            }
        }
        Err(Error::Busy)
    }

    /// Sleeps with full jitter: a random time below a bound that doubles with each attempt.
    pub(crate) async fn back_off(&self, attempt: u32) {
        let bound = (RETRY_BASE_MILLIS << attempt.min(16)).min(RETRY_CAP_MILLIS);
        tokio::time::sleep(Duration::from_millis(bound).mul_f64((self.entropy.fraction)())).await;
    }
}

/// Whether a read must see all earlier writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// Sees every earlier write; costs twice as much.
    Strong,
    /// May be slightly stale. Only correct if a condition decides later.
    Eventual,
}

impl Consistency {
    pub(crate) fn is_strong(self) -> bool {
        self == Self::Strong
    }
}

/// The outcome of one write: its attributes, or the item that its condition found if `refusal` finds that it failed.
fn concluded<E: ProvideErrorMetadata, R>(
    sent: Result<Option<Item>, SdkError<E, R>>,
    refusal: impl Fn(&E) -> Option<&ConditionalCheckFailedException>,
) -> Result<Result<Item, Option<Item>>, Failure> {
    match sent {
        Ok(attributes) => Ok(Ok(attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error().and_then(refusal) {
            Some(failed) => Ok(Err(failed.item.clone().filter(|item| !item.is_empty()))),
            None => Err((judge(&error), describe(&error))),
        },
    }
}

/// The refusal in the `reasons` of a cancelled transaction, one for each of its `keys` in order; or how to handle a
/// cancellation for other reasons.
fn judge_cancellation(keys: &[Key], reasons: &[CancellationReason]) -> Result<Refusal, Verdict> {
    const FAILED: &str = "ConditionalCheckFailed";
    let passing = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            None | Some("None" | FAILED | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        )
    };
    if !reasons.iter().all(passing) {
        return Err(Verdict::Broken);
    }
    let failed = keys.iter().zip(reasons).filter(|(_, reason)| reason.code() == Some(FAILED));
    let image = |reason: &CancellationReason| reason.item.clone().unwrap_or_default();
    let refused: Vec<_> = failed.map(|(key, reason)| (key.clone(), image(reason))).collect();
    if refused.is_empty() { Err(Verdict::Again) } else { Ok(Refusal(refused)) }
}

/// Retries conflicts, throttling and all failures whose outcome is unknown.
fn judge<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Verdict {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Verdict::Unknown,
        SdkError::ServiceError(_) => match error.code() {
            Some(
                "TransactionConflictException"
                | "TransactionInProgressException"
                | "ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "RequestLimitExceeded",
            ) => Verdict::Again,
            Some("InternalServerError" | "ServiceUnavailable") => Verdict::Unknown,
            _ => Verdict::Broken,
        },
        _ => Verdict::Broken,
    }
}

fn describe<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    let kind = match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "dispatch failure",
        SdkError::ResponseError(_) => "unreadable response",
        SdkError::ServiceError(_) => "service error",
        _ => "request not made",
    };
    format!("{kind}: {} {}", error.code().unwrap_or_default(), error.message().unwrap_or_default())
}
