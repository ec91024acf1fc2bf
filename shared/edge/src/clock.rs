//! The one place where the clock is read.

use frontrow_domain::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The system's clock, which the local stack and tests may move forward. Clones share the offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
    skew_millis: i64,
}

impl Clock {
    /// This moment.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(millis.saturating_add(self.offset_millis.load(Ordering::Relaxed) + self.skew_millis))
    }

    /// Moves this clock and its clones forward.
    pub fn advance_seconds(&self, seconds: u32) {
        self.offset_millis.fetch_add(i64::from(seconds) * 1000, Ordering::Relaxed);
    }

    /// Another machine's clock: it differs from this one by `seconds`, and is moved with it.
    #[must_use]
    pub fn skewed_by_seconds(&self, seconds: i64) -> Self {
        Self { skew_millis: self.skew_millis + seconds * 1000, ..self.clone() }
    }
}
