//! Definition of a worker: a function that the table's stream or queues trigger.

use crate::{Function, Queue};
use frontrow_domain::Result;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// What triggers a worker.
#[derive(Debug, Clone, Copy)]
pub enum Trigger {
    /// The table's stream.
    Stream {
        /// Event filters of Lambda. A record that matches one of them is received.
        filters: &'static [&'static str],
        /// Most records in a batch.
        batch: u32,
    },
    /// Messages of queues.
    Queues {
        /// Each queue, with the most batches at a time. Lambda accepts 2 at least.
        queues: &'static [(Queue, Concurrency)],
        /// Most messages in a batch.
        batch: u32,
    },
}

/// The most batches of a queue that are processed at a time.
#[derive(Debug, Clone, Copy)]
pub enum Concurrency {
    /// A fixed number.
    Of(u32),
    /// A parameter of the template.
    Parameter(&'static str),
}

/// A function triggered by the table's stream or by queues.
pub trait Worker: Sized + Send + Sync + 'static {
    /// Name, permissions and settings.
    const FUNCTION: Function;
    /// What triggers it.
    const TRIGGER: Trigger;
    /// The event that triggers it.
    type Event: DeserializeOwned + Send;
    /// The failed records of a batch.
    type Reply: Serialize + Send;

    /// Builds the worker from the environment and its secrets.
    ///
    /// # Errors
    /// Names a variable that is missing or malformed, or a secret that cannot be read.
    fn from_env() -> impl Future<Output = Result<Self, String>> + Send;

    /// Processes one batch.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<Self::Reply>> + Send;
}

/// A worker with its types erased, for the list of workers.
#[derive(Debug)]
pub struct WorkerDescriptor {
    /// See [`Worker::FUNCTION`].
    pub function: Function,
    /// See [`Worker::TRIGGER`].
    pub trigger: Trigger,
    /// Path of its type.
    pub type_name: fn() -> &'static str,
}

impl WorkerDescriptor {
    /// The descriptor of the worker `W`.
    pub const fn of<W: Worker>() -> Self {
        Self { function: W::FUNCTION, trigger: W::TRIGGER, type_name: std::any::type_name::<W> }
    }
}
