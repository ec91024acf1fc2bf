//! Single calls to DynamoDB: sending, retrying and evaluating them.
//!
//! Conflicts, throttling and lost responses are retried here, up to [`RETRY_ATTEMPTS`] times with full jitter. A
//! transaction is retried with the same request token, so one whose success was hidden is not repeated. A failed
//! condition is never retried here: it is returned with the conflicting item, and the operation decides.

use crate::{
    copies::Copies,
    keys::{Item, Key},
    write::Write,
};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError, query::builders::QueryFluentBuilder,
        transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{CancellationReason, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue},
};
use frontrow_domain::{
    Error, Result,
    ids::RequestId,
    limits::{BATCH_GET_ITEMS, RETRY_ATTEMPTS, RETRY_BASE_MILLIS, RETRY_CAP_MILLIS},
};
use std::{future::Future, sync::Arc, time::Duration};
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
    pub(crate) copies: Arc<Copies>,
    /// The request on whose behalf this store writes.
    pub(crate) request: Option<RequestId>,
}

/// Why a write failed.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A condition failed. One entry for each write, in order: `None` if its condition held, else the conflicting
    /// item, which is empty if there is none.
    Conditions(Vec<Option<Item>>),
    /// Any other failure.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How to handle a failed call.
enum Verdict {
    Refused(Vec<Option<Item>>),
    Again,
    Broken,
    /// The call was not sent.
    Stopped(Error),
}

impl Store {
    /// A store over `table`, using `client`, whose own retries must be off.
    pub fn new(client: Client, table: String, entropy: Entropy) -> Self {
        Self { client, table: table.into(), entropy, copies: Arc::default(), request: None }
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
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<(), Refused> {
        self.transact_while(writes, || std::future::ready(Ok(()))).await
    }

    /// As [`Store::transact`], but calls `may_send` before each attempt.
    pub(crate) async fn transact_while<F: Future<Output = Result<()>>>(
        &self,
        writes: Vec<Write>,
        may_send: impl Fn() -> F,
    ) -> Result<(), Refused> {
        let token = (self.entropy.uuid)().to_string();
        let items: Vec<_> = writes.into_iter().map(|write| write.into_transaction(&self.table)).collect();
        self.retrying("transaction", || {
            let call = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send();
            let asked = may_send();
            async move {
                asked.await.map_err(|error| (Verdict::Stopped(error), String::new()))?;
                call.await.map(drop).map_err(|error| {
                    let verdict = match error.as_service_error() {
                        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                            judge_cancellation(cancelled.cancellation_reasons())
                        }
                        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Verdict::Again,
                        _ => judge(&error),
                    };
                    (verdict, describe(&error))
                })
            }
        })
        .await
    }

    /// Executes one write. Returns the item as it is afterwards (updates) or was before (deletes and puts).
    pub(crate) async fn write(&self, write: Write) -> Result<Item, Refused> {
        self.retrying("write", || self.send(write.clone())).await
    }

    /// Executes one write without retrying: a lost response is a failure, because writing twice would be worse.
    pub(crate) async fn write_once(&self, write: Write) -> Result<Item, Refused> {
        self.send(write).await.map_err(|(verdict, text)| match verdict {
            Verdict::Refused(images) => Refused::Conditions(images),
            Verdict::Again => Refused::Failed(Error::Busy),
            Verdict::Broken => Refused::Failed(Error::internal("write", text)),
            Verdict::Stopped(error) => Refused::Failed(error),
        })
    }

    async fn send(&self, write: Write) -> Result<Item, (Verdict, String)> {
        use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
        let total = ReturnConsumedCapacity::Total;
        match write {
            Write::Put { item, guard } => {
                let call = self.client.put_item().table_name(&*self.table).set_item(Some(item));
                let call =
                    call.set_condition_expression(guard.condition()).set_expression_attribute_names(guard.names());
                let call = call.set_expression_attribute_values(guard.values());
                let call = call.return_values_on_condition_check_failure(AllOld).return_consumed_capacity(total);
                call.send().await.map(|output| output.attributes.unwrap_or_default()).map_err(|error| {
                    match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(failed)) => refused(failed.item.clone()),
                        _ => (judge(&error), describe(&error)),
                    }
                })
            }
            Write::Update { key, update, guard } => {
                let call = self.client.update_item().table_name(&*self.table).set_key(Some(key.into()));
                let call = call.update_expression(update).set_condition_expression(guard.condition());
                let call =
                    call.set_expression_attribute_names(guard.names()).set_expression_attribute_values(guard.values());
                let call = call.return_values(ReturnValue::AllNew).return_values_on_condition_check_failure(AllOld);
                let sent = call.return_consumed_capacity(total).send().await;
                sent.map(|output| output.attributes.unwrap_or_default()).map_err(|error| {
                    match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => refused(failed.item.clone()),
                        _ => (judge(&error), describe(&error)),
                    }
                })
            }
            Write::Delete { key, guard } => {
                let call = self.client.delete_item().table_name(&*self.table).set_key(Some(key.into()));
                let call =
                    call.set_condition_expression(guard.condition()).set_expression_attribute_names(guard.names());
                let call = call.set_expression_attribute_values(guard.values()).return_values(ReturnValue::AllOld);
                let call = call.return_values_on_condition_check_failure(AllOld).return_consumed_capacity(total);
                call.send().await.map(|output| output.attributes.unwrap_or_default()).map_err(|error| {
                    match error.as_service_error() {
                        Some(DeleteItemError::ConditionalCheckFailedException(failed)) => refused(failed.item.clone()),
                        _ => (judge(&error), describe(&error)),
                    }
                })
            }
        }
    }

    /// Reads one item.
    pub(crate) async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>> {
        self.reading("get", || {
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
            let found = self.batch_get(keys, consistency).await?;
            items.extend(keys.iter().map(|key| found.iter().find(|item| key.names(item)).cloned()));
        }
        Ok(items)
    }

    /// Reads the items of one batch call, in any order.
    async fn batch_get(&self, keys: &[Key], consistency: Consistency) -> Result<Vec<Item>> {
        let keys = keys.iter().cloned().map(std::collections::HashMap::from);
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .consistent_read(consistency.is_strong())
            .build()
            .map_err(|error| Error::internal("batch get", error))?;
        self.reading("batch get", || {
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
        self.reading("query", || {
            let call = build(self.client.query().table_name(&*self.table));
            let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
            async {
                let output = call.send().await.map_err(|error| (judge(&error), describe(&error)))?;
                Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
            }
        })
        .await
    }

    async fn reading<T, F: Future<Output = Result<T, (Verdict, String)>>>(
        &self,
        what: &str,
        call: impl FnMut() -> F,
    ) -> Result<T> {
        self.retrying(what, call).await.map_err(|refused| match refused {
            Refused::Failed(error) => error,
            Refused::Conditions(_) => Error::internal(what, "a read failed a condition"),
        })
    }

    async fn retrying<T, F: Future<Output = Result<T, (Verdict, String)>>>(
        &self,
        what: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Refused> {
        for attempt in 1..=RETRY_ATTEMPTS {
            match call().await {
                Ok(done) => return Ok(done),
                Err((Verdict::Refused(images), _)) => return Err(Refused::Conditions(images)),
                Err((Verdict::Broken, text)) => return Err(Error::internal(what, text).into()),
                Err((Verdict::Stopped(error), _)) => return Err(error.into()),
                Err((Verdict::Again, text)) => tracing::debug!(what, attempt, text, "retrying"),
            }
            if attempt < RETRY_ATTEMPTS {
                self.back_off(attempt).await;
            }
        }
        Err(Error::Busy.into())
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

fn refused(item: Option<Item>) -> (Verdict, String) {
    (Verdict::Refused(vec![Some(item.unwrap_or_default())]), String::new())
}

fn judge_cancellation(reasons: &[CancellationReason]) -> Verdict {
    let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    let passing = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            None | Some(
                "None"
                    | "ConditionalCheckFailed"
                    | "TransactionConflict"
                    | "ThrottlingError"
                    | "ProvisionedThroughputExceeded"
            )
        )
    };
    if !reasons.iter().all(passing) {
        return Verdict::Broken;
    }
    if !reasons.iter().any(failed) {
        return Verdict::Again;
    }
    let image = |reason: &CancellationReason| failed(reason).then(|| reason.item.clone().unwrap_or_default());
    Verdict::Refused(reasons.iter().map(image).collect())
}

/// Retries conflicts, throttling and all failures whose outcome is unknown.
fn judge<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Verdict {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Verdict::Again,
        SdkError::ServiceError(_) => match error.code() {
            Some(
                "TransactionConflictException"
                | "TransactionInProgressException"
                | "ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "InternalServerError"
                | "ServiceUnavailable",
            ) => Verdict::Again,
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
