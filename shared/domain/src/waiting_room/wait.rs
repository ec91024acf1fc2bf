//! How long the line takes, and how often those in it should ask.

use super::{Place, Room, turn::Inside};
use crate::{
    Timestamp,
    limits::{
        ADMISSION_GRACE_SECONDS, CLAIM_SECONDS, PACE_WINDOW_SECONDS, POLL_JITTER, POLL_MAX_SECONDS, POLL_MIN_SECONDS,
        POLL_SOON_AHEAD, TICK_MAX_GRANTS, TURN_OVERDUE_SECONDS,
    },
};
use serde::{Deserialize, Serialize};

/// How many places inside became free of late: two neighbouring windows, of which the older counts by the part not yet past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pace {
    /// The newer window's number since the epoch.
    pub window: i64,
    /// Freed during it.
    pub current: u64,
    /// Freed during the one before.
    pub before: u64,
}

impl Pace {
    fn window_of(now: Timestamp) -> i64 {
        now.millis().div_euclid(PACE_WINDOW_SECONDS * 1000)
    }

    /// The same after `freed` more at `now`. A clock that is behind counts into the newer window.
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

    /// Freed during the last [`PACE_WINDOW_SECONDS`], about.
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
    /// Positions before theirs that are not served yet, without those given up.
    pub ahead: u64,
    /// About how long it takes until they are let in; `None` while the room is paused, because nobody can say.
    pub wait_seconds: Option<u64>,
    /// The longest that it can take by the policy as it is: everybody before them uses all of their time.
    pub at_most_seconds: Option<u64>,
    /// When to ask again.
    pub poll_after_seconds: i64,
}

impl Room {
    /// The wait that the owner of `place` sees at `now`; nobody is let in before `opens_at`, and holds live for `hold_seconds`.
    /// `fraction` in `0.0..1.0` spreads the crowd.
    pub fn outlook(
        &self,
        place: Place,
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
            poll_after_seconds: next_poll(ahead, wait_seconds, fraction),
        }
    }

    /// About how long it takes from `now` on until whoever has `ahead` before them is let in: as long as the slowest of what
    /// bounds the line.
    fn seconds_for(&self, ahead: u64, now: Timestamp) -> u64 {
        let by_turns = ahead / u64::from(TICK_MAX_GRANTS);
        self.seconds_for_place(ahead, now).max(self.seconds_for_minute(ahead, now)).max(by_turns)
    }

    /// Which of those who leave makes room for whoever has `ahead` before them; `None` where a place is free by then, or places
    /// are not bounded.
    fn leaver_for(&self, ahead: u64) -> Option<Leaver> {
        let most = u64::from(self.policy.max_active?).max(1);
        let before = (ahead + self.inside.count).checked_sub(most)?;
        let first_round = most.max(self.inside.count);
        let rounds = if before < first_round { 0 } else { (before - first_round) / most + 1 };
        Some(Leaver { rounds, number: before - rounds * most })
    }

    /// Until a place inside is free: by the end of the time of those who are inside, and of those who follow them; sooner where
    /// people leave sooner of late.
    fn seconds_for_place(&self, ahead: u64, now: Timestamp) -> u64 {
        let Some(leaver) = self.leaver_for(ahead) else { return 0 };
        let admission_seconds = self.policy.admission_seconds.unsigned_abs();
        let first = self.inside.seconds_until_left(leaver.number, now).unwrap_or(admission_seconds);
        let by_time = leaver.rounds.saturating_mul(admission_seconds).saturating_add(first).max(1);
        let most = u64::from(self.policy.max_active.unwrap_or(u32::MAX));
        let leavers = (ahead + 1 + self.inside.count).saturating_sub(most);
        match self.pace.of_late(now) {
            0 => by_time,
            of_late => by_time.min(leavers.saturating_mul(PACE_WINDOW_SECONDS.unsigned_abs()).div_ceil(of_late)),
        }
    }

    /// Until the minute comes whose allowance reaches.
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

    /// The longest that it can take: all who are inside or let in before stay to the end of their time, and of a hold that
    /// they take at its last moment; those who are called come at the last moment, too.
    fn at_most_seconds_for(&self, ahead: u64, hold_seconds: i64, now: Timestamp) -> u64 {
        let late = (CLAIM_SECONDS + hold_seconds + ADMISSION_GRACE_SECONDS).unsigned_abs();
        let stay = self.policy.admission_seconds.unsigned_abs() + late;
        let for_place = self.leaver_for(ahead).map_or(0, |leaver| {
            let admission_seconds = self.policy.admission_seconds.unsigned_abs();
            let first = self
                .inside
                .seconds_until_left(leaver.number, now)
                .map_or(admission_seconds, |_| seconds_until(self.inside.last_leaves_at, now));
            leaver.rounds.saturating_mul(stay).saturating_add(first).saturating_add(late)
        });
        let turns = ahead / u64::from(TICK_MAX_GRANTS) + TURN_OVERDUE_SECONDS.unsigned_abs();
        for_place.saturating_add(self.seconds_for_minute(ahead, now)).saturating_add(turns)
    }
}

/// One of those who leave: in the round of those who are inside now, or so many rounds later; and which of that round.
struct Leaver {
    rounds: u64,
    number: u64,
}

impl Inside {
    /// About how long it takes until one of those inside leaves, counted from 0, as if they left evenly between the first and
    /// the last; `None` where there are not so many.
    fn seconds_until_left(&self, number: u64, now: Timestamp) -> Option<u64> {
        if number >= self.count {
            return None;
        }
        let first = seconds_until(self.first_leaves_at, now);
        let last = seconds_until(self.last_leaves_at, now);
        Some(first + (last - first) * number / (self.count - 1).max(1))
    }
}

fn seconds_until(moment: Timestamp, now: Timestamp) -> u64 {
    moment.seconds_since(now).unsigned_abs()
}

/// When to ask again, with so many ahead and so long to wait: often where it is soon, else after a while.
pub fn next_poll(ahead: u64, wait_seconds: Option<u64>, fraction: f64) -> i64 {
    let soon = ahead < POLL_SOON_AHEAD || wait_seconds.is_some_and(|wait| wait < PACE_WINDOW_SECONDS.unsigned_abs());
    if soon { POLL_MIN_SECONDS } else { poll_after(wait_seconds, fraction) }
}

/// A quarter of what is to come, within bounds, up to a fifth sooner; the longest where nobody can say.
pub fn poll_after(wait_seconds: Option<u64>, fraction: f64) -> i64 {
    let quarter = wait_seconds.map_or(POLL_MAX_SECONDS, |wait| i64::try_from(wait / 4).unwrap_or(POLL_MAX_SECONDS));
    let bounded = quarter.clamp(POLL_MIN_SECONDS, POLL_MAX_SECONDS);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few seconds")]
    let spread = (bounded as f64 * (1.0 - POLL_JITTER * fraction)).round() as i64;
    spread
}
