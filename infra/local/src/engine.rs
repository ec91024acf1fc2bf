//! The embedded DynamoDB: an engine in this process, with the table. Clients call it without a socket.

mod calls;
mod stream;
mod tokens;

pub(crate) use self::{calls::Core, stream::Stream};

use crate::in_process;
use dynoxide::actions::describe_table::DescribeTableRequest;
use frontrow_edge::{clients::Aws, entropy};
use frontrow_store::table;
use std::{fmt::Display, path::Path, sync::PoisonError, time::Duration};
use tokio::{task::JoinSet, time::interval_at};

/// Name of the table in every stack; each stack has its own engine.
pub const TABLE: &str = "frontrow";

/// How often expired items are deleted. DynamoDB takes days and nothing depends on it; each sweep reads the whole table.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// A running engine with the table.
pub struct Engine {
    pub(crate) core: Core,
    /// The table's stream.
    pub(crate) stream: Stream,
    /// Ends with the engine.
    _sweeping: JoinSet<()>,
}

impl Engine {
    /// Opens `file`, or an in-memory database, and creates the table if it does not exist.
    ///
    /// # Errors
    /// The error of the engine or the operating system.
    pub async fn start(file: Option<&Path>) -> Result<Self, String> {
        let path = match file {
            Some(path) => path.display().to_string(),
            None => format!("file:frontrow-{}?mode=memory&cache=shared", entropy::fresh_uuid()),
        };
        let core = Core::open(&path)?;
        core.with(|opened| opened.beside.execute_batch(INDEXES).map_err(context("index the stream")))?;
        if stream_arn(&core).is_err() {
            table::create(&in_process::aws(core.clone()).dynamodb(), TABLE).await?;
        }
        let stream = Stream { arn: stream_arn(&core)?, core: core.clone() };
        let mut sweeping = JoinSet::new();
        sweeping.spawn(sweep_on(core.clone()));
        Ok(Self { core, stream, _sweeping: sweeping })
    }

    /// Configuration for its clients.
    pub fn aws(&self) -> Aws {
        in_process::aws(self.core.clone())
    }

    /// Stops the engine and closes the file.
    pub(crate) fn stop(self) {
        self.core.close();
    }
}

/// The engine numbers each stream record by searching all records; an index keeps this fast as they grow.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS frontrow_stream_last ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS frontrow_stream_next
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));";

async fn sweep_on(core: Core) {
    let mut ticks = interval_at(tokio::time::Instant::now() + SWEEP_EVERY, SWEEP_EVERY);
    loop {
        ticks.tick().await;
        let swept = core.clone();
        match tokio::task::spawn_blocking(move || sweep(&swept)).await {
            Ok(Err(error)) => tracing::warn!(error, "TTL sweep failed"),
            Ok(Ok(_)) => {}
            Err(error) => tracing::warn!(%error, "TTL sweep failed"),
        }
    }
}

/// Deletes expired items and returns their number. Other calls can run in between.
fn sweep(core: &Core) -> Result<usize, String> {
    let _upkeep = core.upkeep.lock().unwrap_or_else(PoisonError::into_inner);
    let database = core.with(|opened| Ok(opened.database.clone()))?;
    let swept = database.sweep_ttl().map_err(context("sweep by TTL"))?;
    core.wrote();
    Ok(swept)
}

fn stream_arn(core: &Core) -> Result<String, String> {
    let request = DescribeTableRequest { table_name: TABLE.to_owned() };
    let described =
        core.with(|opened| opened.database.describe_table(request).map_err(context("describe the table")))?;
    described.table.latest_stream_arn.ok_or_else(|| "the table has no stream".to_owned())
}

/// Prefixes an error's text with the failed action.
pub(crate) fn context<E: Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_process::Service;
    use serde_json::{Value, json};

    async fn call(core: &Core, operation: &str, request: Value) -> (u16, Value) {
        let answer = core.answer(&format!("DynamoDB_20120810.{operation}"), request.to_string().as_bytes()).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    async fn put(engine: &Engine, key: &str, ttl: &str) {
        let item = json!({"pk": {"S": key}, "sk": {"S": key}, "ttl": {"N": ttl}});
        assert_eq!(call(&engine.core, "PutItem", json!({"TableName": TABLE, "Item": item})).await.0, 200);
    }

    fn keys(engine: &Engine, position: Option<String>) -> Vec<String> {
        let records = engine.stream.after(position, 100).unwrap();
        let keys = records.iter().map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned());
        keys.collect()
    }

    #[tokio::test]
    async fn expired_items_are_deleted_and_recorded_in_the_stream() {
        let engine = Engine::start(None).await.unwrap();
        put(&engine, "old", "1").await;
        put(&engine, "new", "99999999999").await;
        let mut written = engine.stream.written();
        assert_eq!(sweep(&engine.core).unwrap(), 1);
        assert!(written.has_changed().unwrap());
        written.mark_unchanged();
        assert_eq!(call(&engine.core, "Scan", json!({"TableName": TABLE})).await.1["Count"], 1);
        assert!(!written.has_changed().unwrap(), "reads do not signal a change");
        let removed = engine.stream.after(None, 100).unwrap().pop().unwrap();
        assert_eq!((&removed["eventName"], &removed["dynamodb"]["Keys"]["pk"]["S"]), (&"REMOVE".into(), &"old".into()));
    }

    #[tokio::test]
    async fn a_trimmed_stream_keeps_later_records_and_its_sequence() {
        let scratch = tempfile::tempdir().unwrap();
        for file in [None, Some(scratch.path().join("table.sqlite"))] {
            let engine = Engine::start(file.as_deref()).await.unwrap();
            for number in 0..1_200 {
                put(&engine, &number.to_string(), "99999999999").await;
            }
            let read = engine.stream.after(None, 1_000).unwrap();
            let position = read[998]["dynamodb"]["SequenceNumber"].as_str().unwrap();
            engine.stream.trim(position).unwrap();
            assert_eq!(keys(&engine, None)[0], "998", "the last record stays");
            let last = engine.stream.last().unwrap().unwrap();
            engine.stream.trim(&last).unwrap();
            assert_eq!(keys(&engine, None), ["1199"]);
            put(&engine, "later", "99999999999").await;
            assert_eq!(keys(&engine, Some(last.clone())), ["later"]);
            assert!(engine.stream.last().unwrap().unwrap() > last);
            engine.stop();
            if let Some(file) = &file {
                let again = Engine::start(Some(file)).await.unwrap();
                assert_eq!(keys(&again, None), ["1199", "later"]);
            }
        }
    }

    #[tokio::test]
    async fn a_stopped_engine_refuses_calls() {
        let engine = Engine::start(None).await.unwrap();
        let core = engine.core.clone();
        engine.stop();
        assert_eq!(call(&core, "Scan", json!({"TableName": TABLE})).await.0, 500);
    }
}
