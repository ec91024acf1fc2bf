//! Holding general admission places. Usually one stripe of the area is enough: it is chosen by the hold's id and
//! written without being read. If it has too few places, all stripes are read, and places are taken from as many as
//! necessary.

use super::Holder;
use crate::{
    Store,
    claims::{StripesRead, read_stripe},
    db::Consistency,
    keys,
};
use frontrow_domain::{
    Error, Result,
    general_admission::{Area, Share, split},
    hold::Hold,
    limits::HOLD_ATTEMPTS,
};

/// A search for `quantity` places of one area.
pub(super) struct Search<'a> {
    pub(super) store: &'a Store,
    pub(super) holder: &'a Holder<'a>,
    pub(super) area: &'a Area,
    pub(super) shares: Vec<Share>,
    pub(super) quantity: u32,
}

/// How many places to take from which stripes, and the stripes as they were read.
struct Choice {
    parts: Vec<(u32, u32)>,
    seen: StripesRead,
}

impl Search<'_> {
    /// # Errors
    /// As [`Store::hold_grade`].
    pub(super) async fn hold(self, hold: Hold) -> Result<Hold> {
        let Holder { performance, .. } = *self.holder;
        let home = hold.hold_id.spread(self.shares.len());
        let mut choice = match self.shares[home] {
            Share { stripe, places } if places >= self.quantity => {
                Choice { parts: vec![(stripe, self.quantity)], seen: StripesRead::default() }
            }
            _ => self.look(home).await?,
        };
        for attempt in 1..=HOLD_ATTEMPTS {
            let hold = hold.clone().of_places(self.area, &choice.parts, performance);
            let Err(refusal) = self.store.attempt(self.holder, &hold, &choice.seen).await? else { return Ok(hold) };
            if attempt > 1 {
                self.store.back_off(attempt).await;
            }
            choice = match choice.parts[..] {
                // The image of the failed condition is the current state of the only stripe.
                [(stripe, _)] => {
                    let image = refusal.image(&keys::stripe(hold.performance_id(), hold.layout, stripe));
                    let (seen, share) = (read_stripe(&image.unwrap_or_default())?, self.share_of(stripe));
                    if seen.free(share, self.holder.now) >= self.quantity {
                        Choice { seen: StripesRead::from([(stripe, seen)]), ..choice }
                    } else {
                        self.look(home).await?
                    }
                }
                _ => self.look(home).await?,
            };
        }
        Err(Error::Busy)
    }

    fn share_of(&self, stripe: u32) -> u32 {
        self.shares.iter().find(|share| share.stripe == stripe).map_or(0, |share| share.places)
    }

    /// Chooses from all stripes as they are now.
    async fn look(&self, home: usize) -> Result<Choice> {
        let seen = self.store.stripes(self.holder.performance, &self.shares, Consistency::Strong).await?;
        let free = |share: &Share| (share.stripe, seen[&share.stripe].free(share.places, self.holder.now));
        let free: Vec<(u32, u32)> = self.shares.iter().map(free).collect();
        if let Some(parts) = split(&free, self.quantity, home) {
            return Ok(Choice { parts, seen });
        }
        // The contract reports the member's own limits first.
        self.store.check_stake(self.holder, self.quantity).await?;
        Err(Error::NotEnoughSeats { available: free.iter().map(|(_, free)| free).sum() })
    }
}
