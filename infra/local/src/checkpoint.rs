//! A function's position in the stream. The queues behind it are in memory and lost when the process dies. The saved position
//! therefore trails the relayed one until every message was handled or parked. After a crash the stream is read again from
//! the saved position; the handlers of repeated messages are idempotent.

use crate::{
    data::write_private,
    engine::{Stream, context},
};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// Sequence numbers have a fixed width, so text order is numeric order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Progress {
    relayed: Option<String>,
    settled: Option<String>,
    saved: Option<String>,
}

/// Positions in the stream: relayed, settled (nothing in flight any more), and saved.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    progress: watch::Sender<Progress>,
    /// Notified when a caller begins to wait.
    asked: Notify,
    file: Option<PathBuf>,
}

impl Checkpoint {
    /// Starts from the position in `file`, if it exists; otherwise from the beginning of the stream.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, String> {
        let saved = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => Some(fs::read_to_string(file).map_err(context("read the checkpoint"))?),
            None => None,
        };
        let progress = watch::Sender::new(Progress { relayed: saved.clone(), settled: saved.clone(), saved });
        Ok(Self { progress, asked: Notify::new(), file })
    }

    /// The last relayed record.
    pub(crate) fn relayed(&self) -> Option<String> {
        self.progress.borrow().relayed.clone()
    }

    /// Starts after that record, if it would otherwise start from the beginning.
    ///
    /// # Errors
    /// If the position cannot be saved.
    pub(crate) fn begin_after(&self, last: Option<&str>) -> Result<(), String> {
        match last.filter(|_| self.relayed().is_none()) {
            Some(last) => {
                self.relay(last);
                self.settle(self.relayed());
                self.save(self.relayed())
            }
            None => Ok(()),
        }
    }

    /// Marks all records up to this one as relayed.
    pub(crate) fn relay(&self, sequence_number: &str) {
        self.progress.send_modify(|progress| progress.relayed = Some(sequence_number.to_owned()));
    }

    /// Whether a caller waits while relayed records may still be in flight.
    pub(crate) fn is_awaited(&self) -> bool {
        let progress = self.progress.borrow();
        self.progress.receiver_count() > 0 && progress.relayed != progress.settled
    }

    /// Waits until a caller begins to wait.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Marks all records up to this one as settled.
    pub(crate) fn settle(&self, relayed: Option<String>) {
        self.progress.send_modify(|progress| progress.settled = relayed);
    }

    /// Whether there is nothing to save.
    pub(crate) fn is_saved(&self) -> bool {
        let progress = self.progress.borrow();
        self.file.is_none() || progress.relayed == progress.saved
    }

    /// The last record that is never read again, neither by this process nor by one that starts with its data.
    fn done(&self) -> Option<String> {
        let progress = self.progress.borrow();
        if self.file.is_some() { progress.saved.clone() } else { progress.relayed.clone() }
    }

    /// Saves all records up to this one as done.
    pub(crate) fn save(&self, relayed: Option<String>) -> Result<(), String> {
        if let (Some(file), Some(relayed)) = (&self.file, &relayed) {
            write_private(file, relayed.as_bytes()).map_err(context("save the checkpoint"))?;
        }
        self.progress.send_modify(|progress| progress.saved = relayed);
        Ok(())
    }

    /// Waits until all records up to this one are settled.
    pub(crate) async fn reaches(&self, sequence_number: &str) {
        let mut progress = self.progress.subscribe();
        self.asked.notify_one();
        let reached = progress.wait_for(|progress| progress.settled.as_deref().is_some_and(|at| at >= sequence_number));
        reached.await.expect("the sender outlives this call");
    }
}

/// The stream with the positions of its readers.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) stream: Stream,
    pub(crate) checkpoints: Vec<Arc<Checkpoint>>,
}

impl Outbox {
    /// Waits until all writes so far, and the writes that follow from them, have been relayed, and their messages handled or
    /// parked. It does not wait for delayed messages.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        let mut settled = None;
        loop {
            let last = self.stream.last()?;
            if last == settled {
                return Ok(());
            }
            for checkpoint in &self.checkpoints {
                checkpoint.reaches(last.as_deref().unwrap_or_default()).await;
            }
            settled = last;
        }
    }

    /// Trims the stream periodically, until the runtime ends.
    pub(crate) async fn trim_every(self, period: Duration) {
        let mut trimmed = None;
        loop {
            tokio::time::sleep(period).await;
            // The slowest reader's position; `None` if one has read nothing yet.
            let done = self.checkpoints.iter().map(|checkpoint| checkpoint.done()).min().flatten();
            let Some(position) = done.filter(|done| Some(done) != trimmed.as_ref()) else { continue };
            let (stream, before) = (self.stream.clone(), position.clone());
            match tokio::task::spawn_blocking(move || stream.trim(&before)).await {
                Ok(Ok(())) => trimmed = Some(position),
                Ok(Err(error)) => tracing::warn!(error, "stream not trimmed"),
                Err(error) => tracing::warn!(%error, "stream not trimmed"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_rereads_records_after_the_saved_checkpoint() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("checkpoint");
        let open = || Checkpoint::open(Some(file.clone())).unwrap();
        let first = open();
        assert_eq!((first.relayed(), first.is_saved(), first.done()), (None, true, None));
        first.relay("100");
        assert!(!first.is_saved());
        assert_eq!(open().relayed(), None);
        first.save(first.relayed()).unwrap();
        first.relay("101");
        assert_eq!(open().relayed().as_deref(), Some("100"));
        assert_eq!(first.done().as_deref(), Some("100"), "what a restart reads again is not trimmed");
        first.begin_after(Some("102")).unwrap();
        assert_eq!(first.relayed().as_deref(), Some("101"));
        let other = Checkpoint::open(Some(scratch.path().join("other"))).unwrap();
        other.begin_after(Some("99")).unwrap();
        assert_eq!((other.relayed().as_deref(), other.is_saved()), (Some("99"), true));
        let in_memory = Checkpoint::open(None).unwrap();
        in_memory.relay("100");
        assert_eq!(in_memory.done().as_deref(), Some("100"));
    }
}
