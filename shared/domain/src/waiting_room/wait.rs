//! How long the line takes, and how often waiting members should poll.

use super::{LinePosition, Room, inside::seconds_until};
use crate::{
    Timestamp,
    limits::{
        ADMISSION_GRACE_SECONDS, CLAIM_SECONDS, PACE_WINDOW_SECONDS, POLL_JITTER, POLL_MAX_SECONDS, POLL_MIN_SECONDS,
        POLL_PAUSED_SECONDS, POLL_PER_AHEAD_SECONDS, POLL_SOLD_OUT_SECONDS, RECALL_SECONDS, SHORT_VISIT_SECONDS,
        TURN_MAX_GRANTS, TURN_OVERDUE_SECONDS,
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
    /// The first window of the unbroken run of windows in which places were freed.
    #[serde(default)]
    pub since: i64,
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
            1 if self.current > 0 => Self { window, current: 0, before: self.current, since: self.since },
            _ => Self { window, current: 0, before: 0, since: window },
        };
        Self { current: shifted.current + freed, ..shifted }
    }

    /// Whether the window before the newer one counts as a whole: places may have been freed only at the end of the
    /// first one.
    pub fn is_known(self, now: Timestamp) -> bool {
        let pace = self.after(0, now);
        pace.before > 0 && pace.window >= pace.since + 2
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
    /// Approximate time until they are admitted; `None` while the room is paused or everything is sold, because it cannot
    /// be predicted.
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
        let wait_open = self.seconds_for(ahead, begins_at);
        let wait = until_open.saturating_add(wait_open);
        let at_most = until_open.saturating_add(self.at_most_seconds_for(ahead, hold_seconds, begins_at)).max(wait);
        let is_sold_out = until_open == 0 && self.is_sold_out(now);
        let wait_seconds = (!self.policy.paused && !is_sold_out).then_some(wait);
        Outlook {
            ahead,
            wait_seconds,
            at_most_seconds: wait_seconds.map(|_| at_most),
            poll_after_seconds: self.poll_interval(ahead, until_open, wait_open, now, fraction),
        }
    }

    /// Seconds until the next poll of a member with `ahead` positions before them, who are admitted in about `wait_open`
    /// seconds of open sales.
    fn poll_interval(&self, ahead: u64, until_open: u64, wait_open: u64, now: Timestamp, fraction: f64) -> i64 {
        let longest = self.longest_interval(ahead, now);
        if until_open > 0 {
            // An opening is never brought forward to the time before this poll, see `OPENING_NOTICE_SECONDS`. Just after
            // the opening, members are spread by their position.
            let interval = bounded(until_open.saturating_add(longest.min(wait_open / 2)));
            let is_after_opening = until_open < POLL_MAX_SECONDS.unsigned_abs();
            return if is_after_opening { interval } else { jittered(interval, fraction) };
        }
        let half = bounded(wait_open / 2);
        let interval = if self.is_sold_out(now) {
            half.max(POLL_SOLD_OUT_SECONDS)
        } else if self.policy.paused {
            POLL_PAUSED_SECONDS
        } else {
            half.min(bounded(longest.saturating_add(POLL_MIN_SECONDS.unsigned_abs())))
        };
        jittered(interval, fraction)
    }

    /// The longest interval between polls of a member with `ahead` positions before them, beyond the shortest. Estimates
    /// may be too long. While the pace is not known yet, everybody inside may leave after a short visit, and a poll halves
    /// the time until then.
    fn longest_interval(&self, ahead: u64, now: Timestamp) -> u64 {
        let one_by_one = ahead.saturating_mul(POLL_PER_AHEAD_SECONDS);
        match self.slots(now) {
            Some(slots) if !self.pace.is_known(now) => {
                one_by_one.min(ahead.saturating_mul(SHORT_VISIT_SECONDS) / slots / 2)
            }
            _ => one_by_one,
        }
    }

    /// Approximate seconds from `now` until the member with `ahead` positions before them is admitted: the slowest of
    /// the limits decides.
    fn seconds_for(&self, ahead: u64, now: Timestamp) -> u64 {
        let by_turns = ahead / u64::from(TURN_MAX_GRANTS);
        self.seconds_for_place(ahead, now).max(self.seconds_for_minute(ahead, now)).max(by_turns)
    }

    /// How many members may be inside at once, at least one; `None` if nothing limits it.
    fn slots(&self, now: Timestamp) -> Option<u64> {
        let slots = self.free(0, self.available(now));
        (slots < u64::MAX).then_some(slots.max(1))
    }

    /// The leaver that makes room for the member with `ahead` positions before them; `None` if a place is free by
    /// then or the number of places is unlimited.
    fn leaver_for(&self, ahead: u64, now: Timestamp) -> Option<Leaver> {
        let most = self.slots(now)?;
        let before = (ahead + self.inside.count).checked_sub(most)?;
        let first_round = most.max(self.inside.count);
        let rounds = if before < first_round { 0 } else { (before - first_round) / most + 1 };
        Some(Leaver { rounds, number: before - rounds * most })
    }

    /// Seconds until a place inside is free: when the admissions of those inside, and of those who follow them,
    /// expire; sooner if members have recently been leaving sooner.
    fn seconds_for_place(&self, ahead: u64, now: Timestamp) -> u64 {
        let Some(leaver) = self.leaver_for(ahead, now) else { return 0 };
        let admission_seconds = self.policy.admission_seconds.unsigned_abs();
        let first = self.inside.seconds_until_left(leaver.number, now).unwrap_or(admission_seconds);
        let by_time = leaver.rounds.saturating_mul(admission_seconds).saturating_add(first).max(1);
        let most = self.slots(now).unwrap_or(u64::MAX);
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
        let for_place = self.leaver_for(ahead, now).map_or(0, |leaver| {
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

/// Half of the waiting time, within bounds and up to a fifth sooner: each poll halves what is left to wait.
pub fn poll_after(wait_seconds: u64, fraction: f64) -> i64 {
    jittered(bounded(wait_seconds / 2), fraction)
}

fn bounded(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(POLL_MAX_SECONDS).clamp(POLL_MIN_SECONDS, POLL_MAX_SECONDS)
}

/// `seconds`, up to a fifth sooner, so that a crowd spreads.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few minutes")]
fn jittered(seconds: i64, fraction: f64) -> i64 {
    (seconds as f64 * (1.0 - POLL_JITTER * fraction)).round() as i64
}
