//! Calls of the embedded DynamoDB: one at a time, from JSON to JSON, in this process.

use super::{context, tokens::Tokens};
use crate::in_process::{Answer, Service};
use dynoxide::{Database, DynoxideError, Result, actions::transact_write_items::TransactWriteItemsRequest};
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Media type of the protocol.
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// The open database. Clones share it.
#[derive(Clone)]
pub(crate) struct Core {
    opened: Arc<Mutex<Option<Opened>>>,
    written: watch::Sender<()>,
    /// Held during upkeep that takes the other lock only briefly.
    pub(super) upkeep: Arc<Mutex<()>>,
}

/// Only one caller at a time uses the database: during a write, the engine's own connection finds a table locked.
pub(super) struct Opened {
    pub(super) database: Database,
    /// A second connection for operations that the engine lacks: an index, and deleting stream records.
    pub(super) beside: Connection,
    tokens: Tokens,
}

impl Core {
    /// Opens the database at `path`: a file, or SQLite's name of an in-memory database.
    pub(super) fn open(path: &str) -> std::result::Result<Self, String> {
        let database = Database::new(path).map_err(context("open the database"))?;
        let beside = Connection::open(path).map_err(context("index the stream"))?;
        let opened = Opened { database, beside, tokens: Tokens::default() };
        Ok(Self { opened: Arc::new(Mutex::new(Some(opened))), written: watch::Sender::new(()), upkeep: Arc::default() })
    }

    /// Closes the database. Later calls fail.
    pub(super) fn close(&self) {
        drop(self.lock().take());
    }

    /// A receiver that is notified of each write.
    pub(super) fn written(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// Notifies the receivers of a write.
    pub(super) fn wrote(&self) {
        self.written.send_replace(());
    }

    /// Runs `work` with exclusive access to the database.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Opened) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, String> {
        work(self.lock().as_ref().ok_or("the engine has stopped")?)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut opened = self.lock();
        let Opened { database, tokens, .. } = opened.as_mut().ok_or_else(ended)?;
        if operation == "TransactWriteItems" {
            let mut request: TransactWriteItemsRequest = read(body)?;
            let token = request.client_request_token.take();
            return tokens.once(token, body, || write(&database.transact_write_items(request)?));
        }
        /// Maps each operation to the engine's method of the same name.
        macro_rules! operations {
            ($($name:literal: $method:ident),* $(,)?) => {
                match operation {
                    $($name => write(&database.$method(read(body)?)?),)*
                    _ => Err(DynoxideError::SerializationException("UnknownOperationException".to_owned())),
                }
            };
        }
        operations! {
            "GetItem": get_item,
            "PutItem": put_item,
            "UpdateItem": update_item,
            "DeleteItem": delete_item,
            "Query": query,
            "Scan": scan,
            "BatchGetItem": batch_get_item,
            "BatchWriteItem": batch_write_item,
            "TransactGetItems": transact_get_items,
            "CreateTable": create_table,
            "DeleteTable": delete_table,
            "DescribeTable": describe_table,
            "ListTables": list_tables,
            "UpdateTable": update_table,
            "UpdateTimeToLive": update_time_to_live,
            "DescribeTimeToLive": describe_time_to_live,
            "ListStreams": list_streams,
            "DescribeStream": describe_stream,
            "GetShardIterator": get_shard_iterator,
            "GetRecords": get_records,
        }
    }
}

impl Service for Core {
    async fn answer(&self, target: &str, body: &[u8]) -> Answer {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let (status, body) = match self.call(operation, body) {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json().into_bytes()),
        };
        let reads = ["Get", "Query", "Scan", "BatchGet", "TransactGet", "Describe", "List"];
        if status == 200 && !reads.iter().any(|prefix| operation.starts_with(prefix)) {
            self.wrote();
        }
        Answer { status, media_type: MEDIA_TYPE, body }
    }
}

fn ended() -> DynoxideError {
    DynoxideError::InternalServerError("the engine has stopped".to_owned())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn write(answer: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
