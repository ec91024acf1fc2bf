//! The meddler: for each call it rolls a die and injects one of the faults, or none.

use crate::harness::wire::{Answering, Execute, Interceptor, buffered};
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::ConnectorError},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use frontrow_domain::Timestamp;
use frontrow_edge::clock::Clock;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// How many of a hundred calls meet each fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) conflict: u32,
    pub(crate) throttled: u32,
    /// The engine executed the call, but the caller gets no response.
    pub(crate) answer_lost: u32,
    /// The engine never receives the call.
    pub(crate) request_lost: u32,
    /// The process dies before or after the engine executed the call.
    pub(crate) death: u32,
    /// An eventual read returns an earlier result, or nothing.
    pub(crate) stale: u32,
    /// The caller gives up (or dies), and the engine executes the call seconds later.
    pub(crate) late: u32,
}

impl Rates {
    /// High fault rates.
    pub(crate) const BAD_DAY: Self =
        Self { conflict: 8, throttled: 3, answer_lost: 6, request_lost: 2, death: 4, late: 4, stale: 25 };
}

/// How late a write is executed at most after its caller gave up: the timeout of a function, in seconds. A process
/// that is frozen and thaws within that time does the same.
pub(crate) const LATE_SECONDS_MAX: u32 = 10;
/// At most this many other calls are executed before a late write.
const LATE_CALLS_MAX: u32 = 40;

/// A write whose caller has given up and that the engine has not executed yet.
struct LateWrite {
    due_at: Timestamp,
    calls_before: u32,
    execute: Execute,
}

/// The late writes of all processes over one table.
#[derive(Default)]
pub(crate) struct LateWrites(Mutex<Vec<LateWrite>>);

impl LateWrites {
    fn lock(&self) -> MutexGuard<'_, Vec<LateWrite>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes the writes that are due after one more call.
    async fn execute_after_call(&self) {
        let due: Vec<LateWrite> = {
            let mut waiting = self.lock();
            for late in &mut *waiting {
                late.calls_before = late.calls_before.saturating_sub(1);
            }
            waiting.extract_if(.., |late| late.calls_before == 0).collect()
        };
        for late in due {
            // The response goes to nobody.
            drop((late.execute)().await);
        }
    }

    /// Advances `clock` by `seconds`, and executes each write at the moment it becomes due.
    pub(crate) async fn advance(&self, clock: &Clock, seconds: u32) {
        let end = clock.now().plus_seconds(i64::from(seconds));
        loop {
            let next = {
                let mut waiting = self.lock();
                let first = (0..waiting.len()).min_by_key(|index| waiting[*index].due_at.millis());
                first.filter(|index| waiting[*index].due_at <= end).map(|index| waiting.swap_remove(index))
            };
            let Some(late) = next else { break };
            move_to(clock, late.due_at);
            drop((late.execute)().await);
        }
        move_to(clock, end);
    }
}

/// Moves `clock` forward to `moment`, in whole seconds.
fn move_to(clock: &Clock, moment: Timestamp) {
    let seconds = (moment.millis() - clock.now().millis() + 500).div_euclid(1000);
    clock.advance_seconds(u32::try_from(seconds).unwrap_or_default());
}

/// Faults from the dice of one seed.
pub(crate) struct Chaos {
    rates: Rates,
    clock: Clock,
    late: Arc<LateWrites>,
    dice: Mutex<fastrand::Rng>,
    earlier: Mutex<HashMap<String, String>>,
    /// Notified when the process dies.
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
    Late { dies: bool },
    Stale,
}

impl Chaos {
    /// Faults at these rates. Late writes become due by `clock` and wait in `late`.
    pub(crate) fn new(seed: u64, rates: Rates, clock: Clock, late: Arc<LateWrites>) -> Arc<Self> {
        let dice = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { rates, clock, late, dice, earlier: Mutex::default(), died: Notify::new() })
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
        } else if writes && hit(rates.late) {
            // One caller of a late write in three dies; the others give up and retry.
            Fault::Late { dies: rates.death > 0 && dice.u32(..3) == 0 }
        } else if writes && hit(rates.conflict) {
            Fault::Conflict
        } else if eventual && hit(rates.stale) {
            Fault::Stale
        } else {
            Fault::None
        }
    }

    /// Puts the write aside until it is due.
    fn delay(&self, execute: Execute) {
        let (seconds, calls_before) = {
            let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
            (dice.u32(1..=LATE_SECONDS_MAX), dice.u32(1..=LATE_CALLS_MAX))
        };
        let due_at = self.clock.now().plus_seconds(i64::from(seconds));
        self.late.lock().push(LateWrite { due_at, calls_before, execute });
    }

    async fn die(&self) -> Result<HttpResponse, ConnectorError> {
        self.died.notify_waiters();
        // The task that waits for this response is dropped with the process.
        std::future::pending().await
    }
}

impl Interceptor for Arc<Chaos> {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let (chaos, operation, request) = (Arc::clone(self), operation.to_owned(), request.clone());
        Box::pin(async move {
            chaos.late.execute_after_call().await;
            let writes = matches!(operation.as_str(), "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem");
            let eventual = !writes && !is_consistent(&request);
            match chaos.roll(writes, eventual) {
                Fault::None if eventual => {
                    let (response, text) = buffered(execute().await?).await?;
                    chaos.earlier.lock().unwrap_or_else(PoisonError::into_inner).insert(request.to_string(), text);
                    Ok(response)
                }
                Fault::None => execute().await,
                Fault::Conflict if operation == "TransactWriteItems" => Ok(cancelled(&request, "TransactionConflict")),
                Fault::Conflict => Ok(refused("TransactionConflictException")),
                Fault::Throttled if operation == "TransactWriteItems" => Ok(cancelled(&request, "ThrottlingError")),
                Fault::Throttled => Ok(refused("ProvisionedThroughputExceededException")),
                Fault::AnswerLost => {
                    execute().await?;
                    Err(ConnectorError::timeout("the response was lost".into()))
                }
                Fault::RequestLost => Err(ConnectorError::timeout("the request was lost".into())),
                Fault::DiesBefore => chaos.die().await,
                Fault::DiesAfter => {
                    execute().await?;
                    chaos.die().await
                }
                Fault::Late { dies } => {
                    chaos.delay(execute);
                    if dies {
                        return chaos.die().await;
                    }
                    Err(ConnectorError::timeout("the request is late".into()))
                }
                Fault::Stale => {
                    let earlier =
                        chaos.earlier.lock().unwrap_or_else(PoisonError::into_inner).get(&request.to_string()).cloned();
                    let nothing = if operation == "GetItem" {
                        json!({})
                    } else {
                        json!({"Items": [], "Count": 0, "Responses": {}})
                    };
                    Ok(answer(200, earlier.unwrap_or_else(|| nothing.to_string())))
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
