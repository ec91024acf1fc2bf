//! The writes of a hold's or reservation's claim: one for each numbered seat, and one for each shard of a general
//! admission area. No other module writes seats and shards.
//!
//! Writes to a shard are blind: they add to its counts under a condition, without having read it. The exception is a
//! write that gives expired places back: it replaces the shard that was read, conditioned on its version.

use crate::{
    conditions::{
        FREE_PLACES, FREE_SEAT, HOLD_LAPSED, PROLONG_PLACES, PROLONG_SEAT, SELL_PLACES, SELL_SEAT, SHARD_UNCHANGED,
        TAKE_PLACES, TAKE_SEAT,
    },
    db::Refusal,
    keys::{self, Item, Key, attribute, item_of},
    limits::SHARD_UNSWEPT_MAX,
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    general_admission::{GeneralAdmission, Shard},
    hold::{HeldSeat, Hold, Taken, taken},
    ids::PerformanceId,
    reservation::Reservation,
    seating::Seating,
};
use std::collections::BTreeMap;

/// The seats and places of `hold` that were refused.
pub(crate) fn refused<'a>(hold: &'a Hold, refusal: &'a Refusal) -> impl Iterator<Item = &'a HeldSeat> {
    hold.seats.iter().filter(move |seat| refusal.is_of(&key_of(hold, &seat.taken)))
}

/// Checks that `hold` still has what it took.
///
/// # Errors
/// [`Error::HoldExpired`] if a seat or place of it was refused.
pub(crate) fn check_kept(hold: &Hold, refusal: &Refusal) -> Result<()> {
    if refused(hold, refusal).next().is_some() { Err(Error::HoldExpired) } else { Ok(()) }
}

/// Shards as read a moment ago.
pub(crate) type ShardsRead = BTreeMap<u32, Shard>;

/// Takes what `hold` took. If a shard was `seen` to have expired places, they are given back and taken first.
pub(crate) fn take(hold: &Hold, seating: &Seating, seen: &ShardsRead, now: Timestamp) -> Vec<Write> {
    let take = |(taken, count): (&Taken, u32)| match (taken, seating) {
        (Taken::Place { shard }, Seating::General(house)) => {
            take_places(hold, house, *shard, count, seen.get(shard), now)
        }
        (taken, _) => Write::update(
            key_of(hold, taken),
            "SET #status = :held, #hold_id = :hold_id, #hold_expires_at = :hold_expires_at, #entity = :seat",
        )
        .when(&TAKE_SEAT)
        .value("held", "held")
        .value("hold_id", hold.hold_id.to_string())
        .value("hold_expires_at", hold.expires_at)
        .value("seat", "seat")
        .value("now", now),
    };
    taken(&hold.seats).map(take).collect()
}

fn take_places(
    hold: &Hold,
    house: &GeneralAdmission,
    shard: u32,
    count: u32,
    seen: Option<&Shard>,
    now: Timestamp,
) -> Write {
    let key = keys::shard(hold.performance_id(), hold.layout, shard);
    let end = hold.bucket_end.unwrap_or(hold.expires_at);
    let room = i64::from(house.share_of(shard)) - i64::from(count);
    let is_due = |seen: &Shard| i64::from(seen.taken) > room || seen.unswept >= SHARD_UNSWEPT_MAX;
    if let Some(seen) = seen.filter(|seen| seen.has_lapsed(now) && is_due(seen)) {
        let next = seen.swept_and_taken(count, end, now);
        return Write::put(shard_item(key, &next)).when(&SHARD_UNCHANGED).value("version", seen.version);
    }
    let taking = match seen {
        None => {
            Write::update(key, "SET #entity = :shard ADD #taken :count, #bucket :count, #version :one, #unswept :one")
                .value("unswept_max", SHARD_UNSWEPT_MAX)
        }
        // Nothing had expired, so the next write need not check at once.
        Some(_) => {
            Write::update(key, "SET #entity = :shard, #unswept = :one ADD #taken :count, #bucket :count, #version :one")
                .value("unswept_max", u32::MAX)
        }
    };
    taking
        .when(&TAKE_PLACES)
        .naming("bucket", &keys::bucket(end))
        .value("room", room)
        .value("count", count)
        .value("one", 1)
        .value("shard", "stripe")
}

/// Sells what `hold` took.
pub(crate) fn sell(hold: &Hold) -> Vec<Write> {
    let sell = |(taken, count): (&Taken, u32)| match taken {
        Taken::Seat { .. } => Write::update(key_of(hold, taken), "SET #status = :sold REMOVE #hold_expires_at")
            .when(&SELL_SEAT)
            .value("sold", "sold")
            .value("sold_from", hold.hold_id.to_string()),
        Taken::Place { .. } => Write::update(key_of(hold, taken), "ADD #bucket :minus, #version :one")
            .when(&SELL_PLACES)
            .naming("bucket", &bucket(hold))
            .value("minus", -i64::from(count))
            .value("one", 1)
            .value("sold", count),
    };
    taken(&hold.seats).map(sell).collect()
}

/// Frees what `hold` took and still has.
pub(crate) fn free_held(hold: &Hold) -> Vec<Write> {
    let free = |(taken, count): (&Taken, u32)| match taken {
        Taken::Seat { .. } => {
            Write::delete(key_of(hold, taken)).when(&FREE_SEAT).value("freed_from", hold.hold_id.to_string())
        }
        Taken::Place { .. } => Write::update(key_of(hold, taken), "ADD #bucket :minus, #taken :minus, #version :one")
            .when(&FREE_PLACES)
            .naming("bucket", &bucket(hold))
            .value("minus", -i64::from(count))
            .value("one", 1)
            .value("freed", count),
    };
    taken(&hold.seats).map(free).collect()
}

/// Frees sold seats and places. It needs no condition: the reservation's own condition requires it to be confirmed,
/// and while it is, they belong to it.
pub(crate) fn free_sold(reservation: &Reservation) -> Vec<Write> {
    let free = |(taken, count): (&Taken, u32)| {
        let key = key(&reservation.sold.performance_id, reservation.layout, taken);
        match taken {
            Taken::Seat { .. } => Write::delete(key),
            Taken::Place { .. } => {
                Write::update(key, "ADD #taken :minus, #version :one").value("minus", -i64::from(count)).value("one", 1)
            }
        }
    };
    taken(&reservation.seats).map(free).collect()
}

/// Frees a seat of a hold that has expired at `now` for good: a payment with a slow clock finds nothing to sell.
pub(crate) fn end_lapsed_seat(seat: Key, now: Timestamp) -> Write {
    Write::delete(seat).when(&HOLD_LAPSED).value("now", now)
}

/// Frees all expired places of a shard that must still be as it was `seen`.
pub(crate) fn end_lapsed_places(shard: Key, seen: &Shard) -> Write {
    Write::delete(shard).when(&SHARD_UNCHANGED).value("version", seen.version)
}

/// Keeps what `hold` took until `prolonged` expires; `prolonged` is its [`Hold::prolonged`].
pub(crate) fn prolong(hold: &Hold, prolonged: &Hold) -> Vec<Write> {
    let prolong = |(taken, count): (&Taken, u32)| match taken {
        Taken::Seat { .. } => Write::update(key_of(hold, taken), "SET #hold_expires_at = :hold_expires_at")
            .when(&PROLONG_SEAT)
            .value("kept_in", hold.hold_id.to_string())
            .value("hold_expires_at", prolonged.expires_at),
        Taken::Place { .. } => {
            let update = if hold.bucket_end == prolonged.bucket_end {
                Write::update(key_of(hold, taken), "ADD #version :one")
            } else {
                Write::update(key_of(hold, taken), "ADD #bucket :minus, #later :kept, #version :one")
                    .naming("later", &bucket(prolonged))
                    .value("minus", -i64::from(count))
            };
            let update = update.when(&PROLONG_PLACES).naming("bucket", &bucket(hold));
            update.value("one", 1).value("kept", count)
        }
    };
    taken(&hold.seats).map(prolong).collect()
}

/// The bucket of a hold of places.
fn bucket(hold: &Hold) -> String {
    keys::bucket(hold.bucket_end.unwrap_or_default())
}

fn key_of(hold: &Hold, taken: &Taken) -> Key {
    key(hold.performance_id(), hold.layout, taken)
}

fn key(performance: &PerformanceId, layout: u32, taken: &Taken) -> Key {
    match taken {
        Taken::Seat { block, seat_id } => keys::seat(performance, layout, *block, seat_id),
        Taken::Place { shard } => keys::shard(performance, layout, *shard),
    }
}

/// Serializes a shard as an item.
fn shard_item(key: Key, shard: &Shard) -> Item {
    let counts = [("taken", u64::from(shard.taken)), ("version", shard.version), ("unswept", shard.unswept.into())];
    let mut item: Item = item_of(key, "stripe", &BTreeMap::from(counts));
    item.extend(shard.buckets.iter().map(|(end, count)| (keys::bucket(*end), attribute(count))));
    item
}

/// Reads a shard from an item. An empty item is a shard of which nothing was taken.
///
/// # Errors
/// [`Error::Internal`] if the item is not a shard.
pub(crate) fn read_shard(item: &Item) -> Result<Shard> {
    let read = |value: &AttributeValue| value.as_n().ok().and_then(|n| n.parse::<u64>().ok());
    let count = |value| read(value).and_then(|n| u32::try_from(n).ok());
    let mut shard = Shard::default();
    for (name, value) in item {
        let known = match name.as_str() {
            "taken" => count(value).map(|taken| shard.taken = taken),
            "unswept" => count(value).map(|unswept| shard.unswept = unswept),
            "version" => read(value).map(|version| shard.version = version),
            name => keys::bucket_end(name)
                .map_or(Some(()), |end| count(value).map(|count| shard.buckets.extend([(end, count)]))),
        };
        known.ok_or_else(|| Error::internal("read a shard", format!("{name} is not a count")))?;
    }
    Ok(shard)
}
