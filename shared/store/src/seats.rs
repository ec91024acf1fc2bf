//! Taken seats of a house, read from the seats and shards themselves. A free seat has no item.

use crate::{
    Store,
    db::Consistency,
    inventory::{ShardsRead, read_shard},
    keys::{self, Item, from_item},
    limits::BLOCK_READS_AT_ONCE,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    general_admission::{Shard, Share},
    performance::Performance,
    seat_map::SeatState,
    seating::SeatId,
};
use serde::Deserialize;
use std::collections::HashMap;
use tokio::task::JoinSet;
use tracing::Instrument;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Held,
    Sold,
}

/// A seat that has an item.
#[derive(Deserialize)]
pub(crate) struct SeatItem {
    pub(crate) sk: SeatId,
    status: Status,
    hold_expires_at: Option<Timestamp>,
}

impl SeatItem {
    /// The seat's stored state, even if its hold has expired.
    pub(crate) fn state(&self) -> SeatState {
        match (&self.status, self.hold_expires_at) {
            (Status::Sold, _) => SeatState::Sold,
            (Status::Held, Some(until)) => SeatState::Held(until),
            (Status::Held, None) => SeatState::Free,
        }
    }
}

impl Store {
    /// The seats of these blocks that are not free at `now`. One query for each block of 1,000 seats, several at a
    /// time.
    pub(crate) async fn taken_in(
        &self,
        performance: &Performance,
        blocks: impl IntoIterator<Item = u32>,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<HashMap<SeatId, SeatState>> {
        let mut taken = HashMap::new();
        let mut blocks = blocks.into_iter();
        let mut reads = JoinSet::new();
        loop {
            for block in blocks.by_ref().take(BLOCK_READS_AT_ONCE - reads.len()) {
                let partition = keys::block_partition(&performance.performance_id, performance.layout, block);
                let store = self.clone();
                reads.spawn(async move { store.read_block(partition, consistency, now).await }.in_current_span());
            }
            let Some(read) = reads.join_next().await else { return Ok(taken) };
            taken.extend(read.map_err(|error| Error::internal("read a block of seats", error))??);
        }
    }

    /// The shards of `shares`.
    pub(crate) async fn shards(
        &self,
        performance: &Performance,
        shares: &[Share],
        consistency: Consistency,
    ) -> Result<ShardsRead> {
        let key = |share: &Share| keys::shard(&performance.performance_id, performance.layout, share.shard);
        let items = self.get_all(shares.iter().map(key).collect(), consistency).await?;
        let read = |(share, item): (&Share, Option<Item>)| {
            Ok((share.shard, item.map_or_else(|| Ok(Shard::default()), |item| read_shard(&item))?))
        };
        shares.iter().zip(items).map(read).collect()
    }

    async fn read_block(
        &self,
        partition: String,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<Vec<(SeatId, SeatState)>> {
        let mut taken = Vec::new();
        for seat in self.block_seats(&partition, consistency).await? {
            let state = seat.state().at(now);
            if state != SeatState::Free {
                taken.push((seat.sk, state));
            }
        }
        Ok(taken)
    }

    /// All seats of a block that have an item.
    pub(crate) async fn block_seats(&self, partition: &str, consistency: Consistency) -> Result<Vec<SeatItem>> {
        let mut found = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let (items, next) = self
                .query(|query| {
                    query
                        .key_condition_expression("#pk = :pk")
                        .expression_attribute_names("#pk", keys::PK)
                        .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
                        .consistent_read(consistency.is_strong())
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            for item in items {
                found.push(from_item(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
