//! The meddler: for each call it rolls a die and lets one of the faults happen, or none.

use crate::harness::wire::{Answering, Execute, Meddler, buffered};
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::ConnectorError},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// Of a hundred calls, how many meet what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) conflict: u32,
    pub(crate) throttled: u32,
    /// The engine did it, the caller never hears.
    pub(crate) answer_lost: u32,
    /// The engine never hears.
    pub(crate) request_lost: u32,
    /// The process dies before or after the engine did it.
    pub(crate) death: u32,
    /// An eventual read tells what an earlier one told, or nothing.
    pub(crate) stale: u32,
}

impl Rates {
    /// A bad day.
    pub(crate) const BAD_DAY: Self =
        Self { conflict: 8, throttled: 3, answer_lost: 6, request_lost: 2, death: 4, stale: 25 };
}

/// Faults by the dice of one seed.
pub(crate) struct Chaos {
    rates: Rates,
    dice: Mutex<fastrand::Rng>,
    told: Mutex<HashMap<String, String>>,
    /// Told when the process dies.
    pub(crate) died: Notify,
}

enum Fault {
    None,
    Conflict,
    Throttled,
    AnswerLost,
    RequestLost,
    DiesBefore,
    DiesAfter,
    Stale,
}

impl Chaos {
    pub(crate) fn new(seed: u64, rates: Rates) -> Arc<Self> {
        let dice = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { rates, dice, told: Mutex::default(), died: Notify::new() })
    }

    fn roll(&self, writes: bool, eventual: bool) -> Fault {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let rates = self.rates;
        let mut left = dice.u32(..100);
        let mut hit = |rate: u32| {
            let hit = left < rate;
            left = left.saturating_sub(rate).max(if hit { u32::MAX } else { 0 });
            hit
        };
        if hit(rates.throttled) {
            Fault::Throttled
        } else if hit(rates.answer_lost) {
            Fault::AnswerLost
        } else if hit(rates.request_lost) {
            Fault::RequestLost
        } else if hit(rates.death) {
            if dice.bool() { Fault::DiesBefore } else { Fault::DiesAfter }
        } else if writes && hit(rates.conflict) {
            Fault::Conflict
        } else if eventual && hit(rates.stale) {
            Fault::Stale
        } else {
            Fault::None
        }
    }

    async fn die(&self) -> Result<HttpResponse, ConnectorError> {
        self.died.notify_waiters();
        // Whoever waits for this answer is dropped with the process.
        std::future::pending().await
    }
}

impl Meddler for Arc<Chaos> {
    fn meddle(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let (chaos, operation, request) = (Arc::clone(self), operation.to_owned(), request.clone());
        Box::pin(async move {
            let writes = matches!(operation.as_str(), "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem");
            let eventual = !writes && !is_consistent(&request);
            match chaos.roll(writes, eventual) {
                Fault::None if eventual => {
                    let (response, text) = buffered(execute().await?).await?;
                    chaos.told.lock().unwrap_or_else(PoisonError::into_inner).insert(request.to_string(), text);
                    Ok(response)
                }
                Fault::None => execute().await,
                Fault::Conflict if operation == "TransactWriteItems" => Ok(cancelled(&request, "TransactionConflict")),
                Fault::Conflict => Ok(refused("TransactionConflictException")),
                Fault::Throttled if operation == "TransactWriteItems" => Ok(cancelled(&request, "ThrottlingError")),
                Fault::Throttled => Ok(refused("ProvisionedThroughputExceededException")),
                Fault::AnswerLost => {
                    execute().await?;
                    Err(ConnectorError::timeout("the answer was lost".into()))
                }
                Fault::RequestLost => Err(ConnectorError::timeout("the request was lost".into())),
                Fault::DiesBefore => chaos.die().await,
                Fault::DiesAfter => {
                    execute().await?;
                    chaos.die().await
                }
                Fault::Stale => {
                    let told =
                        chaos.told.lock().unwrap_or_else(PoisonError::into_inner).get(&request.to_string()).cloned();
                    let nothing = if operation == "GetItem" {
                        json!({})
                    } else {
                        json!({"Items": [], "Count": 0, "Responses": {}})
                    };
                    Ok(answer(200, told.unwrap_or_else(|| nothing.to_string())))
                }
            }
        })
    }
}

fn is_consistent(request: &Value) -> bool {
    let tables = request["RequestItems"].as_object();
    let all = |tables: &serde_json::Map<String, Value>| tables.values().all(|table| table["ConsistentRead"] == true);
    request["ConsistentRead"] == true || tables.is_some_and(all)
}

fn cancelled(request: &Value, code: &str) -> HttpResponse {
    let count = request["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<Value> =
        (0..count)
            .map(|index| {
                if index == count / 2 { json!({"Code": code, "Message": "injected"}) } else { json!({"Code": "None"}) }
            })
            .collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    answer(400, json!({"__type": kind, "Message": "injected", "CancellationReasons": reasons}).to_string())
}

fn refused(code: &str) -> HttpResponse {
    answer(
        400,
        json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "injected"}).to_string(),
    )
}

fn answer(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
