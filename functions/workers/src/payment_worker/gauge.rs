//! Calls to the provider that one process made and has not told the breaker of.

use frontrow_domain::{Timestamp, breaker::Counts, limits::BREAKER_COUNT_SECONDS};
use std::sync::{Arc, Mutex, PoisonError};

/// The calls counted so far; clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    counts: Counts,
    told_at: Timestamp,
}

impl Gauge {
    pub(super) fn add(&self, counts: Counts) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.counts = reading.counts.plus(counts);
    }

    /// What was counted, if there is anything and the last time is long enough ago. It is counted anew from here.
    pub(super) fn take_due(&self, now: Timestamp) -> Option<Counts> {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.counts.calls == 0 || now < reading.told_at.plus_seconds(BREAKER_COUNT_SECONDS) {
            return None;
        }
        reading.told_at = now;
        Some(std::mem::take(&mut reading.counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaker_is_told_at_once_and_then_every_few_seconds() {
        let (gauge, now) = (Gauge::default(), Timestamp::from_millis(1_790_000_000_000));
        assert_eq!(gauge.take_due(now), None);
        gauge.add(Counts::of_one(true, false));
        assert_eq!(gauge.take_due(now), Some(Counts { calls: 1, failed: 1, slow: 0 }));
        gauge.add(Counts::of_one(false, true));
        gauge.add(Counts::of_one(false, false));
        assert_eq!(gauge.take_due(now.plus_seconds(BREAKER_COUNT_SECONDS - 1)), None);
        assert_eq!(
            gauge.take_due(now.plus_seconds(BREAKER_COUNT_SECONDS)),
            Some(Counts { calls: 2, failed: 0, slow: 1 })
        );
    }
}
