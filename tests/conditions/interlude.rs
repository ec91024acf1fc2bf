//! An event between two calls of an operation, always at the same point.

use crate::harness::wire::{Answering, Execute, Interceptor, buffered};
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::ConnectorError},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) type Action = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs `action` to its end before the first call of `operation` whose update contains `update` and whose body
/// contains `text` reaches the engine.
pub(crate) struct Interlude {
    operation: &'static str,
    update: &'static str,
    text: &'static str,
    action: Mutex<Option<Action>>,
}

impl Interlude {
    pub(crate) fn before(operation: &'static str, action: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Arc::new(Self { operation, update: "", text: "", action: Mutex::new(Some(Box::pin(action))) })
    }

    pub(crate) fn before_update(update: &'static str, action: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        let action = Mutex::new(Some(Box::pin(action) as Action));
        Arc::new(Self { operation: "UpdateItem", update, text: "", action })
    }

    /// Before the first transaction that contains `text`.
    pub(crate) fn before_text(text: &'static str, action: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        let action = Mutex::new(Some(Box::pin(action) as Action));
        Arc::new(Self { operation: "TransactWriteItems", update: "", text, action })
    }
}

impl Interceptor for Interlude {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let mut waiting = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        let update = request["UpdateExpression"].as_str().unwrap_or_default();
        let here = operation == self.operation && update.contains(self.update);
        let here = here && (self.text.is_empty() || request.to_string().contains(self.text));
        let action = if here { waiting.take() } else { None };
        Box::pin(async move {
            if let Some(action) = action {
                action.await;
            }
            execute().await
        })
    }
}

/// Several interludes: the first runs before the first matching call, the second before the next call that matches
/// it, and so on.
pub(super) struct Interludes(Mutex<Vec<(&'static str, Action)>>);

impl Interludes {
    pub(super) fn new(mut in_turn: Vec<(&'static str, Action)>) -> Arc<Self> {
        in_turn.reverse();
        Arc::new(Self(Mutex::new(in_turn)))
    }
}

impl Interceptor for Interludes {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_next = left.last().is_some_and(|(next, _)| *next == operation);
        let action = if is_next { left.pop() } else { None };
        Box::pin(async move {
            if let Some((_, action)) = action {
                action.await;
            }
            execute().await
        })
    }
}

/// Calls of this operation do not reach the engine, as after a crash before them.
pub(crate) struct Unreached(pub(crate) &'static str);

impl Interceptor for Unreached {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let reached = operation != self.0;
        Box::pin(async move {
            if reached { execute().await } else { Err(ConnectorError::timeout("the request is lost".into())) }
        })
    }
}

/// Returns the first batch read's result for every later one: an eventual read that is very stale.
#[derive(Default)]
pub(crate) struct StaleBatches(Arc<Mutex<Option<String>>>);

impl Interceptor for StaleBatches {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let (earlier, batch) = (Arc::clone(&self.0), operation == "BatchGetItem");
        Box::pin(async move {
            if !batch {
                return execute().await;
            }
            let before = earlier.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(text) = before {
                return Ok(HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(text)));
            }
            let (response, text) = buffered(execute().await?).await?;
            *earlier.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            Ok(response)
        })
    }
}
