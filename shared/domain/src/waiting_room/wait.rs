//! How long the line takes, and how often those in it should ask.

use super::{Place, Room};
use crate::{
    Timestamp,
    limits::{PACE_WINDOW_SECONDS, POLL_JITTER, POLL_MAX_SECONDS, POLL_MIN_SECONDS, POLL_SOON_AHEAD},
};
use serde::{Deserialize, Serialize};

/// How many were let in of late: two neighbouring windows, of which the older counts by the part not yet past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pace {
    /// The newer window's number since the epoch.
    pub window: i64,
    /// Let in during it.
    pub current: u64,
    /// Let in during the one before.
    pub before: u64,
}

impl Pace {
    fn window_of(now: Timestamp) -> i64 {
        now.millis().div_euclid(PACE_WINDOW_SECONDS * 1000)
    }

    /// The same after `let_in` more at `now`. A clock that is behind counts into the newer window.
    #[must_use]
    pub fn after(self, let_in: u64, now: Timestamp) -> Self {
        let window = Self::window_of(now).max(self.window);
        let shifted = match window - self.window {
            0 => self,
            1 => Self { window, current: 0, before: self.current },
            _ => Self { window, current: 0, before: 0 },
        };
        Self { current: shifted.current + let_in, ..shifted }
    }

    /// Let in during the last [`PACE_WINDOW_SECONDS`], about.
    pub fn of_late(self, now: Timestamp) -> u64 {
        let Self { current, before, .. } = self.after(0, now);
        let window_millis = PACE_WINDOW_SECONDS * 1000;
        let left = u64::try_from(window_millis - now.millis().rem_euclid(window_millis)).unwrap_or_default();
        current + before * left / u64::try_from(window_millis).unwrap_or(u64::MAX)
    }
}

/// What a member in line is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Positions before his that are not yet served.
    pub ahead: u64,
    /// About how long it takes; `None` while nobody can say, because the room is paused, or the sale is over.
    pub wait_seconds: Option<u64>,
    /// When to ask again.
    pub poll_after_seconds: i64,
}

impl Room {
    /// What the owner of `place` is told at `now`; nobody is let in before `opens_at`. `fraction` in `0.0..1.0` spreads
    /// the crowd.
    pub fn outlook(&self, place: Place, opens_at: Option<Timestamp>, now: Timestamp, fraction: f64) -> Outlook {
        let ahead = self.ahead(place);
        let until_open = opens_at.map_or(0, |opens_at| u64::try_from(opens_at.seconds_since(now)).unwrap_or_default());
        let wait_seconds = (!self.policy.paused).then(|| until_open.saturating_add(self.seconds_for(ahead, now)));
        let soon = ahead < self.pace.of_late(now).max(POLL_SOON_AHEAD);
        let poll_after_seconds = if soon { POLL_MIN_SECONDS } else { poll_after(wait_seconds, fraction) };
        Outlook { ahead, wait_seconds, poll_after_seconds }
    }

    /// What the owner of `place` is told once the sale is over: nobody is let in any more, however often he asks.
    pub fn outlook_when_over(&self, place: Place, fraction: f64) -> Outlook {
        let poll_after_seconds = poll_after(None, fraction);
        Outlook { ahead: self.ahead(place), wait_seconds: None, poll_after_seconds }
    }

    /// About how long it takes to let `ahead` in: at the pace of late, else at the pace the policy allows when everybody
    /// inside stays as long as he may; never faster than it lets in a minute.
    fn seconds_for(&self, ahead: u64, now: Timestamp) -> u64 {
        let policy = &self.policy;
        let at_least = policy.admit_per_minute.map_or(0, |most| (ahead * 60).div_ceil(u64::from(most).max(1)));
        let of_late = self.pace.of_late(now);
        let (count, seconds) = match (of_late, policy.max_active) {
            (1.., _) => (of_late, PACE_WINDOW_SECONDS),
            (0, Some(max_active)) => (u64::from(max_active), policy.admission_seconds),
            (0, None) => return at_least,
        };
        ahead.saturating_mul(seconds.unsigned_abs()).div_ceil(count.max(1)).max(at_least)
    }
}

/// A quarter of what is to come, within bounds, up to a fifth sooner; the longest where nobody can say.
pub fn poll_after(wait_seconds: Option<u64>, fraction: f64) -> i64 {
    let quarter = wait_seconds.map_or(POLL_MAX_SECONDS, |wait| i64::try_from(wait / 4).unwrap_or(POLL_MAX_SECONDS));
    let bounded = quarter.clamp(POLL_MIN_SECONDS, POLL_MAX_SECONDS);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few seconds")]
    let spread = (bounded as f64 * (1.0 - POLL_JITTER * fraction)).round() as i64;
    spread
}
