//! The seat map: free and taken seats of a house, for display. Holds never rely on it; they check the seats
//! themselves.
//!
//! The map of a large house is stored packed, with one row for each part (a block of seats, or a shard of general
//! admission places), so that all of it is read in one call. Times are distances from a base time at the beginning of
//! the row, in steps of [`HELD_STEP_MILLIS`]. Numbers are big-endian.
//!
//! | Bytes of a block's row | Contents |
//! |---|---|
//! | 8 | the base time, in milliseconds since 1970 |
//! | ⌈seats / 4⌉ | a code for each seat in layout order, from the highest bits of the first byte |
//! | 2 for each code [`HELD_UNTIL_NEXT`] | the distance at which the hold of that seat expires |
//!
//! The seats of a hold are mostly neighbours and expire together, so they share a distance ([`HELD_LIKE_BEFORE`]).
//!
//! | Bytes of a shard's row | Contents |
//! |---|---|
//! | 8 | the base time |
//! | 4 | places taken, held or sold |
//! | 2 and 2 for each bucket | the distance of its end, and its number of places |

use crate::{
    Error, Result, Timestamp,
    general_admission::{Shard, Share},
    limits::{BLOCK_SEATS, HELD_STEP_MILLIS},
    price::GradeTotal,
    seating::{Numbered, Seating},
};
use std::{collections::BTreeMap, ops::Range};

/// The seat is free, or its hold had expired when the row was written.
const FREE: u8 = 0;
/// The seat is sold.
const SOLD: u8 = 1;
/// The seat is held until the next distance in the row.
const HELD_UNTIL_NEXT: u8 = 2;
/// The seat is held until the same time as the previous held seat.
const HELD_LIKE_BEFORE: u8 = 3;

/// Seats per byte of codes.
const SEATS_PER_BYTE: usize = 4;

/// State of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeatState {
    /// Nobody holds or owns it.
    #[default]
    Free,
    /// Held until this time.
    Held(Timestamp),
    /// Owned by a member.
    Sold,
}

impl SeatState {
    /// The state at `now`: a seat whose hold has expired is free.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Held(until) if until <= now => Self::Free,
            other => other,
        }
    }
}

/// The state of all seats or places of a house at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatMap {
    /// When it was read.
    pub as_of: Timestamp,
    /// The state of each numbered seat, in layout order.
    seats: Vec<SeatState>,
    /// The general admission shards from which anything was taken.
    shards: BTreeMap<u32, Shard>,
}

impl SeatMap {
    /// The map of a house of which nothing was taken until `as_of`.
    pub fn all_free(seating: &Seating, as_of: Timestamp) -> Self {
        let seats = match seating {
            Seating::Numbered(house) => vec![SeatState::Free; house.seats() as usize],
            Seating::General(_) => Vec::new(),
        };
        Self { as_of, seats, shards: BTreeMap::new() }
    }

    /// The state of each numbered seat, in layout order.
    pub fn seats(&self) -> &[SeatState] {
        &self.seats
    }

    /// The seats of one block.
    pub fn block(&self, number: u32) -> &[SeatState] {
        &self.seats[self.places_of(number)]
    }

    /// Sets the state of a seat; does nothing if the house does not have the seat.
    pub fn set_seat(&mut self, house: &Numbered, seat_id: &str, state: SeatState) {
        if let Some(seat) = house.find(seat_id).and_then(|place| self.seats.get_mut(place.index as usize)) {
            *seat = state;
        }
    }

    /// Sets the state of shards.
    pub fn set_shards(&mut self, shards: BTreeMap<u32, Shard>) {
        self.shards.extend(shards);
    }

    /// Sets the state of a part of the house from its row.
    ///
    /// # Errors
    /// [`Error::Internal`] if `row` is not a row of that part.
    pub fn set_part(&mut self, seating: &Seating, number: u32, row: &[u8]) -> Result<()> {
        let broken = || Error::internal("unpack a part of a house", "the row is too short or too long");
        match seating {
            Seating::Numbered(_) => {
                let places = self.places_of(number);
                let seats = &mut self.seats[places];
                seats.copy_from_slice(&unpack_seats(row, seats.len()).ok_or_else(broken)?);
            }
            Seating::General(_) => {
                self.shards.insert(number, unpack_shard(row).ok_or_else(broken)?);
            }
        }
        Ok(())
    }

    /// Number of free seats or places of each grade at `now`, in the order of [`Seating::grades`].
    pub fn available(&self, seating: &Seating, now: Timestamp) -> Vec<u32> {
        let free = |seats: Range<usize>| {
            self.seats[seats].iter().map(|seat| u32::from(seat.at(now) == SeatState::Free)).sum::<u32>()
        };
        match seating {
            Seating::Numbered(house) => {
                let of_grade = |grade: &GradeTotal| {
                    let sections = house.sections().filter(|(section, _)| section.grade.as_str() == grade.grade);
                    sections.map(|(_, seats)| free(seats)).sum()
                };
                house.grades().iter().map(of_grade).collect()
            }
            Seating::General(house) => {
                let left = |shard, places| self.shards.get(&shard).map_or(places, |taken| taken.free(places, now));
                let of_area = |shares: Vec<Share>| shares.iter().map(|share| left(share.shard, share.places)).sum();
                house.areas().map(|(_, shares)| of_area(shares)).collect()
            }
        }
    }

    /// Total number of free seats or places at `now`.
    pub fn available_in_all(&self, seating: &Seating, now: Timestamp) -> u32 {
        self.available(seating, now).into_iter().sum()
    }

    /// The indexes of a block's seats.
    fn places_of(&self, block: u32) -> Range<usize> {
        let place = |block: u32| (block.saturating_mul(BLOCK_SEATS) as usize).min(self.seats.len());
        place(block)..place(block.saturating_add(1))
    }
}

/// Packs a block, as it is at `now`, into a row. Times are rounded up to steps, so that no seat is shown as free
/// while it is held.
pub fn pack_seats(seats: &[SeatState], now: Timestamp) -> Vec<u8> {
    let seats = || seats.iter().map(|seat| seat.at(now));
    let held_until = |seat| if let SeatState::Held(until) = seat { Some(until) } else { None };
    let base = seats().filter_map(held_until).min().unwrap_or_default();
    let mut codes = vec![FREE; seats().len().div_ceil(SEATS_PER_BYTE)];
    let mut distances: Vec<u8> = Vec::new();
    let mut last = None;
    for (index, seat) in seats().enumerate() {
        let code = match seat {
            SeatState::Free => FREE,
            SeatState::Sold => SOLD,
            SeatState::Held(until) => {
                let distance = steps_between(base, until);
                if last.replace(distance) == Some(distance) {
                    HELD_LIKE_BEFORE
                } else {
                    distances.extend(distance.to_be_bytes());
                    HELD_UNTIL_NEXT
                }
            }
        };
        codes[index / SEATS_PER_BYTE] |= code << shift_of(index);
    }
    [&base.millis().to_be_bytes()[..], &codes, &distances].concat()
}

/// Unpacks the states of a block with this number of seats; `None` if the row does not belong to such a block.
fn unpack_seats(row: &[u8], seats: usize) -> Option<Vec<SeatState>> {
    let (base, rest) = split_base(row)?;
    let (codes, distances) = rest.split_at_checked(seats.div_ceil(SEATS_PER_BYTE))?;
    let (pairs, odd) = distances.as_chunks::<2>();
    let mut moments = pairs.iter().map(|pair| after_steps(base, u16::from_be_bytes(*pair)));
    let mut last = None;
    let states = (0..seats).map(|index| match codes[index / SEATS_PER_BYTE] >> shift_of(index) & 0b11 {
        FREE => Some(SeatState::Free),
        SOLD => Some(SeatState::Sold),
        HELD_UNTIL_NEXT => {
            last = moments.next();
            last.map(SeatState::Held)
        }
        _ => last.map(SeatState::Held),
    });
    let states: Vec<SeatState> = states.collect::<Option<_>>()?;
    (odd.is_empty() && moments.next().is_none()).then_some(states)
}

/// Packs a shard, as it is at `now`, into a row.
pub fn pack_shard(shard: &Shard, now: Timestamp) -> Vec<u8> {
    let swept = shard.swept(now);
    let base = swept.buckets.keys().next().copied().unwrap_or_default();
    let mut row = [&base.millis().to_be_bytes()[..], &swept.taken.to_be_bytes()].concat();
    for (end, count) in swept.buckets {
        row.extend(steps_between(base, end).to_be_bytes());
        row.extend(u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
    }
    row
}

/// Unpacks a shard; `None` if the row does not belong to a shard.
fn unpack_shard(row: &[u8]) -> Option<Shard> {
    let (base, rest) = split_base(row)?;
    let (taken, buckets) = rest.split_first_chunk::<4>()?;
    let (buckets, odd) = buckets.as_chunks::<4>();
    let bucket = |[end_high, end_low, high, low]: &[u8; 4]| {
        let end = after_steps(base, u16::from_be_bytes([*end_high, *end_low]));
        (end, u32::from(u16::from_be_bytes([*high, *low])))
    };
    let taken = u32::from_be_bytes(*taken);
    odd.is_empty().then(|| Shard { taken, buckets: buckets.iter().map(bucket).collect(), ..Shard::default() })
}

/// The base time, and the rest of the row.
fn split_base(row: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (base, rest) = row.split_first_chunk::<8>()?;
    Some((Timestamp::from_millis(i64::from_be_bytes(*base)), rest))
}

/// Bit offset of a seat's code within its byte.
fn shift_of(index: usize) -> usize {
    2 * (SEATS_PER_BYTE - 1 - index % SEATS_PER_BYTE)
}

/// Steps from `base` to `until`, rounded up. The result is capped at the largest value; no hold lives that long.
fn steps_between(base: Timestamp, until: Timestamp) -> u16 {
    let millis = until.millis() - base.millis();
    u16::try_from((millis + HELD_STEP_MILLIS - 1) / HELD_STEP_MILLIS).unwrap_or(u16::MAX)
}

fn after_steps(base: Timestamp, steps: u16) -> Timestamp {
    Timestamp::from_millis(base.millis().saturating_add(i64::from(steps) * HELD_STEP_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BLOCK_SEATS, HOLD_MAX_SECONDS};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_123);
    /// A hold may be prolonged to three times its duration.
    const LONGEST_MILLIS: i64 = 3 * HOLD_MAX_SECONDS * 1000;

    fn state() -> impl Strategy<Value = SeatState> {
        prop_oneof![
            Just(SeatState::Free),
            Just(SeatState::Sold),
            (-5_000..=LONGEST_MILLIS).prop_map(|millis| SeatState::Held(Timestamp::from_millis(NOW.millis() + millis))),
            (0..4_i64).prop_map(|hold| SeatState::Held(NOW.plus_seconds(60 * hold))),
        ]
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_are_inverse(seats in prop::collection::vec(state(), 0..=200)) {
            let row = pack_seats(&seats, NOW);
            let found = unpack_seats(&row, seats.len()).unwrap();
            for (seat, found) in seats.iter().zip(found) {
                match (seat.at(NOW), found) {
                    (SeatState::Held(until), SeatState::Held(unpacked)) => {
                        prop_assert!((0..HELD_STEP_MILLIS).contains(&(unpacked.millis() - until.millis())));
                    }
                    (seat, found) => prop_assert_eq!(seat, found),
                }
            }
        }

        #[test]
        fn a_packed_shard_has_the_same_free_places(
            counts in prop::collection::btree_map(-20_000_i64..300_000, 1_u32..9, 0..12), sold in 0_u32..50, later in 0_i64..400,
        ) {
            let buckets: BTreeMap<_, _> =
                counts.into_iter().map(|(millis, count)| (Timestamp::from_millis(NOW.millis() + millis / 1000 * 1000), count)).collect();
            let shard = Shard { version: 7, unswept: 1, taken: sold + buckets.values().sum::<u32>(), buckets };
            let found = unpack_shard(&pack_shard(&shard, NOW)).unwrap();
            let later = NOW.plus_seconds(later);
            prop_assert_eq!(found.free(500, later), shard.free(500, later));
            prop_assert!(unpack_shard(&pack_shard(&shard, NOW)[1..]).is_none());
        }

        #[test]
        fn malformed_rows_never_panic(
            row in prop::collection::vec(any::<u8>(), 0..60), seats in 0..200_usize,
        ) {
            let _ = unpack_seats(&row, seats);
            let _ = unpack_shard(&row);
        }

        #[test]
        fn a_truncated_row_is_refused(seats in prop::collection::vec(state(), 0..=200)) {
            let row = pack_seats(&seats, NOW);
            prop_assert!(unpack_seats(&row[..row.len() - 1], seats.len()).is_none());
            prop_assert!(unpack_seats(&[&row[..], &[0]].concat(), seats.len()).is_none());
        }
    }

    #[test]
    fn a_block_is_small_even_if_every_seat_is_held() {
        let block = |seat: &dyn Fn(i64) -> SeatState| {
            pack_seats(&(0..i64::from(BLOCK_SEATS)).map(seat).collect::<Vec<_>>(), NOW).len()
        };
        let held = |seconds: i64| SeatState::Held(NOW.plus_seconds(1 + seconds));
        assert_eq!(block(&|_| SeatState::Free), 258);
        assert_eq!(block(&|_| SeatState::Sold), 258);
        assert_eq!(block(&|seat| held(seat / 4)), 258 + 500);
        assert_eq!(block(&|seat| held(seat / 2)), 258 + 1_000);
        assert_eq!(block(&held), 258 + 2_000);
    }

    #[test]
    fn seats_of_one_hold_share_an_expiry_across_other_seats() {
        let until = SeatState::Held(NOW.plus_seconds(300));
        let seats = [until, SeatState::Sold, until, SeatState::Free, until];
        let row = pack_seats(&seats, NOW);
        assert_eq!(row.len(), 8 + 2 + 2);
        assert_eq!(unpack_seats(&row, 5).unwrap(), seats);
    }

    #[test]
    fn expired_seats_are_free_when_packed_and_when_read() {
        let row = pack_seats(&[SeatState::Held(NOW), SeatState::Held(NOW.plus_seconds(1))], NOW);
        let seats = unpack_seats(&row, 2).unwrap();
        assert_eq!(seats, [SeatState::Free, SeatState::Held(NOW.plus_seconds(1))]);
        assert_eq!(seats[1].at(NOW.plus_seconds(1)), SeatState::Free);
    }

    #[test]
    fn no_hold_expires_beyond_the_packable_range() {
        assert!(i64::from(u16::MAX) * HELD_STEP_MILLIS >= LONGEST_MILLIS);
    }
}
