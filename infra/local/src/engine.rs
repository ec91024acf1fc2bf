//! The embedded DynamoDB: an engine with an HTTP server and a thread of its own, so that it never stalls the gateway.

use crate::thread;
use dynoxide::{
    Database,
    actions::{
        describe_table::DescribeTableRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest,
    },
    server,
    streams::shard_id,
};
use frontrow_edge::{clients::Aws, entropy};
use frontrow_store::table;
use serde_json::Value;
use std::{fmt::Display, path::Path, time::Duration};
use tokio::{net::TcpListener, runtime::Handle, time::interval};

/// The table's name in every stack: each has an engine of its own.
pub const TABLE: &str = "frontrow";

/// How often items past their TTL are collected.
const SWEEP_SECONDS: u64 = 1;

/// A running engine with the table.
pub struct Engine {
    /// Where it listens.
    pub(crate) url: String,
    /// The table's stream.
    pub(crate) stream: Stream,
    thread: thread::Owned,
}

impl Engine {
    /// Opens `file`, or memory, and serves it; makes the table where there is none yet.
    ///
    /// # Errors
    /// The engine's or the system's words.
    pub async fn start(file: Option<&Path>) -> Result<Self, String> {
        let path = match file {
            Some(path) => path.display().to_string(),
            None => format!("file:frontrow-{}?mode=memory&cache=shared", entropy::fresh_uuid()),
        };
        let database = Database::new(&path).map_err(because("open the database"))?;
        index_stream(&path)?;
        let thread = thread::Owned::start("engine", 1)?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(because("bind the engine"))?;
        listener.set_nonblocking(true).map_err(because("bind the engine"))?;
        let url = format!("http://{}", listener.local_addr().map_err(because("bind the engine"))?);
        let served = database.clone();
        thread.handle().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the listener is non-blocking");
            server::serve_on(listener, served).await;
        });
        thread.handle().spawn(sweep(database.clone()));
        make_table(&url, &database).await?;
        let stream = Stream { arn: stream_arn(&database)?, database, engine: thread.handle().clone() };
        Ok(Self { url, stream, thread })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and waits until the file is closed.
    pub(crate) async fn stop(self) {
        drop(self.stream);
        self.thread.stop().await;
    }
}

async fn sweep(database: Database) {
    let mut ticks = interval(Duration::from_secs(SWEEP_SECONDS));
    loop {
        ticks.tick().await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "sweep by TTL");
        }
    }
}

/// The engine numbers each stream record by searching all of them; with an index that stays quick as they grow.
fn index_stream(path: &str) -> Result<(), String> {
    let connection = rusqlite::Connection::open(path).map_err(because("index the stream"))?;
    connection
        .execute_batch(
            "CREATE INDEX IF NOT EXISTS frontrow_stream_last
                 ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
             CREATE INDEX IF NOT EXISTS frontrow_stream_next
                 ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));",
        )
        .map_err(because("index the stream"))
}

async fn make_table(url: &str, database: &Database) -> Result<(), String> {
    if stream_arn(database).is_ok() {
        return Ok(());
    }
    table::create(&Aws::emulated(url).dynamodb(), TABLE).await
}

fn stream_arn(database: &Database) -> Result<String, String> {
    let request = DescribeTableRequest { table_name: TABLE.to_owned() };
    let described = database.describe_table(request).map_err(because("describe the table"))?;
    described.table.latest_stream_arn.ok_or_else(|| "the table has no stream".to_owned())
}

/// The table's stream, read in order.
#[derive(Clone)]
pub(crate) struct Stream {
    arn: String,
    database: Database,
    engine: Handle,
}

impl Stream {
    /// The stream's ARN.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// At most `limit` records after the one with sequence number `position`, oldest first, as Lambda is told them.
    pub(crate) async fn after(&self, position: Option<String>, limit: usize) -> Result<Vec<Value>, String> {
        self.read(move |stream| {
            let kind = if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
            let iterator = stream
                .database
                .get_shard_iterator(GetShardIteratorRequest {
                    stream_arn: stream.arn.clone(),
                    shard_id: shard_id(TABLE),
                    shard_iterator_type: kind.to_owned(),
                    sequence_number: position,
                })
                .map_err(because("read the stream"))?
                .shard_iterator
                .unwrap_or_default();
            let request = GetRecordsRequest { shard_iterator: iterator, limit: Some(limit) };
            let found = stream.database.get_records(request).map_err(because("read the stream"))?;
            let told = |record| serde_json::to_value(record).map_err(because("read the stream"));
            found.records.into_iter().map(told).collect()
        })
        .await
    }

    /// The sequence number of the newest record; `None` in an empty stream.
    pub(crate) async fn last(&self) -> Result<Option<String>, String> {
        self.read(|stream| {
            let request = dynoxide::actions::describe_stream::DescribeStreamRequest {
                stream_arn: stream.arn.clone(),
                ..Default::default()
            };
            let described = stream.database.describe_stream(request).map_err(because("describe the stream"))?;
            let shard = described.stream_description.shards.into_iter().next();
            Ok(shard.and_then(|shard| shard.sequence_number_range.ending_sequence_number))
        })
        .await
    }

    /// The library blocks, so it is called on the engine's own threads.
    async fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Self) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let stream = self.clone();
        let called = self.engine.spawn_blocking(move || call(&stream)).await;
        called.map_err(because("read the stream"))?
    }
}

/// Names what was being done in an error's text.
pub(crate) fn because<E: Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}
