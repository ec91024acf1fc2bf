//! How long the line takes, and how often waiting members should poll.

use super::{LinePosition, Room, inside::seconds_until};
use crate::{
    Timestamp,
    limits::{
        ADMISSION_GRACE_SECONDS, CLAIM_SECONDS, PACE_WINDOW_SECONDS, POLL_JITTER, POLL_MAX_SECONDS, POLL_MIN_SECONDS,
        POLL_SOON_AHEAD, RECALL_SECONDS, TURN_MAX_GRANTS, TURN_OVERDUE_SECONDS,
    },
};
use serde::{Deserialize, Serialize};

/// How many places inside were freed recently: two neighbouring windows, of which the older counts by the part that
/// is still within the window's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pace {
    /// The newer window's number since the epoch.
    pub window: i64,
    /// Places freed during the newer window.
    pub current: u64,
    /// Places freed during the window before it.
    pub before: u64,
}

impl Pace {
    fn window_of(now: Timestamp) -> i64 {
        now.millis().div_euclid(PACE_WINDOW_SECONDS * 1000)
    }

    /// Adds `freed` places at `now`. A slow clock counts into the newer window.
    #[must_use]
    pub fn after(self, freed: u64, now: Timestamp) -> Self {
        let window = Self::window_of(now).max(self.window);
        let shifted = match window - self.window {
            0 => self,
            1 => Self { window, current: 0, before: self.current },
            _ => Self { window, current: 0, before: 0 },
        };
        Self { current: shifted.current + freed, ..shifted }
    }

    /// Approximate number of places freed during the last [`PACE_WINDOW_SECONDS`].
    pub fn recent(self, now: Timestamp) -> u64 {
        let Self { current, before, .. } = self.after(0, now);
        let window_millis = PACE_WINDOW_SECONDS * 1000;
        let left = u64::try_from(window_millis - now.millis().rem_euclid(window_millis)).unwrap_or_default();
        current + before * left / u64::try_from(window_millis).unwrap_or(u64::MAX)
    }
}

/// The information for a waiting member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Unserved positions before theirs, without given-up ones.
    pub ahead: u64,
    /// Approximate time until they are admitted; `None` while the room is paused, because it cannot be predicted.
    pub wait_seconds: Option<u64>,
    /// The longest time it can take under the current policy, if everybody ahead uses all of their time.
    pub at_most_seconds: Option<u64>,
    /// Seconds until the next poll.
    pub poll_after_seconds: i64,
}

impl Room {
    /// The outlook of the owner of `place` at `now`; nobody is admitted before `opens_at`, and holds live for
    /// `hold_seconds`. `fraction` in `0.0..1.0` spreads the crowd.
    pub fn outlook(
        &self,
        place: LinePosition,
        opens_at: Option<Timestamp>,
        hold_seconds: i64,
        now: Timestamp,
        fraction: f64,
    ) -> Outlook {
        let ahead = self.ahead(place);
        let begins_at = opens_at.map_or(now, |opens_at| opens_at.max(now));
        let until_open = seconds_until(begins_at, now);
        let wait = until_open.saturating_add(self.seconds_for(ahead, begins_at));
        let at_most = until_open.saturating_add(self.at_most_seconds_for(ahead, hold_seconds, begins_at)).max(wait);
        let wait_seconds = (!self.policy.paused).then_some(wait);
        Outlook {
            ahead,
            wait_seconds,
            at_most_seconds: wait_seconds.map(|_| at_most),
            // A member who missed the call is called again by the next turn that has a place for them.
            poll_after_seconds: match self.has_served(place) {
                true => POLL_MIN_SECONDS,
                false => next_poll(ahead, wait_seconds, fraction),
            },
        }
    }

    /// Approximate seconds from `now` until the member with `ahead` positions before them is admitted: the slowest of
    /// the limits decides.
    fn seconds_for(&self, ahead: u64, now: Timestamp) -> u64 {
        let by_turns = ahead / u64::from(TURN_MAX_GRANTS);
        self.seconds_for_place(ahead, now).max(self.seconds_for_minute(ahead, now)).max(by_turns)
    }

    /// The leaver that makes room for the member with `ahead` positions before them; `None` if a place is free by
    /// then or the number of places is unlimited.
    fn leaver_for(&self, ahead: u64) -> Option<Leaver> {
        let most = u64::from(self.policy.max_active?).max(1);
        let before = (ahead + self.inside.count).checked_sub(most)?;
        let first_round = most.max(self.inside.count);
        let rounds = if before < first_round { 0 } else { (before - first_round) / most + 1 };
        Some(Leaver { rounds, number: before - rounds * most })
    }

    /// Seconds until a place inside is free: when the admissions of those inside, and of those who follow them,
    /// expire; sooner if members have recently been leaving sooner.
    fn seconds_for_place(&self, ahead: u64, now: Timestamp) -> u64 {
        let Some(leaver) = self.leaver_for(ahead) else { return 0 };
        let admission_seconds = self.policy.admission_seconds.unsigned_abs();
        let first = self.inside.seconds_until_left(leaver.number, now).unwrap_or(admission_seconds);
        let by_time = leaver.rounds.saturating_mul(admission_seconds).saturating_add(first).max(1);
        let most = u64::from(self.policy.max_active.unwrap_or(u32::MAX));
        let leavers = (ahead + 1 + self.inside.count).saturating_sub(most);
        match self.pace.recent(now) {
            0 => by_time,
            recent => by_time.min(leavers.saturating_mul(PACE_WINDOW_SECONDS.unsigned_abs()).div_ceil(recent)),
        }
    }

    /// Seconds until the minute whose allowance is sufficient.
    fn seconds_for_minute(&self, ahead: u64, now: Timestamp) -> u64 {
        let Some(most) = self.policy.admit_per_minute else { return 0 };
        let later = (ahead + 1).saturating_sub(self.allowance(now));
        if later == 0 {
            return 0;
        }
        let next_minute = 60 - now.millis().div_euclid(1_000).rem_euclid(60).unsigned_abs();
        let minutes = later.div_ceil(u64::from(most).max(1));
        next_minute.saturating_add((minutes - 1).saturating_mul(60))
    }

    /// The longest time it can take: all members inside or admitted before stay until their time ends, plus that of a
    /// hold taken at its last moment; each of them misses a call, and claims the next one at the last moment, too.
    fn at_most_seconds_for(&self, ahead: u64, hold_seconds: i64, now: Timestamp) -> u64 {
        let late = (CLAIM_SECONDS + RECALL_SECONDS + hold_seconds + ADMISSION_GRACE_SECONDS).unsigned_abs();
        let stay = self.policy.admission_seconds.unsigned_abs() + late;
        let for_place = self.leaver_for(ahead).map_or(0, |leaver| {
            let admission_seconds = self.policy.admission_seconds.unsigned_abs();
            let first = self
                .inside
                .seconds_until_left(leaver.number, now)
                .map_or(admission_seconds, |_| seconds_until(self.inside.last_leaves_at, now));
            leaver.rounds.saturating_mul(stay).saturating_add(first).saturating_add(late)
        });
        let turns = ahead / u64::from(TURN_MAX_GRANTS) + TURN_OVERDUE_SECONDS.unsigned_abs();
        for_place.saturating_add(self.seconds_for_minute(ahead, now)).saturating_add(turns)
    }
}

/// One leaver: the round they leave in (0 for those who are inside now), and their number within that round.
struct Leaver {
    rounds: u64,
    number: u64,
}

/// Seconds until the next poll: the minimum if admission is near, otherwise [`poll_after`].
pub fn next_poll(ahead: u64, wait_seconds: Option<u64>, fraction: f64) -> i64 {
    let soon = ahead < POLL_SOON_AHEAD || wait_seconds.is_some_and(|wait| wait < PACE_WINDOW_SECONDS.unsigned_abs());
    if soon { POLL_MIN_SECONDS } else { poll_after(wait_seconds, fraction) }
}

/// A quarter of the waiting time, within bounds and up to a fifth sooner; the maximum if the time is unknown.
pub fn poll_after(wait_seconds: Option<u64>, fraction: f64) -> i64 {
    let quarter = wait_seconds.map_or(POLL_MAX_SECONDS, |wait| i64::try_from(wait / 4).unwrap_or(POLL_MAX_SECONDS));
    let bounded = quarter.clamp(POLL_MIN_SECONDS, POLL_MAX_SECONDS);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few seconds")]
    let spread = (bounded as f64 * (1.0 - POLL_JITTER * fraction)).round() as i64;
    spread
}
