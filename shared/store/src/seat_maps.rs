//! The free seats of a house for display: read from the seats themselves if the house is small, from a projection if
//! it is large.
//!
//! The projection has one row for each part of the house (a block of seats or a shard of places) from which anything
//! was ever taken. A change of a seat or shard only identifies the part to be read again ([`Store::project_parts`]).
//! The row is rebuilt from the part itself, so changes may arrive twice, late or out of order. If a part has no row,
//! nothing was ever taken from it, because every taking is a change.

use crate::{
    Store,
    conditions::MAP_ROW_UNCHANGED,
    db::Consistency,
    keys::{self, Item, Part, from_item},
    limits::{BLOCK_READS_AT_ONCE, PROJECTION_ATTEMPTS},
    write::Write,
};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use frontrow_domain::{
    Error, Result, Timestamp,
    general_admission::Share,
    limits::LIVE_SEATS_MAX,
    performance::Performance,
    seat_map::{SeatMap, pack_seats, pack_shard},
    seating::Seating,
};
use futures_util::{StreamExt, future, stream};
use serde::Deserialize;
use std::sync::Arc;

/// The metadata of a row.
#[derive(Deserialize)]
struct RowFacts {
    sk: String,
    /// Counts the writes of the row.
    seq: u64,
    /// A time before the part was read.
    read_at: Timestamp,
}

impl Store {
    /// The free seats of a house. For a large one, from its projection with one query, at most half a second old.
    ///
    /// # Errors
    /// As any read.
    pub async fn seat_map(&self, performance: &Performance, now: Timestamp) -> Result<Arc<SeatMap>> {
        if performance.seating.places() <= LIVE_SEATS_MAX {
            return Ok(Arc::new(self.live_seat_map(performance, now).await?));
        }
        let id = (performance.performance_id.clone(), performance.layout);
        self.caches.seat_maps.get(&id, now, |_| self.projected_seat_map(performance)).await
    }

    async fn live_seat_map(&self, performance: &Performance, now: Timestamp) -> Result<SeatMap> {
        let mut map = SeatMap::all_free(&performance.seating, now);
        match &performance.seating {
            Seating::Numbered(house) => {
                let taken = self.taken_in(performance, 0..house.blocks(), Consistency::Eventual, now).await?;
                for (seat_id, state) in taken {
                    map.set_seat(house, &seat_id, state);
                }
            }
            Seating::General(house) => {
                let shares: Vec<Share> = house.areas().flat_map(|(_, shares)| shares).collect();
                map.set_shards(self.shards(performance, &shares, Consistency::Eventual).await?);
            }
        }
        Ok(map)
    }

    async fn projected_seat_map(&self, performance: &Performance) -> Result<SeatMap> {
        let partition = keys::map_partition(&performance.performance_id, performance.layout);
        let (rows, more) = self
            .query(|query| {
                query
                    .key_condition_expression("#pk = :pk")
                    .expression_attribute_names("#pk", keys::PK)
                    .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
            })
            .await?;
        if more.is_some() {
            return Err(Error::internal("read a seat map", "the rows exceed one page"));
        }
        let mut map = SeatMap::all_free(&performance.seating, performance.created_at);
        for row in rows {
            let packed = packed_of(&row)?;
            let facts: RowFacts = from_item(row)?;
            let number = facts.sk.parse().map_err(|error| Error::internal("read a seat map", error))?;
            map.set_part(&performance.seating, number, packed.as_ref())?;
            map.as_of = map.as_of.max(facts.read_at);
        }
        Ok(map)
    }

    /// Rebuilds the rows of `parts`, several at a time; `now` is before anything is read. Returns those that failed.
    pub async fn project_parts(&self, parts: impl IntoIterator<Item = Part>, now: Timestamp) -> Vec<(Part, Error)> {
        let project = async |part: Part| self.project_part(&part, now).await.err().map(|error| (part, error));
        let working: Vec<_> = parts.into_iter().map(project).collect();
        stream::iter(working).buffer_unordered(BLOCK_READS_AT_ONCE).filter_map(future::ready).collect().await
    }

    /// Rebuilds a row from the part's seats or its shard. Of two concurrent projectors the slower one reads again,
    /// so that a row is never built from anything older than the row it replaces.
    ///
    /// # Errors
    /// [`Error::Busy`] after [`PROJECTION_ATTEMPTS`] lost races; as any read or write.
    async fn project_part(&self, part: &Part, now: Timestamp) -> Result<()> {
        let Some(performance) = self.performance_of(part, now).await? else { return Ok(()) };
        for attempt in 1..=PROJECTION_ATTEMPTS {
            let row = self.get(&keys::map_row(part), Consistency::Strong).await?;
            let seen_seq = row.map(from_item::<RowFacts>).transpose()?.map_or(0, |facts| facts.seq);
            let Some(packed) = self.packed_part(&performance, part.number, now).await? else { return Ok(()) };
            let put = Write::put(row_item(part, seen_seq + 1, now, packed)).when(&MAP_ROW_UNCHANGED);
            if self.write(put.value("seen_seq", seen_seq)).await?.is_ok() {
                return Ok(());
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// The packed state of the part; `None` if the house has no such part.
    async fn packed_part(&self, performance: &Performance, number: u32, now: Timestamp) -> Result<Option<Vec<u8>>> {
        match &performance.seating {
            Seating::Numbered(house) if number < house.blocks() => {
                let mut map = SeatMap::all_free(&performance.seating, now);
                let taken = self.taken_in(performance, [number], Consistency::Strong, now).await?;
                for (seat_id, state) in taken {
                    map.set_seat(house, &seat_id, state);
                }
                Ok(Some(pack_seats(map.block(number), now)))
            }
            Seating::General(house) if house.share_of(number) > 0 => {
                let share = Share { shard: number, places: house.share_of(number) };
                let shards = self.shards(performance, &[share], Consistency::Strong).await?;
                Ok(shards.get(&number).map(|shard| pack_shard(shard, now)))
            }
            _ => Ok(None),
        }
    }

    /// The performance that the part belongs to, if its map is a projection. `None` if the part belongs to an older
    /// layout or a deleted performance, whose map nobody reads. A version of a layout never changes, so a copy with
    /// that version is enough.
    async fn performance_of(&self, part: &Part, now: Timestamp) -> Result<Option<Performance>> {
        let found = match self.listing(&part.performance_id, now).await {
            Ok(listing) if listing.performance.layout == part.layout => Some(listing.performance.clone()),
            Ok(_) | Err(Error::NotFound) => {
                let item = self.get(&keys::performance(&part.performance_id), Consistency::Strong).await?;
                item.map(from_item::<Performance>).transpose()?
            }
            Err(error) => return Err(error),
        };
        let is_projected = |performance: &Performance| {
            performance.layout == part.layout && performance.seating.places() > LIVE_SEATS_MAX
        };
        Ok(found.filter(is_projected))
    }
}

fn row_item(part: &Part, seq: u64, read_at: Timestamp, packed: Vec<u8>) -> Item {
    let mut item = Item::from(keys::map_row(part));
    item.insert("seq".to_owned(), AttributeValue::N(seq.to_string()));
    item.insert("read_at".to_owned(), AttributeValue::N(read_at.millis().to_string()));
    item.insert("row".to_owned(), AttributeValue::B(Blob::new(packed)));
    item
}

fn packed_of(row: &Item) -> Result<Blob> {
    let packed = row.get("row").and_then(|value| value.as_b().ok()).cloned();
    packed.ok_or_else(|| Error::internal("read a seat map", "a row has no packed seats"))
}
