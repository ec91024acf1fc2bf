//! How far a function has read the stream. The queues behind it are in memory: what they hold is lost when the process
//! dies, so what is saved trails what was relayed until every message was handled or parked. After a crash the stream is
//! read again from there, and whoever receives a message again knows what he has done.

use crate::{
    data::write_private,
    engine::{Stream, because},
};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{Notify, watch};

/// Sequence numbers have a fixed width, so that text order is their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Progress {
    relayed: Option<String>,
    settled: Option<String>,
    saved: Option<String>,
}

/// How far the stream was read, and how far everything that followed from it is done.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    progress: watch::Sender<Progress>,
    /// Told when somebody begins to wait.
    asked: Notify,
    file: Option<PathBuf>,
}

impl Checkpoint {
    /// From `file`, where it exists; from the stream's beginning otherwise.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, String> {
        let saved = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => Some(fs::read_to_string(file).map_err(because("read the checkpoint"))?),
            None => None,
        };
        let progress = watch::Sender::new(Progress { relayed: saved.clone(), settled: saved.clone(), saved });
        Ok(Self { progress, asked: Notify::new(), file })
    }

    /// The last record that was relayed.
    pub(crate) fn relayed(&self) -> Option<String> {
        self.progress.borrow().relayed.clone()
    }

    /// Begins after that record, if it would begin with the first.
    ///
    /// # Errors
    /// When that cannot be saved.
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

    /// Notes that all records up to this one were relayed.
    pub(crate) fn relay(&self, sequence_number: &str) {
        self.progress.send_modify(|progress| progress.relayed = Some(sequence_number.to_owned()));
    }

    /// Whether somebody waits while something that was relayed may still be worked on.
    pub(crate) fn is_awaited(&self) -> bool {
        let progress = self.progress.borrow();
        self.progress.receiver_count() > 0 && progress.relayed != progress.settled
    }

    /// Waits until somebody begins to wait.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Notes that nothing that followed from the records up to this one is being worked on.
    pub(crate) fn settle(&self, relayed: Option<String>) {
        self.progress.send_modify(|progress| progress.settled = relayed);
    }

    /// Whether there is nothing to save.
    pub(crate) fn is_saved(&self) -> bool {
        let progress = self.progress.borrow();
        self.file.is_none() || progress.relayed == progress.saved
    }

    /// The last record that is never read again, by this process or by one that starts with its data.
    fn done(&self) -> Option<String> {
        let progress = self.progress.borrow();
        if self.file.is_some() { progress.saved.clone() } else { progress.relayed.clone() }
    }

    /// Saves the records up to this one as done.
    pub(crate) fn save(&self, relayed: Option<String>) -> Result<(), String> {
        if let (Some(file), Some(relayed)) = (&self.file, &relayed) {
            write_private(file, relayed.as_bytes()).map_err(because("save the checkpoint"))?;
        }
        self.progress.send_modify(|progress| progress.saved = relayed);
        Ok(())
    }

    /// Waits until nothing that followed from the records up to this one is being worked on.
    pub(crate) async fn reaches(&self, sequence_number: &str) {
        let mut progress = self.progress.subscribe();
        self.asked.notify_one();
        let reached = progress.wait_for(|progress| progress.settled.as_deref().is_some_and(|at| at >= sequence_number));
        reached.await.expect("the sender is borrowed here, so it lives");
    }
}

/// The stream with how far its readers have come: what was committed and not yet announced.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) stream: Stream,
    pub(crate) checkpoints: Vec<Arc<Checkpoint>>,
}

impl Outbox {
    /// Waits until everything that was written so far, and what was written because of it, has been relayed, and its messages
    /// handled or parked. Messages that are to be received later are not waited for.
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

    /// Deletes of the stream what nobody will read again, for ever.
    pub(crate) async fn trim_every(self, period: Duration) {
        let mut trimmed = None;
        loop {
            tokio::time::sleep(period).await;
            // The slowest reader's; none where one has read nothing yet.
            let done = self.checkpoints.iter().map(|checkpoint| checkpoint.done()).min().flatten();
            let Some(position) = done.filter(|done| Some(done) != trimmed.as_ref()) else { continue };
            let (stream, before) = (self.stream.clone(), position.clone());
            match tokio::task::spawn_blocking(move || stream.trim(&before)).await {
                Ok(Ok(())) => trimmed = Some(position),
                Ok(Err(error)) => tracing::warn!(error, "trim the stream"),
                Err(error) => tracing::warn!(%error, "trim the stream"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_reads_again_what_was_relayed_and_not_saved() {
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
