//! What is taken of a house. A free seat has no item.

use crate::{
    Store,
    claims::{Seen, read_stripe},
    db::Consistency,
    keys::{self, Item, from_item},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    general::{Area, General, Share, Stripe},
    limits::BLOCK_READS_AT_ONCE,
    performance::Performance,
    seating::{SeatId, Seating},
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

/// A seat that has an item.
#[derive(Deserialize)]
pub(crate) struct SeatItem {
    pub(crate) sk: SeatId,
    pub(crate) status: Taken,
    pub(crate) hold_expires_at: Option<Timestamp>,
}

/// What of a house is not free at some moment.
#[derive(Debug, Default)]
pub struct TakenSeats {
    seats: HashMap<SeatId, Taken>,
    /// By grade, where places are only counted.
    places: HashMap<String, u32>,
}

impl TakenSeats {
    /// How the seat is taken; `None` where it is free.
    pub fn get(&self, seat_id: &str) -> Option<Taken> {
        self.seats.get(seat_id).copied()
    }

    /// How many are taken of each grade of which any are.
    pub fn by_grade(&self, performance: &Performance) -> HashMap<String, u32> {
        let Some(house) = performance.numbered() else { return self.places.clone() };
        let mut taken: HashMap<String, u32> = HashMap::new();
        for place in self.seats.keys().filter_map(|seat_id| house.find(seat_id)) {
            *taken.entry(place.section.grade.as_str().to_owned()).or_default() += 1;
        }
        taken
    }
}

impl Store {
    /// What of `performance` is taken at `now`. One query for each block of 1,000 seats, several at a time; where places are
    /// only counted, one read of all stripes.
    ///
    /// # Errors
    /// As any read.
    pub async fn taken_seats(&self, performance: &Performance, now: Timestamp) -> Result<TakenSeats> {
        match &performance.seating {
            Seating::Numbered(house) => {
                let seats = self.taken_in(performance, 0..house.blocks(), Consistency::Eventual, now).await?;
                Ok(TakenSeats { seats, places: HashMap::new() })
            }
            Seating::General(house) => {
                let places = self.places_taken(house, performance, now).await?;
                Ok(TakenSeats { seats: HashMap::new(), places })
            }
        }
    }

    async fn places_taken(
        &self,
        house: &General,
        performance: &Performance,
        now: Timestamp,
    ) -> Result<HashMap<String, u32>> {
        let shares: Vec<Share> = house.areas().flat_map(|(_, shares)| shares).collect();
        let stripes = self.stripes(performance, &shares, Consistency::Eventual).await?;
        let taken = |share: &Share| share.places - stripes[&share.stripe].free(share.places, now);
        let of_area =
            |(area, shares): (&Area, Vec<Share>)| (area.grade.as_str().to_owned(), shares.iter().map(taken).sum());
        Ok(house.areas().map(of_area).collect())
    }

    /// These stripes as they are.
    pub(crate) async fn stripes(
        &self,
        performance: &Performance,
        shares: &[Share],
        consistency: Consistency,
    ) -> Result<Seen> {
        let key = |share: &Share| keys::stripe(&performance.performance_id, performance.layout, share.stripe);
        let items = self.get_all(shares.iter().map(key).collect(), consistency).await?;
        let read = |(share, item): (&Share, Option<Item>)| {
            Ok((share.stripe, item.map_or_else(|| Ok(Stripe::default()), |item| read_stripe(&item))?))
        };
        shares.iter().zip(items).map(read).collect()
    }

    /// What is taken in these blocks.
    pub(crate) async fn taken_in(
        &self,
        performance: &Performance,
        blocks: impl IntoIterator<Item = u32>,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<HashMap<SeatId, Taken>> {
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

    async fn read_block(
        &self,
        partition: String,
        consistency: Consistency,
        now: Timestamp,
    ) -> Result<Vec<(SeatId, Taken)>> {
        let mut taken = Vec::new();
        for seat in self.block_seats(&partition, consistency).await? {
            let lapsed = seat.status == Taken::Held && seat.hold_expires_at.is_none_or(|until| until <= now);
            if !lapsed {
                taken.push((seat.sk, seat.status));
            }
        }
        Ok(taken)
    }

    /// All of a block that have an item.
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
