//! Provider calls of one process that are not added to the breaker yet.

use crate::limits::BREAKER_COUNT_SECONDS;
use frontrow_domain::{
    Timestamp,
    breaker::{Counts, Sample, Subject},
};
use std::sync::{Arc, Mutex, PoisonError};

/// The calls counted so far. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge(Arc<Mutex<Reading>>);

#[derive(Debug, Default)]
struct Reading {
    sample: Sample,
    reported_at: Timestamp,
}

impl Gauge {
    pub(super) fn add(&self, subject: Subject, counts: Counts) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sample.add(subject, counts);
    }

    /// Takes the counts and resets them. Returns `None` if there are none, or if the last time is too recent.
    pub(super) fn take_due(&self, now: Timestamp) -> Option<Sample> {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.sample.is_empty() || now < reading.reported_at.plus_seconds(BREAKER_COUNT_SECONDS) {
            return None;
        }
        reading.reported_at = now;
        Some(std::mem::take(&mut reading.sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_reported_to_the_breaker_at_once_and_then_periodically() {
        let (gauge, now) = (Gauge::default(), Timestamp::from_millis(1_790_000_000_000));
        let (good, slow) = (Counts::of_one(false, false), Counts::of_one(false, true));
        assert_eq!(gauge.take_due(now), None);
        gauge.add(1, Counts::of_one(true, false));
        assert_eq!(gauge.take_due(now), Some(Sample::of(1, Counts::of_one(true, false))));
        gauge.add(1, slow);
        gauge.add(2, good);
        assert_eq!(gauge.take_due(now.plus_seconds(BREAKER_COUNT_SECONDS - 1)), None);
        let mut both = Sample::of(1, slow);
        both.add(2, good);
        assert_eq!(gauge.take_due(now.plus_seconds(BREAKER_COUNT_SECONDS)), Some(both));
    }
}
