//! Holds: a claim on seats for a few minutes; and the stake, which is both hold and limit.

use crate::{
    Error, Result, Timestamp,
    general_admission::{Area, bucket_end},
    ids::{HoldId, MemberId, PerformanceId, ReservationId},
    limits::{HOLD_FORGIVEN_SECONDS, HOLD_PROLONGED_TIMES, HOLDS_FORGIVEN_MAX, UNPAID_HOLDS_WINDOW_SECONDS},
    listing::Listing,
    money::Won,
    performance::Performance,
    seating::{self, SeatId, SeatSpot},
    waiting_room::Admission,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a ticket takes from a house, and where the house stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Taken {
    /// A numbered seat, stored in a block.
    Seat {
        /// The seat.
        seat_id: SeatId,
        /// Its block.
        block: u32,
    },
    /// A general admission place, counted in a shard of its area.
    Place {
        /// The shard.
        #[serde(rename = "block")]
        shard: u32,
    },
}

/// A seat or place in a hold or reservation. The server fixes the price when it is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSeat {
    /// The seat or place.
    #[serde(flatten)]
    pub taken: Taken,
    /// The seat's grade.
    pub grade: String,
    /// Its price when it was held.
    pub price: Won,
}

impl HeldSeat {
    /// The seat; `None` for a general admission place.
    pub fn seat_id(&self) -> Option<&SeatId> {
        match &self.taken {
            Taken::Seat { seat_id, .. } => Some(seat_id),
            Taken::Place { .. } => None,
        }
    }

    /// Section, row and number; `None` for a general admission place.
    pub fn position(&self) -> Option<(&str, u32, u32)> {
        seating::position(self.seat_id()?)
    }
}

/// What `seats` take: each seat and each shard once, with the number of its places. Places of a shard are side by
/// side.
pub fn taken(seats: &[HeldSeat]) -> impl Iterator<Item = (&Taken, u32)> {
    let count = |same: &[HeldSeat]| u32::try_from(same.len()).unwrap_or(u32::MAX);
    seats.chunk_by(|one, next| one.taken == next.taken).map(move |same| (&same[0].taken, count(same)))
}

/// A member's live claim on seats of one performance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Contains the performance's id.
    pub hold_id: HoldId,
    /// The version of the layout that the seats belong to.
    pub layout: u32,
    /// Seats in the order of the house.
    pub seats: Vec<HeldSeat>,
    /// When the hold was taken.
    pub created_at: Timestamp,
    /// When the hold expires: from then on the seats are free, without any process having to run.
    pub expires_at: Timestamp,
    /// The end of the bucket that stores general admission places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_end: Option<Timestamp>,
    /// The position whose admission was extended by this hold; a release takes the extension back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prolongs: Option<u64>,
    /// The number of the next payment attempt: one more than the declined ones.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u8,
}

fn first() -> u8 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_first(attempt: &u8) -> bool {
    *attempt == first()
}

impl Hold {
    /// Whether the hold was taken only a moment before `paid_at`, so that it hardly kept the seats from others. The
    /// time is read from the hold's id, which a pending purchase has, too.
    pub fn was_paid_at_once(&self, paid_at: Timestamp) -> bool {
        paid_at <= self.hold_id.made_at().plus_seconds(HOLD_FORGIVEN_SECONDS)
    }

    /// Claims `seat_ids` of a performance for `member` at `now`. The table decides whether they are free.
    ///
    /// # Errors
    /// In the contract's order: [`Error::SalesClosed`], [`Error::SeatNotFound`] with every unknown seat.
    pub fn place(
        listing: &Listing,
        seat_ids: &[SeatId],
        member: &MemberId,
        fresh: Uuid,
        now: Timestamp,
    ) -> Result<Self> {
        let hold = Self::open(listing, member, fresh, now)?;
        let house = listing.performance.numbered();
        let find = |seat_id: &SeatId| house.and_then(|house| house.find(seat_id)).ok_or_else(|| seat_id.clone());
        let (found, unknown): (Vec<_>, Vec<_>) = seat_ids.iter().map(find).partition(Result::is_ok);
        if !unknown.is_empty() {
            return Err(Error::SeatNotFound { seat_ids: unknown.into_iter().filter_map(Result::err).collect() });
        }
        let found: Vec<_> = found.into_iter().filter_map(Result::ok).collect();
        Ok(hold.of_seats(&found))
    }

    /// An empty hold of a performance that is on sale at `now`.
    ///
    /// # Errors
    /// [`Error::SalesClosed`].
    pub fn open(listing: &Listing, member: &MemberId, fresh: Uuid, now: Timestamp) -> Result<Self> {
        let performance = &listing.performance;
        performance.check_on_sale(now)?;
        Ok(Self {
            hold_id: HoldId::new(fresh, member, performance.performance_id.clone(), now),
            layout: performance.layout,
            seats: Vec::new(),
            created_at: now,
            expires_at: performance.hold_expires_at(now),
            bucket_end: None,
            prolongs: None,
            attempt: first(),
        })
    }

    /// The hold with these seats, in the order of the house.
    #[must_use]
    pub fn of_seats(self, places: &[SeatSpot<'_>]) -> Self {
        let mut places: Vec<&SeatSpot<'_>> = places.iter().collect();
        places.sort_unstable_by_key(|place| place.index);
        let seat = |place: &&SeatSpot<'_>| HeldSeat {
            taken: Taken::Seat { seat_id: place.seat_id(), block: place.block() },
            grade: place.section.grade.as_str().to_owned(),
            price: place.section.price.won(),
        };
        Self { seats: places.iter().map(seat).collect(), ..self }
    }

    /// The hold with the given number of places of each of these shards of `area`.
    #[must_use]
    pub fn of_places(self, area: &Area, parts: &[(u32, u32)], performance: &Performance) -> Self {
        let place = |shard| HeldSeat {
            taken: Taken::Place { shard },
            grade: area.grade.as_str().to_owned(),
            price: area.price.won(),
        };
        let places = parts.iter().flat_map(|(shard, count)| (0..*count).map(move |_| place(*shard)));
        let bucket_end = Some(bucket_end(self.expires_at, performance.hold_seconds));
        Self { seats: places.collect(), bucket_end, ..self }
    }

    /// The hold with the expiry time `until`.
    #[must_use]
    pub fn prolonged(self, until: Timestamp, performance: &Performance) -> Self {
        let bucket_end = self.bucket_end.map(|_| bucket_end(until, performance.hold_seconds));
        Self { expires_at: until, bucket_end, ..self }
    }

    /// The hold, taken under `admission`.
    #[must_use]
    pub fn under(self, admission: Option<&Admission>) -> Self {
        let prolonged = admission.filter(|admission| admission.ends_at <= self.expires_at);
        Self { prolongs: prolonged.map(|admission| admission.position), ..self }
    }

    /// The new expiry time of the hold when card payments are paused: `holdSeconds` later, at most three times
    /// `holdSeconds` after the hold was taken, and never past the close of sales. `None` if that does not extend it.
    pub fn kept_until(&self, performance: &Performance) -> Option<Timestamp> {
        let last = self.created_at.plus_seconds(HOLD_PROLONGED_TIMES * performance.hold_seconds);
        let until = self.expires_at.plus_seconds(performance.hold_seconds).min(last).min(performance.sales_close_at);
        (until > self.expires_at).then_some(until)
    }

    /// The id of the purchase that the next payment attempt makes.
    pub fn purchase(&self) -> ReservationId {
        self.hold_id.purchase(self.attempt)
    }

    /// The id of the performance.
    pub fn performance_id(&self) -> &PerformanceId {
        self.hold_id.performance()
    }

    /// Number of seats.
    pub fn quantity(&self) -> u32 {
        u32::try_from(self.seats.len()).unwrap_or(u32::MAX)
    }

    /// The total price.
    pub fn total(&self) -> Won {
        self.seats.iter().map(|seat| seat.price).sum()
    }

    /// The grade of its seats; `None` if they have several.
    pub fn grade(&self) -> Option<&str> {
        let (first, others) = self.seats.split_first()?;
        others.iter().all(|seat| seat.grade == first.grade).then_some(first.grade.as_str())
    }

    /// The hold with its expiry limited to the end of sales, which may have been moved forward or have come with a
    /// cancellation.
    #[must_use]
    pub fn bounded_by(self, performance: &Performance) -> Self {
        Self { expires_at: self.expires_at.min(performance.sales_end_at()), ..self }
    }

    /// Whether the hold can still be paid at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// What one member has of one performance: at most one hold that is live or whose payment is pending, and the paid
/// seats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stake {
    /// The latest hold, if it was neither paid nor released; it may have expired.
    pub hold: Option<Hold>,
    /// When that hold expires; 0 if there is none. A copy, because conditions compare it.
    #[serde(default)]
    pub hold_until: Timestamp,
    /// Seats of confirmed reservations.
    #[serde(default)]
    pub paid_seats: u32,
    /// The hold whose card payment is pending. Until that is decided, no other hold can be taken.
    #[serde(default)]
    pub pending_hold_id: Option<HoldId>,
    /// When the third-last hold was taken; 0 if there were fewer. The last three are separate attributes, because
    /// conditions compare this one, and each hold shifts them without reading them.
    #[serde(default)]
    pub unpaid_first: Timestamp,
    /// When the second-last hold was taken.
    #[serde(default)]
    pub unpaid_second: Timestamp,
    /// When the last hold was taken.
    #[serde(default)]
    pub unpaid_third: Timestamp,
    /// Holds up to this time do not count as unpaid, because the member paid the last of them. A cancellation reverts
    /// this.
    #[serde(default)]
    pub cleared_until: Timestamp,
    /// Holds that do not count because they were released at once.
    #[serde(default)]
    pub forgiven: Forgiven,
}

/// Holds that were released within [`HOLD_FORGIVEN_SECONDS`] and therefore do not count as unpaid. Their number
/// within an hour is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Forgiven {
    /// Number of forgiven holds.
    pub count: u32,
    /// When the first of them was released.
    pub since: Timestamp,
}

impl Stake {
    /// The live hold, if there is one.
    pub fn live_hold(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.is_live(now))
    }

    /// Checks whether `quantity` more seats can be held.
    ///
    /// # Errors
    /// [`Error::HoldExists`], [`Error::TooManySeats`], or [`Error::TooManyRequests`] if the last three holds within
    /// an hour were not paid.
    pub fn check_room_for(&self, quantity: u32, max: u32, now: Timestamp) -> Result<()> {
        let live = self.live_hold(now).map(|hold| &hold.hold_id);
        if let Some(hold_id) = live.or(self.pending_hold_id.as_ref()) {
            return Err(Error::HoldExists { hold_id: hold_id.clone() });
        }
        if self.paid_seats + quantity > max {
            return Err(Error::TooManySeats { max });
        }
        let free_again = self.unpaid_first.plus_seconds(UNPAID_HOLDS_WINDOW_SECONDS);
        let retry_after_seconds = free_again.seconds_since(now);
        if self.cleared_until < self.unpaid_first && now < free_again {
            Err(Error::TooManyRequests { retry_after_seconds })
        } else {
            Ok(())
        }
    }

    /// The forgiven holds after releasing the live hold at `now`, if it is forgiven: it must be released soon after
    /// it was taken. The number is limited, because taking the same seats again and again keeps others from them.
    pub fn forgiven_at(&self, now: Timestamp) -> Option<Forgiven> {
        let hold = self.live_hold(now)?;
        if hold.created_at.plus_seconds(HOLD_FORGIVEN_SECONDS) < now {
            return None;
        }
        let counts = now < self.forgiven.since.plus_seconds(UNPAID_HOLDS_WINDOW_SECONDS);
        let before = if counts { self.forgiven } else { Forgiven { count: 0, since: now } };
        (before.count < HOLDS_FORGIVEN_MAX).then_some(Forgiven { count: before.count + 1, ..before })
    }

    /// The live hold with the id `hold_id`.
    ///
    /// # Errors
    /// [`Error::HoldExpired`] if `hold_id` is not the live hold of this stake.
    pub fn live_hold_of(&self, hold_id: &HoldId, now: Timestamp) -> Result<&Hold> {
        self.live_hold(now).filter(|hold| hold.hold_id == *hold_id).ok_or(Error::HoldExpired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn stake_with_hold(taken_before_seconds: i64) -> Stake {
        let created_at = NOW.plus_seconds(-taken_before_seconds);
        let member = MemberId(Uuid::from_u128(1));
        let hold = Hold {
            attempt: 0,
            hold_id: HoldId::new(Uuid::from_u128(2), &member, "p".parse().expect("an id"), created_at),
            layout: 1,
            seats: Vec::new(),
            created_at,
            expires_at: NOW.plus_seconds(1),
            bucket_end: None,
            prolongs: None,
        };
        Stake { hold_until: hold.expires_at, hold: Some(hold), ..Stake::default() }
    }

    #[test]
    fn a_fourth_hold_is_refused_after_three_unpaid_ones_within_an_hour() {
        let stake = |first| Stake { unpaid_first: first, ..Stake::default() };
        assert_eq!(Stake::default().check_room_for(1, 4, NOW), Ok(()));
        assert_eq!(stake(NOW.plus_seconds(-3_600)).check_room_for(1, 4, NOW), Ok(()));
        let refused = |retry_after_seconds| Err(Error::TooManyRequests { retry_after_seconds });
        assert_eq!(stake(NOW.plus_seconds(-3_599)).check_room_for(1, 4, NOW), refused(1));
        assert_eq!(stake(NOW).check_room_for(1, 4, NOW), refused(3_600));
        let cleared = |until| Stake { cleared_until: until, ..stake(NOW) };
        assert_eq!(cleared(NOW).check_room_for(1, 4, NOW), Ok(()));
        assert_eq!(cleared(Timestamp::from_millis(NOW.millis() - 1)).check_room_for(1, 4, NOW), refused(3_600));
        assert_eq!(stake(NOW).check_room_for(5, 4, NOW), Err(Error::TooManySeats { max: 4 }));
    }

    #[test]
    fn quick_releases_are_forgiven_a_few_times_an_hour() {
        let mut stake = stake_with_hold(30);
        let first = stake.forgiven_at(NOW);
        assert_eq!(first, Some(Forgiven { count: 1, since: NOW }));
        assert_eq!(stake_with_hold(31).forgiven_at(NOW), None);
        stake.forgiven = Forgiven { count: HOLDS_FORGIVEN_MAX, since: NOW.plus_seconds(-3_599) };
        assert_eq!(stake.forgiven_at(NOW), None);
        stake.forgiven.since = NOW.plus_seconds(-3_600);
        assert_eq!(stake.forgiven_at(NOW), first);
        assert_eq!(stake.forgiven_at(NOW.plus_seconds(1)), None, "it has expired");
    }
}
