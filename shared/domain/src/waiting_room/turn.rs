//! One turn of the turnstile: who is let in, and how far each stripe advances.

use super::{Place, Room};
use crate::{
    Timestamp,
    limits::{TICK_INTERVAL_SECONDS, TICK_MAX_GRANTS},
};
use std::collections::HashSet;

/// What a turn does about a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Given up by its owner: passed over.
    Skip,
    /// Let in by a turn that ended before it told: its place inside is already taken, so it uses no free one.
    Adopt,
    /// Let in.
    Grant,
}

/// What a turn has counted.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Positions not yet served that have an admission: a turn ended before it told.
    pub admitted: &'a HashSet<u64>,
    /// Positions given up.
    pub left: &'a HashSet<u64>,
    /// Admissions that use a place inside.
    pub live: u64,
}

/// Positions of one turn, ascending, each with what is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan(pub Vec<(Place, Step)>);

/// The room's own part after a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// How far each stripe was let in.
    pub serving: Vec<u64>,
    /// The minute that `used` counts.
    pub minute: i64,
    /// Let in during that minute.
    pub used: u32,
    /// How fast the line moves.
    pub pace: super::wait::Pace,
    /// Before it the turnstile does not turn again.
    pub next_tick_at: Timestamp,
}

impl Room {
    /// The next positions to call, ascending, where `drawn[s]` were drawn from stripe `s`: at most [`TICK_MAX_GRANTS`].
    pub fn candidates(&self, drawn: &[u64]) -> Vec<Place> {
        let most = u64::from(TICK_MAX_GRANTS);
        let of_stripe = |((stripe, serving), drawn): ((u32, &u64), &u64)| {
            let indices = serving + 1..=(*drawn).min(serving + most);
            indices.map(move |index| Place { stripe, index })
        };
        let mut places: Vec<Place> = (0..).zip(&self.serving).zip(drawn).flat_map(of_stripe).collect();
        places.sort_unstable_by_key(|place| place.position(self.stripes));
        places.truncate(TICK_MAX_GRANTS as usize);
        places
    }

    /// Whether the policy lets a position in while `live` admissions use places inside.
    pub fn free(&self, live: u64) -> u64 {
        self.policy.max_active.map_or(u64::MAX, |most| u64::from(most).saturating_sub(live))
    }

    /// How many more the minute of `now` allows.
    pub fn allowance(&self, now: Timestamp) -> u64 {
        let (_, used) = self.minute_at(now);
        self.policy.admit_per_minute.map_or(u64::MAX, |most| u64::from(most.saturating_sub(used)))
    }

    /// The minute that counts at `now`, and what was used of it. A clock just behind the one that wrote the minute last
    /// does not open that minute's allowance again.
    fn minute_at(&self, now: Timestamp) -> (i64, u32) {
        let minute = now.millis().div_euclid(60_000);
        if (minute..=minute + 1).contains(&self.minute) { (self.minute, self.used) } else { (minute, 0) }
    }

    /// What this turn does about `candidates`: walks them in order until no place is free or the minute's allowance is
    /// used. Nothing while paused.
    pub fn plan(&self, candidates: &[Place], found: Found<'_>, now: Timestamp) -> Plan {
        let (mut free, mut allowance) = (self.free(found.live), self.allowance(now));
        let mut steps = Vec::new();
        if self.policy.paused {
            return Plan(steps);
        }
        for place in candidates {
            let position = place.position(self.stripes);
            let step = if found.left.contains(&position) {
                Step::Skip
            } else if found.admitted.contains(&position) {
                Step::Adopt
            } else {
                Step::Grant
            };
            let uses_place = u64::from(step == Step::Grant);
            let uses_minute = u64::from(step != Step::Skip);
            if free < uses_place || allowance < uses_minute {
                break;
            }
            free -= uses_place;
            allowance -= uses_minute;
            steps.push((*place, step));
        }
        Plan(steps)
    }

    /// The room after `plan`, of which `failed` could not be done: each stripe advances up to its first failure. What was
    /// let in beyond it is adopted by the next turn, and counted then.
    pub fn after(&self, plan: &Plan, failed: &HashSet<Place>, now: Timestamp) -> Turned {
        let mut serving = self.serving.clone();
        let mut stopped = HashSet::new();
        let mut let_in: u32 = 0;
        for (place, step) in &plan.0 {
            if stopped.contains(&place.stripe) || failed.contains(place) {
                stopped.insert(place.stripe);
                continue;
            }
            serving[place.stripe as usize] = place.index;
            let_in += u32::from(*step != Step::Skip);
        }
        let (minute, used) = self.minute_at(now);
        Turned {
            serving,
            minute,
            used: used.saturating_add(let_in),
            pace: self.pace.after(u64::from(let_in), now),
            next_tick_at: now.plus_seconds(TICK_INTERVAL_SECONDS),
        }
    }
}
