//! The only place that reads the system clock.

use frontrow_domain::Timestamp;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The system clock, which the local stack and tests can advance or stop. Clones share the offset and the stop.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
    stopped_at_millis: Arc<OnceLock<i64>>,
    skew_millis: i64,
}

impl Clock {
    /// The current time of this clock.
    pub fn now(&self) -> Timestamp {
        let millis = self.stopped_at_millis.get().copied().unwrap_or_else(system_millis);
        Timestamp::from_millis(millis.saturating_add(self.offset_millis.load(Ordering::Relaxed) + self.skew_millis))
    }

    /// Advances this clock and its clones.
    pub fn advance_seconds(&self, seconds: u32) {
        self.offset_millis.fetch_add(i64::from(seconds) * 1000, Ordering::Relaxed);
    }

    /// Stops this clock and its clones, except for explicit advances: for tests that count events within a second.
    pub fn stop(&self) {
        self.stopped_at_millis.get_or_init(system_millis);
    }

    /// The clock of another machine: it differs from this one by `seconds`, and advances with it.
    #[must_use]
    pub fn skewed_by_seconds(&self, seconds: i64) -> Self {
        Self { skew_millis: self.skew_millis + seconds * 1000, ..self.clone() }
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the one place")]
fn system_millis() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
