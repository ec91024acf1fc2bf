//! Holding the best available seats. They are chosen from a map of the grade's blocks that is read for this purpose,
//! and chosen again from a fresh map if another member was faster. A large house is read from a random block on, and
//! only as far as necessary.

use super::Holder;
use crate::{Store, db::Consistency, inventory::ShardsRead, limits::BLOCK_READS_AT_ONCE};
use frontrow_domain::{
    Error, Result,
    best_available::{choose, together},
    hold::Hold,
    limits::HOLD_ATTEMPTS,
    seat_map::SeatState,
    seating::{Numbered, SeatId, SeatSpot},
};
use std::collections::{HashMap, HashSet};

/// A search for `quantity` seats of one grade.
pub(super) struct Search<'a> {
    pub(super) store: &'a Store,
    pub(super) holder: &'a Holder<'a>,
    pub(super) house: &'a Numbered,
    pub(super) grade: &'a str,
    pub(super) quantity: u32,
    pub(super) blocks: Vec<u32>,
}

impl<'a> Search<'a> {
    /// # Errors
    /// As [`Store::hold_grade`].
    pub(super) async fn hold(self, hold: Hold) -> Result<Hold> {
        // A slightly stale map is good enough for the first choice, but neither for the next one nor for a refusal.
        let mut consistency = Consistency::Eventual;
        for attempt in 1..=HOLD_ATTEMPTS {
            let mut chosen = self.look(consistency).await?;
            if chosen.is_err() && consistency == Consistency::Eventual {
                chosen = self.look(Consistency::Strong).await?;
            }
            let seats = match chosen {
                Ok(seats) => seats,
                Err(available) => {
                    // The contract reports the member's own limits first.
                    self.store.check_stake(self.holder, self.quantity).await?;
                    return Err(Error::NotEnoughSeats { available });
                }
            };
            let hold = hold.clone().of_seats(&seats);
            if self.store.attempt(self.holder, &hold, &ShardsRead::default()).await?.is_ok() {
                return Ok(hold);
            }
            consistency = Consistency::Strong;
            if attempt > 1 {
                self.store.back_off(attempt).await;
            }
        }
        Err(Error::Busy)
    }

    /// Chooses from the seats as they are; if there are not enough, returns how many there are.
    async fn look(&self, consistency: Consistency) -> Result<Result<Vec<SeatSpot<'a>>, u32>> {
        let quantity = self.quantity as usize;
        let dice = || (self.store.entropy.fraction)();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "50 blocks"
        )]
        let first = (self.blocks.len() as f64 * dice()) as usize;
        let mut blocks = self.blocks.iter().copied().cycle().skip(first).take(self.blocks.len()).peekable();
        let mut read = HashSet::new();
        let mut taken = HashMap::new();
        // One block first, then twice as many in each step, up to `BLOCK_READS_AT_ONCE`.
        let mut step = 1;
        while blocks.peek().is_some() {
            let next: Vec<u32> = blocks.by_ref().take(step).collect();
            read.extend(&next);
            taken.extend(self.store.taken_in(self.holder.performance, next, consistency, self.holder.now).await?);
            if let Some(seats) = together(&self.free(&read, &taken), quantity, dice(), dice()) {
                return Ok(Ok(seats));
            }
            step = BLOCK_READS_AT_ONCE.min(2 * step);
        }
        let free = self.free(&read, &taken);
        Ok(choose(&free, quantity, dice(), dice()).ok_or(u32::try_from(free.len()).unwrap_or(u32::MAX)))
    }

    /// The free seats of the grade in the `read` blocks, in layout order.
    fn free(&self, read: &HashSet<u32>, taken: &HashMap<SeatId, SeatState>) -> Vec<SeatSpot<'a>> {
        let places = self.house.places_of(self.grade).filter(|place| read.contains(&place.block()));
        places.filter(|place| !taken.contains_key(&place.seat_id())).collect()
    }
}
