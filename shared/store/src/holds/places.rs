//! Holding general admission places. Usually one shard of the area is enough: it is chosen by the hold's id and
//! written without being read. If it has too few places, all shards are read, and places are taken from as many as
//! necessary.

use super::Holder;
use crate::{
    Store,
    db::Consistency,
    inventory::{ShardsRead, read_shard},
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

/// How many places to take from which shards, and the shards as they were read.
struct Choice {
    parts: Vec<(u32, u32)>,
    seen: ShardsRead,
}

impl Search<'_> {
    /// # Errors
    /// As [`Store::hold_grade`].
    pub(super) async fn hold(self, hold: Hold) -> Result<Hold> {
        let Holder { performance, .. } = *self.holder;
        let home = hold.hold_id.spread(self.shares.len());
        let mut choice = match self.shares[home] {
            Share { shard, places } if places >= self.quantity => {
                Choice { parts: vec![(shard, self.quantity)], seen: ShardsRead::default() }
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
                // The image of the failed condition is the current state of the only shard.
                [(shard, _)] => {
                    let image = refusal.image(&keys::shard(hold.performance_id(), hold.layout, shard));
                    let (seen, share) = (read_shard(&image.unwrap_or_default())?, self.share_of(shard));
                    if seen.free(share, self.holder.now) >= self.quantity {
                        Choice { seen: ShardsRead::from([(shard, seen)]), ..choice }
                    } else {
                        self.look(home).await?
                    }
                }
                _ => self.look(home).await?,
            };
        }
        Err(Error::Busy)
    }

    fn share_of(&self, shard: u32) -> u32 {
        self.shares.iter().find(|share| share.shard == shard).map_or(0, |share| share.places)
    }

    /// Chooses from all shards as they are now.
    async fn look(&self, home: usize) -> Result<Choice> {
        let seen = self.store.shards(self.holder.performance, &self.shares, Consistency::Strong).await?;
        let free = |share: &Share| (share.shard, seen[&share.shard].free(share.places, self.holder.now));
        let free: Vec<(u32, u32)> = self.shares.iter().map(free).collect();
        if let Some(parts) = split(&free, self.quantity, home) {
            return Ok(Choice { parts, seen });
        }
        // The contract reports the member's own limits first.
        self.store.check_stake(self.holder, self.quantity).await?;
        Err(Error::NotEnoughSeats { available: free.iter().map(|(_, free)| free).sum() })
    }
}
