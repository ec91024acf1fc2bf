//! Another process over the same table, as Lambda runs many, with its own cached copies and clock.

use crate::harness::{
    Person, World,
    process::{Response, call},
    wire::{Answering, Execute, Interceptor, Wire, buffered},
};
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use frontrow_domain::{Timestamp, ids::PerformanceId};
use frontrow_edge::{App, Method};
use frontrow_store::Store;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub(crate) struct Machine(App);

impl Machine {
    /// A machine whose clock is ahead of the stack's by `seconds`, or behind if negative.
    pub(crate) fn ahead_by(world: &World, seconds: i64) -> Self {
        Self::over(world, &Wire::default(), seconds)
    }

    /// A machine whose eventual reads of the waiting room keep returning its current state.
    pub(super) async fn reading_late(world: &World, performance: &str, seconds: i64) -> Self {
        let wire = Wire::default();
        wire.intercept(Some(Arc::new(LateReads::default())));
        let machine = Self::over(world, &wire, seconds);
        let id: PerformanceId = performance.parse().expect("an id");
        machine.0.store.room(&id, Timestamp::default()).await.expect("a room");
        machine
    }

    /// A machine whose calls go through `interceptor`.
    pub(crate) fn behind(world: &World, interceptor: Arc<dyn Interceptor>) -> Self {
        let wire = Wire::default();
        wire.intercept(Some(interceptor));
        Self::over(world, &wire, 0)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    fn over(world: &World, wire: &Wire, seconds: i64) -> Self {
        let aws = world.stack.engine();
        let http = wire.around(world.wire.around(aws.http()));
        let clock = world.stack.clock().skewed_by_seconds(seconds);
        Self(App::new(world.app().config.clone(), &aws.through(http), clock))
    }

    async fn ask(&self, person: &Person, method: Method, path: &str, token: &str, body: Value) -> Response {
        let login = format!("Bearer {}", self.0.tokens.access(&person.identity));
        call(&self.0, &method, path, &[("authorization", &login), ("queue-token", token)], &body).await
    }

    pub(super) async fn join(&self, person: &Person, performance: &str) -> Response {
        self.ask(person, Method::POST, &format!("/performances/{performance}/queue"), "", Value::Null).await
    }

    pub(crate) async fn poll(&self, person: &Person, performance: &str, token: &str) -> Response {
        self.ask(person, Method::GET, &format!("/performances/{performance}/queue"), token, Value::Null).await
    }

    pub(super) async fn leave(&self, person: &Person, performance: &str) -> Response {
        self.ask(person, Method::DELETE, &format!("/performances/{performance}/queue"), "", Value::Null).await
    }

    pub(super) async fn pay(&self, person: &Person, hold_id: &str) -> Response {
        self.ask(person, Method::POST, "/payments", "", json!({"holdId": hold_id, "method": "points"})).await
    }

    pub(super) async fn hold(&self, person: &Person, performance: &str, token: &str, seat: &str) -> Response {
        let path = format!("/performances/{performance}/holds");
        self.ask(person, Method::POST, &path, token, json!({"seatIds": [seat]})).await
    }
}

/// Returns the first result for every later eventual read of the same item.
#[derive(Default)]
struct LateReads(Arc<Mutex<HashMap<String, String>>>);

impl Interceptor for LateReads {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let eventual = operation == "GetItem" && request["ConsistentRead"] != true;
        let (earlier, key) = (Arc::clone(&self.0), request["Key"].to_string());
        Box::pin(async move {
            if !eventual {
                return execute().await;
            }
            let before = earlier.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            if let Some(text) = before {
                return Ok(HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(text)));
            }
            let (response, text) = buffered(execute().await?).await?;
            earlier.lock().unwrap_or_else(PoisonError::into_inner).insert(key, text);
            Ok(response)
        })
    }
}
