//! The maps of large houses, checked against their seats and shards.

use super::audit::{Item, Snapshot, text};
use frontrow_domain::{
    Timestamp,
    general_admission::Shard,
    limits::LIVE_SEATS_MAX,
    performance::Performance,
    seat_map::{SeatMap, SeatState},
    seating::Seating,
};
use std::collections::BTreeMap;

fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn shard_of(item: &Item) -> Shard {
    let count = |name: &str| number(item, name).and_then(|count| u32::try_from(count).ok());
    let bucket = |name: &String| {
        let end = name.strip_prefix('b')?.parse().ok()?;
        Some((Timestamp::from_millis(end), count(name)?))
    };
    Shard {
        taken: count("taken").unwrap_or_default(),
        buckets: item.keys().filter_map(bucket).collect(),
        ..Shard::default()
    }
}

impl Snapshot {
    /// The items whose partition is `prefix` followed by a number.
    fn numbered(&self, prefix: String) -> impl Iterator<Item = (u32, &Item)> {
        self.items.iter().filter_map(move |item| Some((text(item, "pk").strip_prefix(&prefix)?.parse().ok()?, item)))
    }

    /// The state of a house, from its seats and shards.
    pub(crate) fn truth_of(&self, performance: &Performance) -> SeatMap {
        let (id, layout) = (&performance.performance_id, performance.layout);
        let mut truth = SeatMap::all_free(&performance.seating, performance.created_at);
        match &performance.seating {
            Seating::Numbered(house) => {
                for (_, seat) in self.numbered(format!("seats#{id}#{layout}#")) {
                    let until = number(seat, "hold_expires_at").and_then(|millis| i64::try_from(millis).ok());
                    let held = SeatState::Held(Timestamp::from_millis(until.unwrap_or_default()));
                    let state = if text(seat, "status") == "sold" { SeatState::Sold } else { held };
                    truth.set_seat(house, text(seat, "sk"), state);
                }
            }
            Seating::General(_) => {
                let shards = self.numbered(format!("stripe#{id}#{layout}#"));
                truth.set_shards(shards.map(|(number, shard)| (number, shard_of(shard))).collect::<BTreeMap<_, _>>());
            }
        }
        truth
    }

    /// The map of a large house, from its rows.
    fn map_of(&self, performance: &Performance) -> SeatMap {
        let mut map = SeatMap::all_free(&performance.seating, performance.created_at);
        let partition = format!("map#{}#{}", performance.performance_id, performance.layout);
        for row in self.items.iter().filter(|item| text(item, "pk") == partition) {
            let packed = row["row"].as_b().expect("bytes").as_ref();
            map.set_part(&performance.seating, text(row, "sk").parse().expect("a number"), packed).expect("a row");
        }
        map
    }

    /// At `now`, every large house's map matches its seats and shards.
    pub(crate) fn maps_are_true(&self, now: Timestamp) -> Result<(), String> {
        for item in self.of_kind("performance") {
            let performance: Performance = serde_dynamo::from_item(item.clone()).expect("a performance");
            if performance.seating.places() <= LIVE_SEATS_MAX {
                continue;
            }
            let (map, truth) = (self.map_of(&performance), self.truth_of(&performance));
            let shown = |map: &SeatMap| {
                let kind = |seat: &SeatState| match seat.at(now) {
                    SeatState::Held(_) => SeatState::Held(now),
                    other => other,
                };
                (map.available(&performance.seating, now), map.seats().iter().map(kind).collect::<Vec<_>>())
            };
            if shown(&map) != shown(&truth) {
                let (id, left) = (&performance.performance_id, truth.available(&performance.seating, now));
                return Err(format!("the map of {id} is wrong; {left:?} are free"));
            }
        }
        Ok(())
    }
}
