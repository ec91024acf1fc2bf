//! The admissions in use, summarized.

use super::AdmissionState;
use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// The members who use a place inside, and approximately when the first and the last of them leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inside {
    /// Number of members inside.
    pub count: u64,
    /// When the first leaves; 0 if nobody is inside.
    pub first_leaves_at: Timestamp,
    /// When the last leaves; 0 if nobody is inside.
    pub last_leaves_at: Timestamp,
}

impl Inside {
    /// Summarizes the admissions that were found and use a place inside.
    pub fn of<'a>(found: impl Iterator<Item = &'a AdmissionState>, admission_seconds: i64) -> Self {
        let leave_at = found.filter_map(|state| state.leaves_at(admission_seconds));
        leave_at.fold(Self::default(), |inside, leave_at| inside.with(1, leave_at))
    }

    /// Adds `count` more, who leave at `leave_at`.
    #[must_use]
    pub(super) fn with(self, count: u64, leave_at: Timestamp) -> Self {
        let first_leaves_at = if self.count == 0 { leave_at } else { self.first_leaves_at.min(leave_at) };
        let more =
            Self { count: self.count + count, first_leaves_at, last_leaves_at: self.last_leaves_at.max(leave_at) };
        if count == 0 { self } else { more }
    }

    /// Approximate seconds until the `number`-th member inside leaves, counted from 0, assuming that they leave
    /// evenly between the first and the last; `None` if there are fewer.
    pub(super) fn seconds_until_left(&self, number: u64, now: Timestamp) -> Option<u64> {
        if number >= self.count {
            return None;
        }
        let first = seconds_until(self.first_leaves_at, now);
        let last = seconds_until(self.last_leaves_at, now);
        Some(first + (last - first) * number / (self.count - 1).max(1))
    }
}

/// Seconds from `now` until `moment`, 0 if it has passed.
pub(super) fn seconds_until(moment: Timestamp, now: Timestamp) -> u64 {
    moment.seconds_since(now).unsigned_abs()
}
