//! One process of many over the same table: its own copies, its own clock, its own faults. When it dies, its requests are
//! answered by nobody, and a new one takes its place.

use super::chaos::{Chaos, Rates};
use crate::harness::{
    audit::Snapshot,
    process::{Told, call},
    wire::Wire,
};
use aws_sdk_dynamodb::config::SharedHttpClient;
use frontrow_edge::{
    App, Method,
    clients::Aws,
    clock::Clock,
    config::Config,
    secrets::{KeyRing, Secrets},
};
use frontrow_local::engine::{Engine, TABLE};
use serde_json::Value;
use std::sync::Arc;

/// The table of one run, and the time that its processes share but for their skew.
pub(crate) struct Ground {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
}

impl Ground {
    pub(crate) async fn new() -> Result<Self, String> {
        Ok(Self { engine: Engine::start(None).await?, clock: Clock::default() })
    }

    /// A process without faults and skew.
    pub(crate) fn calm(&self) -> App {
        self.app(self.engine.aws(), self.clock.clone())
    }

    /// A process that speaks to the table over `wire`.
    pub(crate) fn through(&self, wire: &Wire) -> App {
        let aws = self.engine.aws();
        let http: SharedHttpClient = wire.around(aws.http());
        self.app(aws.through(http), self.clock.clone())
    }

    /// The table as it is.
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
        let chaos = Chaos::new(seed, rates);
        let wire = Wire::default();
        wire.meddle(Some(Arc::new(Arc::clone(&chaos))));
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
    /// The call's answer; `None` where the process died before it was told.
    pub(crate) async fn call(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Told> {
        self.living(call(&self.app, method, path, headers, body)).await
    }

    /// What comes of `work` in this process; `None` where it died first.
    pub(crate) async fn living<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.chaos.died.notified() => None,
        }
    }
}
