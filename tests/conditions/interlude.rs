//! An event between two calls of an operation, always at the same point.

use crate::harness::wire::{Answering, Execute, Meddler, buffered};
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

pub(super) type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs `happening` to its end before the first call of `operation` whose update contains `update` and whose body
/// contains `text` reaches the engine.
pub(crate) struct Interlude {
    operation: &'static str,
    update: &'static str,
    text: &'static str,
    happening: Mutex<Option<Happening>>,
}

impl Interlude {
    pub(crate) fn before(operation: &'static str, happening: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Arc::new(Self { operation, update: "", text: "", happening: Mutex::new(Some(Box::pin(happening))) })
    }

    pub(crate) fn before_update(
        update: &'static str,
        happening: impl Future<Output = ()> + Send + 'static,
    ) -> Arc<Self> {
        let happening = Mutex::new(Some(Box::pin(happening) as Happening));
        Arc::new(Self { operation: "UpdateItem", update, text: "", happening })
    }

    /// Before the first transaction that contains `text`.
    pub(super) fn before_text(text: &'static str, happening: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        let happening = Mutex::new(Some(Box::pin(happening) as Happening));
        Arc::new(Self { operation: "TransactWriteItems", update: "", text, happening })
    }
}

impl Meddler for Interlude {
    fn meddle(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let mut waiting = self.happening.lock().unwrap_or_else(PoisonError::into_inner);
        let update = request["UpdateExpression"].as_str().unwrap_or_default();
        let here = operation == self.operation && update.contains(self.update);
        let here = here && (self.text.is_empty() || request.to_string().contains(self.text));
        let happening = if here { waiting.take() } else { None };
        Box::pin(async move {
            if let Some(happening) = happening {
                happening.await;
            }
            execute().await
        })
    }
}

/// Several interludes: the first runs before the first matching call, the second before the next call that matches
/// it, and so on.
pub(super) struct Interludes(Mutex<Vec<(&'static str, Happening)>>);

impl Interludes {
    pub(super) fn new(mut in_turn: Vec<(&'static str, Happening)>) -> Arc<Self> {
        in_turn.reverse();
        Arc::new(Self(Mutex::new(in_turn)))
    }
}

impl Meddler for Interludes {
    fn meddle(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_next = left.last().is_some_and(|(next, _)| *next == operation);
        let happening = if is_next { left.pop() } else { None };
        Box::pin(async move {
            if let Some((_, happening)) = happening {
                happening.await;
            }
            execute().await
        })
    }
}

/// Calls of this operation do not reach the engine, as after a crash before them.
pub(crate) struct Unreached(pub(crate) &'static str);

impl Meddler for Unreached {
    fn meddle(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let reached = operation != self.0;
        Box::pin(async move {
            if reached { execute().await } else { Err(ConnectorError::timeout("nobody was reached".into())) }
        })
    }
}

/// Returns the first batch read's result for every later one: an eventual read that is very stale.
#[derive(Default)]
pub(crate) struct StaleBatches(Arc<Mutex<Option<String>>>);

impl Meddler for StaleBatches {
    fn meddle(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let (told, batch) = (Arc::clone(&self.0), operation == "BatchGetItem");
        Box::pin(async move {
            if !batch {
                return execute().await;
            }
            let before = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(text) = before {
                return Ok(HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(text)));
            }
            let (response, text) = buffered(execute().await?).await?;
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            Ok(response)
        })
    }
}
