//! Whether seats or places of a performance are held or owned; part of [`super::freeze`].

use crate::{
    Store,
    db::Consistency,
    inventory, keys,
    limits::{BLOCK_READS_AT_ONCE, LAPSED_ENDS_AT_ONCE},
    write::Write,
};
use frontrow_domain::{
    Result, Timestamp,
    general_admission::{GeneralAdmission, Shard},
    limits::LAPSED_PAYABLE_SECONDS,
    performance::Performance,
    seat_map::SeatState,
    seating::{Numbered, Seating},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::future::Future;

impl Store {
    /// Whether anybody holds or owns seats of `performance` at `now`, read consistently. `finally` ends expired holds
    /// that a payment with a slow clock may still be about to pay, so that the result stays true while nothing can be
    /// held.
    pub(super) async fn is_taken(&self, performance: &Performance, now: Timestamp, finally: bool) -> Result<bool> {
        match &performance.seating {
            Seating::Numbered(house) => self.is_seat_taken(house, performance, now, finally).await,
            Seating::General(house) => self.is_place_taken(house, performance, now, finally).await,
        }
    }

    async fn is_seat_taken(
        &self,
        house: &Numbered,
        performance: &Performance,
        now: Timestamp,
        finally: bool,
    ) -> Result<bool> {
        let partition = |block| keys::block_partition(&performance.performance_id, performance.layout, block);
        let looks = (0..house.blocks()).map(|block| self.is_block_taken(partition(block), now, finally)).collect();
        any(looks, BLOCK_READS_AT_ONCE).await
    }

    async fn is_block_taken(&self, partition: String, now: Timestamp, finally: bool) -> Result<bool> {
        let payable_since = now.plus_seconds(-LAPSED_PAYABLE_SECONDS);
        let mut payable = Vec::new();
        for seat in self.block_seats(&partition, Consistency::Strong).await? {
            match seat.state() {
                SeatState::Held(until) if until <= now => payable.extend((payable_since < until).then_some(seat.sk)),
                _ => return Ok(true),
            }
        }
        if !finally {
            return Ok(false);
        }
        let end = |seat_id: String| inventory::end_lapsed_seat(keys::block_seat(&partition, &seat_id), now);
        any(payable.into_iter().map(|seat_id| self.is_kept(end(seat_id))).collect(), LAPSED_ENDS_AT_ONCE).await
    }

    async fn is_place_taken(
        &self,
        house: &GeneralAdmission,
        performance: &Performance,
        now: Timestamp,
        finally: bool,
    ) -> Result<bool> {
        let shares: Vec<_> = house.areas().flat_map(|(_, shares)| shares).collect();
        let shards = self.shards(performance, &shares, Consistency::Strong).await?;
        if shards.values().any(|shard| shard.is_taken(now)) {
            return Ok(true);
        }
        if !finally {
            return Ok(false);
        }
        let key = |shard| keys::shard(&performance.performance_id, performance.layout, shard);
        let end = |(shard, seen): (&u32, &Shard)| inventory::end_lapsed_places(key(*shard), seen);
        let touched = shards.iter().filter(|(_, seen)| seen.version > 0);
        any(touched.map(|shard| self.is_kept(end(shard))).collect(), LAPSED_ENDS_AT_ONCE).await
    }

    /// Ends an expired hold; `true` if it was paid meanwhile.
    async fn is_kept(&self, end: Write) -> Result<bool> {
        // If there is no item, it was released, or this write succeeded and its response was lost.
        Ok(matches!(self.write(end).await?, Err(Some(_))))
    }
}

/// Whether any of `looks` returns `true`. Runs at most `at_once` of them at a time.
async fn any<F: Future<Output = Result<bool>>>(looks: Vec<F>, at_once: usize) -> Result<bool> {
    let mut looks = std::pin::pin!(stream::iter(looks).buffer_unordered(at_once));
    while let Some(found) = looks.try_next().await? {
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
