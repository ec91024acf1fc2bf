//! One turn of the turnstile: which places are admitted, and how far each shard advances.

use super::{LinePosition, Room, Stock, given_up::GivenUp, inside::Inside};
use crate::{
    Timestamp,
    limits::{INSIDE_PER_FREE_SEAT, RECALL_SECONDS, TURN_INTERVAL_SECONDS, TURN_MAX_GRANTS},
};
use std::collections::HashSet;

/// What a turn read before it admitted anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The members inside.
    pub inside: Inside,
    /// The given-up places.
    pub given_up: GivenUp,
    /// The number of free seats, if counted.
    pub stock: Option<Stock>,
    /// Positions that were called again by a turn that died before it was recorded.
    pub recalled: u32,
}

/// What a turn does about a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Skipped, because its owner gave it up.
    Skip,
    /// Skipped as well, and its admission deleted: a turn that died had admitted it before it was given up.
    Undo,
    /// Admitted by an earlier turn that died before it was recorded: it already uses a place inside, so it takes no
    /// free one.
    Adopt,
    /// Admitted now.
    Grant,
    /// Called again, because its owner missed the call and came back. The line has already passed it.
    Recall,
}

impl Step {
    /// Whether it uses the minute's allowance.
    pub fn admits(self) -> bool {
        matches!(self, Self::Adopt | Self::Grant | Self::Recall)
    }
}

/// The state of the line and the room at the beginning of a turn.
#[derive(Debug, Clone, Copy)]
pub struct TurnInput<'a> {
    /// Positions not yet served that have an admission, from a turn that died before it was recorded.
    pub admitted: &'a HashSet<u64>,
    /// Given-up positions.
    pub left: &'a HashSet<u64>,
    /// Admissions that use a place inside.
    pub live: u64,
    /// Positions whose owners missed the call and came back, in ascending order.
    pub returned: &'a [u64],
    /// Positions that were called again by a turn that died before it was recorded: they use the minute's allowance.
    pub recalled: u32,
    /// Free seats; `None` if they were not counted.
    pub available: Option<u32>,
}

/// The positions of one turn, each with its step: first those that are called again, then the next of the line; both
/// in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan(pub Vec<(LinePosition, Step)>);

/// The fields of the room that a turn writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The last served index of each shard.
    pub serving: Vec<u64>,
    /// The minute that `used` counts, in minutes since the epoch.
    pub minute: i64,
    /// Positions admitted during that minute.
    pub used: u32,
    /// How fast admitted members leave.
    pub pace: super::wait::Pace,
    /// The members inside.
    pub inside: Inside,
    /// The given-up places.
    pub given_up: GivenUp,
    /// The number of free seats, if counted.
    pub stock: Option<Stock>,
    /// The earliest time of the next turn.
    pub next_tick_at: Timestamp,
}

impl Room {
    /// The next positions to call, up to `last` and in ascending order, if `drawn[s]` places were drawn from shard
    /// `s`.
    pub fn candidates(&self, drawn: &[u64], last: u64) -> Vec<LinePosition> {
        let of_shard = |((shard, serving), drawn): ((u32, &u64), &u64)| {
            (serving + 1..=*drawn)
                .map(move |index| LinePosition { shard, index })
                .take_while(|place| place.position(self.shards) <= last)
                .collect::<Vec<_>>()
        };
        let mut places: Vec<LinePosition> = (0..).zip(&self.serving).zip(drawn).flat_map(of_shard).collect();
        places.sort_unstable_by_key(|place| place.position(self.shards));
        places
    }

    /// How many more places inside the policy and the `available` seats allow while `live` admissions use one. If the
    /// free seats were not counted, the policy alone decides.
    pub fn free(&self, live: u64, available: Option<u32>) -> u64 {
        let by_policy = self.policy.max_active.map_or(u64::MAX, u64::from);
        let by_seats = available.map_or(u64::MAX, |seats| u64::from(seats) * INSIDE_PER_FREE_SEAT);
        by_policy.min(by_seats).saturating_sub(live)
    }

    /// How many more admissions the current minute allows.
    pub fn allowance(&self, now: Timestamp) -> u64 {
        let (_, used) = self.minute_at(now);
        self.policy.admit_per_minute.map_or(u64::MAX, |most| u64::from(most.saturating_sub(used)))
    }

    /// The minute that counts at `now`, and its used allowance. A clock slightly behind the last writer's does not
    /// open that minute's allowance again.
    fn minute_at(&self, now: Timestamp) -> (i64, u32) {
        let minute = now.millis().div_euclid(60_000);
        if (minute..=minute + 1).contains(&self.minute) { (self.minute, self.used) } else { (minute, 0) }
    }

    /// Whether `place` was called again, to be claimed until `claim_until`, by a turn that died before it was
    /// recorded. A turn begins no earlier than the last recorded one allows, whatever the clocks say.
    pub fn was_recalled_unrecorded(&self, place: LinePosition, claim_until: Timestamp) -> bool {
        self.has_served(place) && self.next_tick_at.plus_seconds(RECALL_SECONDS) <= claim_until
    }

    /// The steps of this turn: the members who came back, then `candidates`, until no place is free, the minute's
    /// allowance is used up, or [`TURN_MAX_GRANTS`] are admitted. Given-up places are skipped and use none of these.
    /// Empty while paused.
    pub fn plan(&self, candidates: &[LinePosition], found: TurnInput<'_>, now: Timestamp) -> Plan {
        if self.policy.paused {
            return Plan::default();
        }
        let mut free = self.free(found.live, found.available);
        let mut allowance = self.allowance(now).saturating_sub(found.recalled.into()).min(TURN_MAX_GRANTS.into());
        let most = usize::try_from(free.min(allowance)).unwrap_or(usize::MAX);
        let again = found.returned.iter().take(most);
        let mut steps: Vec<_> =
            again.map(|position| (LinePosition::at(*position, self.shards), Step::Recall)).collect();
        free -= steps.len() as u64;
        allowance -= steps.len() as u64;
        for place in candidates {
            let position = place.position(self.shards);
            let step = match (found.left.contains(&position), found.admitted.contains(&position)) {
                (true, true) => Step::Undo,
                (true, false) => Step::Skip,
                (false, true) => Step::Adopt,
                (false, false) => Step::Grant,
            };
            let uses_place = u64::from(step == Step::Grant);
            let uses_minute = u64::from(step.admits());
            if free < uses_place || allowance < uses_minute {
                break;
            }
            free -= uses_place;
            allowance -= uses_minute;
            steps.push((*place, step));
        }
        Plan(steps)
    }

    /// The room after `plan`, except for the places that `failed`: each shard advances up to its first failure.
    /// Admissions beyond it are adopted and counted by the next turn. If nothing was `seen`, the previous values
    /// stay.
    pub fn after(
        &self,
        plan: &Plan,
        failed: &HashSet<LinePosition>,
        seen: Option<&Snapshot>,
        now: Timestamp,
    ) -> Turned {
        let mut serving = self.serving.clone();
        let mut stopped = HashSet::new();
        let mut admitted = seen.map_or(0, |seen| seen.recalled);
        let granted =
            plan.0.iter().filter(|(place, step)| matches!(step, Step::Grant | Step::Recall) && !failed.contains(place));
        let granted = granted.count() as u64;
        for (place, step) in &plan.0 {
            if *step == Step::Recall {
                admitted += u32::from(!failed.contains(place));
                continue;
            }
            if stopped.contains(&place.shard) || failed.contains(place) {
                stopped.insert(place.shard);
                continue;
            }
            serving[place.shard as usize] = place.index;
            admitted += u32::from(step.admits());
        }
        let (minute, used) = self.minute_at(now);
        let leave_at = now.plus_seconds(self.policy.admission_seconds);
        let found = seen.map_or(self.inside, |seen| seen.inside);
        Turned {
            serving,
            minute,
            used: used.saturating_add(admitted),
            pace: self.pace.after(self.inside.count.saturating_sub(found.count), now),
            inside: found.with(granted, leave_at),
            stock: seen.map_or(self.stock, |seen| seen.stock),
            given_up: seen.map_or_else(|| self.given_up.clone(), |seen| seen.given_up.clone()),
            next_tick_at: now.plus_seconds(TURN_INTERVAL_SECONDS),
        }
    }
}
