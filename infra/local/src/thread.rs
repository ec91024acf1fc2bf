//! Threads that belong to one stack, so that several stacks in one process stall neither each other nor the caller's runtime.

use crate::engine::context;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// Grace period of a stopping part.
const STOP_SECONDS: u64 = 5;

/// A runtime that ends with its owner.
pub(crate) struct OwnedRuntime {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl OwnedRuntime {
    /// Starts `threads` threads.
    pub(crate) fn start(name: &str, threads: usize) -> Result<Self, String> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).thread_name(name).enable_all().build();
        let runtime = runtime.map_err(context("start the threads"))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// The handle for spawning tasks.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends every task, and waits until blocking calls have returned.
    pub(crate) async fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            let stopping = tokio::task::spawn_blocking(|| runtime.shutdown_timeout(Duration::from_secs(STOP_SECONDS)));
            stopping.await.unwrap_or_else(|error| tracing::warn!(%error, "threads did not stop"));
        }
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A short pause before a retry.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
