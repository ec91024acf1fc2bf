//! Waiting room arithmetic: positions and stripes here, given-up places in [`given_up`], the turnstile in [`turn`], how long it
//! takes in [`wait`].

pub mod given_up;
pub mod turn;
pub mod wait;

use crate::{
    Timestamp,
    ids::{MemberId, PerformanceId},
    limits::{
        ADMISSION_GRACE_SECONDS, ARRIVALS_PEAK_FACTOR, CLAIM_SECONDS, POLL_FAR_AHEAD, STOCK_COUNTED_SECONDS,
        STOCK_SHOWN_SECONDS, STRIPE_JOINS_PER_SECOND, STRIPES_MAX,
    },
    performance::WaitingRoomPolicy,
};
use given_up::GivenUp;
use serde::{Deserialize, Serialize};
use turn::Inside;
use wait::Pace;

/// A member's place in line, by the counter it was drawn from: index `i >= 1` of stripe `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Stripe, from 0.
    pub stripe: u32,
    /// Index within the stripe, from 1.
    pub index: u64,
}

impl Place {
    /// Its position in the whole line of `stripes` stripes, from 1: `(i-1)*S + s + 1`.
    pub fn position(self, stripes: u32) -> u64 {
        (self.index - 1) * u64::from(stripes) + u64::from(self.stripe) + 1
    }

    /// The place at `position >= 1`: the inverse of [`Place::position`].
    pub fn at(position: u64, stripes: u32) -> Self {
        let stripes = u64::from(stripes);
        let stripe = u32::try_from((position - 1) % stripes).expect("a remainder of a u32 is one");
        Self { stripe, index: (position - 1) / stripes + 1 }
    }
}

/// Stripes of a line that so many people are expected to join within a minute: as few as can take them, because order is
/// exact within a stripe alone.
pub fn stripes_for(expected_per_minute: u32) -> u32 {
    let peak = u64::from(expected_per_minute) * u64::from(ARRIVALS_PEAK_FACTOR);
    let stripes = peak.div_ceil(60 * u64::from(STRIPE_JOINS_PER_SECOND));
    u32::try_from(stripes).unwrap_or(STRIPES_MAX).clamp(1, STRIPES_MAX)
}

/// Whose admission to which performance: what a hold extends and a payment spends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The performance.
    pub performance_id: PerformanceId,
    /// The position that was let in.
    pub position: u64,
    /// Who was let in.
    pub member_id: MemberId,
    /// When it ends, as far as its owner was told.
    pub ends_at: Timestamp,
}

/// What became of a position that was let in. A finished one (spent, left, lapsed) has no state: its item is deleted, and
/// never comes back, because only positions above `serving` are granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AdmissionState {
    /// Called, and not yet claimed by its owner.
    Granted {
        /// Until when the turnstile waits for him.
        claim_until: Timestamp,
    },
    /// Claimed: its owner may book.
    Active {
        /// The owner.
        member: MemberId,
        /// When his time is over, if he holds nothing.
        expires_at: Timestamp,
        /// When his last hold lapses; 0 where he held nothing.
        #[serde(default)]
        hold_until: Timestamp,
    },
    /// Kept while its owner's payment by card is pending: it books nothing, and uses a place inside. A declined payment makes
    /// it active again; any other end of the payment ends it.
    Parked {
        /// The owner.
        member: MemberId,
        /// 0, because no hold lives by it.
        hold_until: Timestamp,
        /// Until when the payment may be pending.
        parked_until: Timestamp,
    },
}

impl AdmissionState {
    /// When `member`'s admission ends, if it is his and goes on at `now`: his time, or his hold's if that is longer.
    pub fn live_end_for(&self, member: &MemberId, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Active { member: owner, expires_at, hold_until } if owner == member => {
                Some(*expires_at.max(hold_until)).filter(|end| now < *end)
            }
            _ => None,
        }
    }

    /// About when its owner leaves: when their time ends, or their hold. An owner who has not claimed it yet uses the whole time.
    pub fn leaves_at(&self, admission_seconds: i64) -> Timestamp {
        match self {
            Self::Granted { claim_until } => claim_until.plus_seconds(admission_seconds - CLAIM_SECONDS),
            Self::Active { expires_at, hold_until, .. } => *expires_at.max(hold_until),
            Self::Parked { parked_until, .. } => *parked_until,
        }
    }

    /// Whether it uses a place inside at `now`: called and not taken back, or within its owner's time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        match self {
            Self::Granted { .. } => !self.has_lapsed(now),
            Self::Active { expires_at, hold_until, .. } => now < *expires_at.max(hold_until),
            Self::Parked { parked_until, .. } => now < *parked_until,
        }
    }

    /// Whether it is `member`'s and waits for the end of a payment.
    pub fn is_parked_for(&self, member: &MemberId) -> bool {
        matches!(self, Self::Parked { member: owner, .. } if owner == member)
    }

    /// Whether the turnstile may take it back: not before [`ADMISSION_GRACE_SECONDS`] past its end, so that clocks that
    /// differ do not cost a payer his admission.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        let end = match self {
            Self::Granted { claim_until } => *claim_until,
            Self::Active { expires_at, hold_until, .. } => *expires_at.max(hold_until),
            Self::Parked { parked_until, .. } => *parked_until,
        };
        end.plus_seconds(ADMISSION_GRACE_SECONDS) < now
    }
}

/// How many seats of the performance were free when a turn looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// Free seats of all grades.
    pub available: u32,
    /// When they were counted.
    pub counted_at: Timestamp,
}

/// A waiting room as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// How it lets people in; the organizer's.
    pub policy: WaitingRoomPolicy,
    /// Counters that positions are drawn from; fixed when the room is made.
    pub stripes: u32,
    /// How far each stripe was let in: the last served index.
    pub serving: Vec<u64>,
    /// Before it the turnstile does not turn again.
    pub next_tick_at: Timestamp,
    /// Until when the turnstile is somebody's alone; 0 where it is nobody's.
    pub lease_until: Timestamp,
    /// Who turned it last, by a name for that turn alone.
    pub owner: String,
    /// The minute that `used` counts, since the epoch.
    pub minute: i64,
    /// Positions let in during that minute.
    pub used: u32,
    /// How fast those inside leave.
    pub pace: Pace,
    /// Who was inside after the last turn.
    #[serde(default)]
    pub inside: Inside,
    /// Places of the line that nobody stands at, as the last turn saw them.
    #[serde(default)]
    pub given_up: GivenUp,
    /// How many seats are free; `None` until a turn looked.
    #[serde(default)]
    pub stock: Option<Stock>,
}

impl Room {
    /// A room nobody has joined.
    pub fn new(policy: WaitingRoomPolicy, stripes: u32) -> Self {
        Self {
            policy,
            stripes,
            serving: vec![0; stripes as usize],
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
    pub fn has_served(&self, place: Place) -> bool {
        place.index <= self.serving[place.stripe as usize]
    }

    /// Positions below `place` that are not yet served, over all stripes, given-up ones included.
    fn unserved_below(&self, place: Place) -> u64 {
        let below = place.position(self.stripes) - 1;
        let stripes = u64::from(self.stripes);
        let unserved =
            |(stripe, served): (u64, &u64)| ((below + stripes - 1 - stripe) / stripes).saturating_sub(*served);
        (0..).zip(&self.serving).map(unserved).sum()
    }

    /// Whether so many positions are ahead of `place` that it is hardly called before the copy of this room is refreshed for its
    /// owner. With several stripes some of them may not be drawn: then he loses some of the time for claiming, at most five seconds.
    pub fn is_far(&self, place: Place) -> bool {
        self.ahead(place) > POLL_FAR_AHEAD
    }

    /// Free seats, counted a moment before `now`; `None` if there is no recent count.
    pub fn available(&self, now: Timestamp) -> Option<u32> {
        let fresh = self.stock.filter(|stock| now < stock.counted_at.plus_seconds(STOCK_SHOWN_SECONDS));
        fresh.map(|stock| stock.available)
    }

    /// Whether a turn at `now` counts the free seats anew.
    pub fn counts_stock(&self, now: Timestamp) -> bool {
        self.stock.is_none_or(|stock| stock.counted_at.plus_seconds(STOCK_COUNTED_SECONDS) <= now)
    }

    /// Whether the turnstile is free to be turned at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_tick_at <= now && self.lease_until <= now
    }

    /// This room as read, after `before` was seen: a late read never takes a step of the line back.
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
