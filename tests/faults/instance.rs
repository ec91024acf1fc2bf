//! One process of many over the same table, with its own cached copies, clock and faults. When it dies, its requests
//! get no response, and a new process takes its place.

use super::chaos::{Chaos, LATE_SECONDS_MAX, LateWrites, Rates};
use crate::harness::{
    audit::Snapshot,
    process::{Response, call},
    wire::Wire,
};
use aws_sdk_dynamodb::{config::SharedHttpClient, types::AttributeValue};
use frontrow_edge::{App, Method, clients::Aws, clock::Clock, config::Config, keys::KeyRing, secrets::Secrets};
use frontrow_local::engine::{Engine, TABLE};
use frontrow_store::keys::TTL;
use serde_json::Value;
use std::sync::Arc;

/// The table of one run, and the time that its processes share, apart from their skew.
pub(crate) struct Testbed {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    late: Arc<LateWrites>,
}

impl Testbed {
    pub(crate) async fn new() -> Result<Self, String> {
        Ok(Self { engine: Engine::start(None).await?, clock: Clock::default(), late: Arc::default() })
    }

    /// Advances the clock of all processes. Late writes are executed on the way. Depending on `dice`, TTL deletes
    /// what has expired.
    pub(crate) async fn advance_seconds(&self, seconds: u32, dice: &mut fastrand::Rng) {
        self.late.advance(&self.clock, seconds).await;
        if dice.u32(..3) == 0 {
            self.delete_expired().await;
        }
    }

    /// Executes the remaining late writes.
    pub(crate) async fn execute_late_writes(&self) {
        self.late.advance(&self.clock, LATE_SECONDS_MAX).await;
    }

    /// Deletes each item whose TTL has passed, as DynamoDB does at any time afterwards.
    pub(crate) async fn delete_expired(&self) {
        let client = self.engine.aws().dynamodb();
        let now = AttributeValue::N(self.clock.now().ttl_seconds().to_string());
        for item in self.snapshot().await.items {
            if !item.contains_key(TTL) {
                continue;
            }
            let delete =
                client.delete_item().table_name(TABLE).key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            let delete = delete.condition_expression("#ttl < :now").expression_attribute_names("#ttl", TTL);
            // An item that was prolonged meanwhile is kept.
            drop(delete.expression_attribute_values(":now", now.clone()).send().await);
        }
    }

    /// A process without faults and skew.
    pub(crate) fn faultless(&self) -> App {
        self.app(self.engine.aws(), self.clock.clone())
    }

    /// A process that accesses the table over `wire`.
    pub(crate) fn through(&self, wire: &Wire) -> App {
        let aws = self.engine.aws();
        let http: SharedHttpClient = wire.around(aws.http());
        self.app(aws.through(http), self.clock.clone())
    }

    /// The current content of the table.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        Snapshot::read(&self.engine.aws().dynamodb(), TABLE).await
    }

    fn app(&self, aws: Aws, clock: Clock) -> App {
        let variable = |name: &str| match name {
            "TABLE_NAME" => Some(TABLE.to_owned()),
            _ => None,
        };
        let ring = || KeyRing::parse(r#"{"current":"a","a":"0123456789abcdef0123456789abcdef"}"#).expect("a good ring");
        let secrets = Secrets { signing_keys: ring(), password_peppers: ring(), ..Secrets::default() };
        let config = Config { secrets, ..Config::from_vars(&variable).expect("complete") };
        App::new(config, &aws, clock)
    }

    /// A process with the faults of `seed`, whose clock is `skew_seconds` off.
    pub(crate) fn instance(&self, seed: u64, rates: Rates, skew_seconds: i64) -> Instance {
        let chaos = Chaos::new(seed, rates, self.clock.clone(), Arc::clone(&self.late));
        let wire = Wire::default();
        wire.intercept(Some(Arc::new(Arc::clone(&chaos))));
        let app = App { clock: self.clock.skewed_by_seconds(skew_seconds), ..self.through(&wire) };
        Instance { app, chaos }
    }
}

/// One process.
pub(crate) struct Instance {
    pub(crate) app: App,
    chaos: Arc<Chaos>,
}

impl Instance {
    /// The response to the call; `None` if the process died before it was returned.
    pub(crate) async fn call(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Response> {
        self.living(call(&self.app, method, path, headers, body)).await
    }

    /// The result of `work` in this process; `None` if it died first.
    pub(crate) async fn living<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.chaos.died.notified() => None,
        }
    }
}
