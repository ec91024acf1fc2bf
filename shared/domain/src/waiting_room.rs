//! Waiting room arithmetic. Positions and shards are here, given-up places in [`given_up`], the policy in
//! [`policy`], the turnstile in [`turn`], waiting times in [`wait`].

pub mod given_up;
pub mod inside;
pub mod policy;
pub mod turn;
pub mod wait;

use crate::{
    Timestamp,
    ids::{MemberId, PerformanceId},
    limits::{
        ADMISSION_GRACE_SECONDS, ARRIVALS_PEAK_FACTOR, CLAIM_SECONDS, POLL_FAR_AHEAD, SHARD_JOINS_PER_SECOND,
        SHARDS_MAX, STOCK_COUNTED_SECONDS, STOCK_SHOWN_SECONDS,
    },
};
use given_up::GivenUp;
use inside::Inside;
use policy::WaitingRoomPolicy;
use serde::{Deserialize, Serialize};
use wait::Pace;

/// A member's place in line, by the counter it was drawn from: index `i >= 1` of shard `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinePosition {
    /// Shard, from 0.
    #[serde(rename = "stripe")]
    pub shard: u32,
    /// Index within the shard, from 1.
    pub index: u64,
}

impl LinePosition {
    /// Its position in the whole line of `shards` shards, from 1: `(i-1)*S + s + 1`.
    pub fn position(self, shards: u32) -> u64 {
        (self.index - 1) * u64::from(shards) + u64::from(self.shard) + 1
    }

    /// The place at `position >= 1`: the inverse of [`LinePosition::position`].
    pub fn at(position: u64, shards: u32) -> Self {
        let shards = u64::from(shards);
        let shard = u32::try_from((position - 1) % shards).expect("a remainder of a u32 is one");
        Self { shard, index: (position - 1) / shards + 1 }
    }
}

/// The number of shards for a line that `expected_per_minute` members join within a minute. It is as small as
/// possible, because order is exact only within a shard.
pub fn shards_for(expected_per_minute: u32) -> u32 {
    let peak = u64::from(expected_per_minute) * u64::from(ARRIVALS_PEAK_FACTOR);
    let shards = peak.div_ceil(60 * u64::from(SHARD_JOINS_PER_SECOND));
    u32::try_from(shards).unwrap_or(SHARDS_MAX).clamp(1, SHARDS_MAX)
}

/// A member's admission to a performance. A hold extends it, and a payment spends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The admitted member's performance.
    pub performance_id: PerformanceId,
    /// The admitted position.
    pub position: u64,
    /// The admitted member.
    pub member_id: MemberId,
    /// When it ends, according to its owner's token.
    pub ends_at: Timestamp,
}

/// The state of a called position. A finished admission (spent, given up, expired) has no state: its item is deleted
/// and never comes back, because only positions above `serving` are granted. A place that was not claimed in time is
/// remembered outside, as missed, until its owner comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AdmissionState {
    /// Called, but not yet claimed by its owner.
    Granted {
        /// When the turnstile may take it back. Until it does, the owner can claim it.
        claim_until: Timestamp,
    },
    /// Its owner missed the call and came back: it uses no place inside until a turn calls it again.
    Returned {
        /// The owner.
        member: MemberId,
    },
    /// Claimed: its owner may book.
    Active {
        /// The owner.
        member: MemberId,
        /// When the admission expires, unless the owner has a hold.
        expires_at: Timestamp,
        /// When the owner's last hold expires; 0 without a hold.
        #[serde(default)]
        hold_until: Timestamp,
    },
    /// Parked while its owner's card payment is pending: it cannot book, but uses a place inside. A declined payment
    /// makes it active again; any other outcome ends it.
    Parked {
        /// The owner.
        member: MemberId,
        /// 0, because no hold extends it.
        hold_until: Timestamp,
        /// Until when the payment may be pending.
        parked_until: Timestamp,
    },
}

impl AdmissionState {
    /// When `member`'s admission ends, if it belongs to them and is live at `now`: at its expiry or, if later, that
    /// of their hold.
    pub fn live_end_for(&self, member: &MemberId, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Active { member: owner, expires_at, hold_until } if owner == member => {
                Some(*expires_at.max(hold_until)).filter(|end| now < *end)
            }
            _ => None,
        }
    }

    /// Approximately when its owner leaves: when their admission or their hold expires. For an unclaimed admission,
    /// the whole admission time counts. `None` for a member who waits to be called again.
    pub fn leaves_at(&self, admission_seconds: i64) -> Option<Timestamp> {
        match self {
            Self::Granted { claim_until } => Some(claim_until.plus_seconds(admission_seconds - CLAIM_SECONDS)),
            Self::Returned { .. } => None,
            Self::Active { expires_at, hold_until, .. } => Some(*expires_at.max(hold_until)),
            Self::Parked { parked_until, .. } => Some(*parked_until),
        }
    }

    /// Whether its owner waits to be called again. Every other state uses a place inside until a turn takes it back.
    pub fn is_returned(&self) -> bool {
        matches!(self, Self::Returned { .. })
    }

    /// Whether it uses a place inside at `now`: it was called and not taken back, or it has not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        match self {
            Self::Granted { .. } => !self.has_lapsed(now),
            Self::Returned { .. } => false,
            Self::Active { expires_at, hold_until, .. } => now < *expires_at.max(hold_until),
            Self::Parked { parked_until, .. } => now < *parked_until,
        }
    }

    /// How `member` stands, whose place it is. No clock ends a place that was only called: it can be claimed until a
    /// turn takes it back.
    pub fn standing_of(&self, member: &MemberId, now: Timestamp) -> Standing {
        match self {
            Self::Granted { .. } | Self::Returned { .. } => Standing::Waiting,
            Self::Parked { member: owner, .. } if owner == member => Standing::Waiting,
            _ => self.live_end_for(member, now).map_or(Standing::Over, Standing::Inside),
        }
    }

    /// Whether the turnstile may take it back. A claimed admission not before [`ADMISSION_GRACE_SECONDS`] past its
    /// end, so that clock skew does not cost a payer their admission. An unclaimed one at its end: if a fast clock
    /// takes it back some seconds early, the place is remembered.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        let end = match self {
            Self::Granted { claim_until } => return *claim_until < now,
            Self::Returned { .. } => return false,
            Self::Active { expires_at, hold_until, .. } => *expires_at.max(hold_until),
            Self::Parked { parked_until, .. } => *parked_until,
        };
        end.plus_seconds(ADMISSION_GRACE_SECONDS) < now
    }
}

/// The owner of a called place, as they see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Called but not inside, or inside and unable to book while their payment is pending.
    Waiting,
    /// Inside until that time.
    Inside(Timestamp),
    /// The place has expired, or belongs to another member.
    Over,
}

/// The number of free seats of the performance, as counted by a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// Free seats of all grades.
    pub available: u32,
    /// When they were counted.
    pub counted_at: Timestamp,
}

impl Stock {
    /// The free seats, if they were counted recently before `now`.
    pub fn at(self, now: Timestamp) -> Option<u32> {
        (now < self.counted_at.plus_seconds(STOCK_SHOWN_SECONDS)).then_some(self.available)
    }
}

/// A waiting room as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The organizer's policy for admitting members.
    pub policy: WaitingRoomPolicy,
    /// Number of counters that positions are drawn from; fixed when the room is created.
    #[serde(rename = "stripes")]
    pub shards: u32,
    /// The last served index of each shard.
    pub serving: Vec<u64>,
    /// The earliest time of the next turn of the turnstile.
    pub next_tick_at: Timestamp,
    /// When the turnstile's lease expires; 0 if nobody holds it.
    pub lease_until: Timestamp,
    /// The last holder of the lease: an id that is unique for each turn.
    pub owner: String,
    /// The minute that `used` counts, in minutes since the epoch.
    pub minute: i64,
    /// Positions admitted during that minute.
    pub used: u32,
    /// How fast admitted members leave.
    pub pace: Pace,
    /// The admitted members after the last turn.
    #[serde(default)]
    pub inside: Inside,
    /// Given-up places in the line, as of the last turn.
    #[serde(default)]
    pub given_up: GivenUp,
    /// The number of free seats; `None` until a turn has counted them.
    #[serde(default)]
    pub stock: Option<Stock>,
}

impl Room {
    /// A room that nobody has joined.
    pub fn new(policy: WaitingRoomPolicy, shards: u32) -> Self {
        Self {
            policy,
            shards,
            serving: vec![0; shards as usize],
            next_tick_at: Timestamp::default(),
            lease_until: Timestamp::default(),
            owner: String::new(),
            minute: 0,
            used: 0,
            pace: Pace::default(),
            inside: Inside::default(),
            given_up: GivenUp::default(),
            stock: None,
        }
    }

    /// Whether `place` was called.
    pub fn has_served(&self, place: LinePosition) -> bool {
        place.index <= self.serving[place.shard as usize]
    }

    /// Positions below `place` that are not yet served, over all shards, including given-up ones.
    fn unserved_below(&self, place: LinePosition) -> u64 {
        let below = place.position(self.shards) - 1;
        let shards = u64::from(self.shards);
        let unserved = |(shard, served): (u64, &u64)| ((below + shards - 1 - shard) / shards).saturating_sub(*served);
        (0..).zip(&self.serving).map(unserved).sum()
    }

    /// Whether `place` is too far back to be called before its owner's cached copy of this room is refreshed. With
    /// several shards, some of these positions may not be drawn; then the owner loses part of the time for claiming,
    /// at most five seconds.
    pub fn is_far(&self, place: LinePosition) -> bool {
        self.ahead(place) > POLL_FAR_AHEAD
    }

    /// Free seats, if they were counted recently before `now`.
    pub fn available(&self, now: Timestamp) -> Option<u32> {
        self.stock.and_then(|stock| stock.at(now))
    }

    /// Whether no seat is free, as counted recently before `now`.
    pub fn is_sold_out(&self, now: Timestamp) -> bool {
        self.available(now) == Some(0)
    }

    /// Whether a turn at `now` counts the free seats again.
    pub fn counts_stock(&self, now: Timestamp) -> bool {
        self.stock.is_none_or(|stock| stock.counted_at.plus_seconds(STOCK_COUNTED_SECONDS) <= now)
    }

    /// Whether the turnstile is due and free at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_tick_at <= now && self.lease_until <= now
    }

    /// Merges `before`, which was read earlier, so that a stale read never moves the line back.
    #[must_use]
    pub fn not_behind(mut self, before: Option<&Self>) -> Self {
        if let Some(before) = before {
            for (serving, seen) in self.serving.iter_mut().zip(&before.serving) {
                *serving = (*serving).max(*seen);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests;
