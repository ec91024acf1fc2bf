//! What is taken of a house. A free seat has no item.

use crate::{
    Store,
    conditions::{FREE_SEAT, SELL_SEAT, TAKE_SEAT},
    db::Consistency,
    keys::{self, Item, from_item},
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::{HeldSeat, Hold},
    ids::PerformanceId,
    limits::BLOCK_READS_AT_ONCE,
    performance::Performance,
    seating::SeatId,
};
use serde::Deserialize;
use std::collections::HashMap;
use tokio::task::JoinSet;
use tracing::Instrument;

/// How a taken seat is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// In a hold, until that moment.
    Held,
    /// Sold.
    Sold,
}

#[derive(Deserialize)]
struct SeatItem {
    sk: SeatId,
    status: Taken,
    hold_expires_at: Option<Timestamp>,
}

/// The seats of a house that are not free at some moment.
#[derive(Debug, Default)]
pub struct TakenSeats(HashMap<SeatId, Taken>);

impl TakenSeats {
    /// How the seat is taken; `None` where it is free.
    pub fn get(&self, seat_id: &str) -> Option<Taken> {
        self.0.get(seat_id).copied()
    }

    /// The ids of all of them.
    pub fn seat_ids(&self) -> impl Iterator<Item = &SeatId> {
        self.0.keys()
    }
}

pub(crate) fn take(hold: &Hold, seat: &HeldSeat, now: Timestamp) -> Write {
    let key = keys::seat(hold.performance_id(), hold.layout, seat.block, &seat.seat_id);
    Write::update(key, "SET #status = :held, #hold_id = :hold_id, #hold_expires_at = :hold_expires_at, #entity = :seat")
        .when(&TAKE_SEAT)
        .value("held", "held")
        .value("hold_id", hold.hold_id.to_string())
        .value("hold_expires_at", hold.expires_at)
        .value("seat", "seat")
        .value("now", now)
}

pub(crate) fn sell(hold: &Hold, seat: &HeldSeat) -> Write {
    let key = keys::seat(hold.performance_id(), hold.layout, seat.block, &seat.seat_id);
    Write::update(key, "SET #status = :sold REMOVE #hold_expires_at")
        .when(&SELL_SEAT)
        .value("sold", "sold")
        .value("held", "held")
        .value("hold_id", hold.hold_id.to_string())
}

pub(crate) fn free_held(hold: &Hold, seat: &HeldSeat) -> Write {
    let key = keys::seat(hold.performance_id(), hold.layout, seat.block, &seat.seat_id);
    Write::delete(key).when(&FREE_SEAT).value("held", "held").value("hold_id", hold.hold_id.to_string())
}

/// Frees a sold seat. No condition: the reservation's own says that it is confirmed, and while it is, its seats are its.
pub(crate) fn free_sold(performance: &PerformanceId, layout: u32, seat: &HeldSeat) -> Write {
    Write::delete(keys::seat(performance, layout, seat.block, &seat.seat_id))
}

impl Store {
    /// The seats of `performance` that are taken at `now`. One query for each block of 1,000 seats, several at a time.
    ///
    /// # Errors
    /// As any read.
    pub async fn taken_seats(&self, performance: &Performance, now: Timestamp) -> Result<TakenSeats> {
        let mut taken = HashMap::new();
        let mut blocks = 0..performance.numbered().blocks();
        let mut reads = JoinSet::new();
        loop {
            for block in blocks.by_ref().take(BLOCK_READS_AT_ONCE - reads.len()) {
                let partition = keys::block_partition(&performance.performance_id, performance.layout, block);
                let store = self.clone();
                reads.spawn(async move { store.read_block(partition, now).await }.in_current_span());
            }
            let Some(read) = reads.join_next().await else { return Ok(TakenSeats(taken)) };
            taken.extend(read.map_err(|error| Error::internal("read a block of seats", error))??);
        }
    }

    async fn read_block(&self, partition: String, now: Timestamp) -> Result<Vec<(SeatId, Taken)>> {
        let mut taken = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let (items, next) = self
                .query(|query| {
                    query
                        .key_condition_expression("#pk = :pk")
                        .expression_attribute_names("#pk", keys::PK)
                        .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                        .consistent_read(Consistency::Eventual.is_strong())
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            for item in items {
                let seat: SeatItem = from_item(item)?;
                let lapsed = seat.status == Taken::Held && seat.hold_expires_at.is_none_or(|until| until <= now);
                if !lapsed {
                    taken.push((seat.sk, seat.status));
                }
            }
            start = next;
            if start.is_none() {
                return Ok(taken);
            }
        }
    }
}
