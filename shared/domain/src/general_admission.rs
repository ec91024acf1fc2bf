//! General admission: areas with a number of places. An area is stored in shards, so that a rush does not contend
//! for one item. A shard counts all taken places, and the held ones again in buckets by their expiry time.

use crate::{
    FieldErrors, Timestamp,
    limits::{
        AREAS_MAX, BUCKET_GRACE_SECONDS, BUCKET_MIN_MILLIS, BUCKETS_PER_HOLD, GRADE_MAX_CHARS, SEATS_MAX, SHARD_PLACES,
        SHARDS_PER_AREA_MAX,
    },
    number::within,
    price::{GradeTotal, Price},
    text::{Text, same_name},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// An area of a house without numbered seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Area {
    /// Grade of the area; unique within the house.
    pub grade: Text<GRADE_MAX_CHARS>,
    /// Price of each place.
    pub price: Price,
    /// Number of places.
    #[serde(deserialize_with = "within::<_, 1, { SEATS_MAX as i64 }>")]
    #[schemars(range(min = 1, max = SEATS_MAX))]
    pub capacity: u32,
}

impl Area {
    /// Number of shards that store its places.
    pub fn shards(&self) -> u32 {
        self.capacity.div_ceil(SHARD_PLACES).clamp(1, SHARDS_PER_AREA_MAX)
    }
}

/// Messages for areas whose fields are valid on their own, but not together.
const SAME_GRADE: &str = "another area already has this grade";
const TOO_MANY_PLACES: &str = "expected at most 50000 places";
const _: () = assert!(SEATS_MAX == 50_000);

/// The areas of a house without numbered seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline, extend("x-also-refused" = [SAME_GRADE, TOO_MANY_PLACES]))]
pub struct GeneralAdmission {
    #[schemars(length(min = 1, max = AREAS_MAX))]
    areas: Vec<Area>,
}

/// A shard in the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Number within the house, from 0.
    pub shard: u32,
    /// Number of the area's places in this shard.
    pub places: u32,
}

impl GeneralAdmission {
    /// # Errors
    /// Names every rule of the contract that the areas break.
    pub(crate) fn new(areas: Vec<Area>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if areas.is_empty() || areas.len() > AREAS_MAX {
            return Err(FieldErrors::one("areas", format!("expected 1 to {AREAS_MAX} areas")));
        }
        let mut grades = HashSet::new();
        for (index, area) in areas.iter().enumerate() {
            let at = |field: &str| format!("areas[{index}].{field}");
            errors.check(!grades.insert(area.grade.as_str()), at("grade"), SAME_GRADE);
        }
        let too_many = areas.iter().map(|area| u64::from(area.capacity)).sum::<u64>() > u64::from(SEATS_MAX);
        errors.check(too_many, "areas", TOO_MANY_PLACES);
        errors.or(Self { areas })
    }

    /// Total number of places.
    pub fn places(&self) -> u32 {
        self.areas.iter().map(|area| area.capacity).sum()
    }

    /// The areas with their shards, in the organizer's order.
    pub fn areas(&self) -> impl Iterator<Item = (&Area, Vec<Share>)> {
        self.areas.iter().scan(0, |first, area| {
            let (shards, from) = (area.shards(), *first);
            *first += shards;
            let places = |n| area.capacity / shards + u32::from(n < area.capacity % shards);
            let share = |n| Share { shard: from + n, places: places(n) };
            Some((area, (0..shards).map(share).collect()))
        })
    }

    /// The area of this grade with its shards, if the house has it. Unicode spelling variants of the name are
    /// accepted.
    pub fn find(&self, grade: &str) -> Option<(&Area, Vec<Share>)> {
        let named = |is: &dyn Fn(&str) -> bool| self.areas().find(|(area, _)| is(area.grade.as_str()));
        named(&|known| known == grade).or_else(|| named(&|known| same_name(known, grade)))
    }

    /// Number of places of the shard; 0 if the house does not have it.
    pub fn share_of(&self, shard: u32) -> u32 {
        let mut shares = self.areas().flat_map(|(_, shares)| shares);
        shares.find(|share| share.shard == shard).map_or(0, |share| share.places)
    }

    /// Grades in the organizer's order.
    pub fn grades(&self) -> Vec<GradeTotal> {
        let total = |area: &Area| GradeTotal {
            grade: area.grade.as_str().to_owned(),
            price: area.price.won(),
            total: area.capacity,
        };
        self.areas.iter().map(total).collect()
    }
}

/// The end of the bucket for places that expire at `expires_at`, never before that time. Buckets are a tenth of
/// `hold_seconds` long, and at least a second.
pub fn bucket_end(expires_at: Timestamp, hold_seconds: i64) -> Timestamp {
    let width = (hold_seconds * 1000 / BUCKETS_PER_HOLD).max(BUCKET_MIN_MILLIS);
    let buckets = expires_at.millis().div_euclid(width) + i64::from(expires_at.millis().rem_euclid(width) > 0);
    Timestamp::from_millis(buckets * width)
}

/// The taken places of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shard {
    /// Number of changes.
    pub version: u64,
    /// Holds taken since its expired buckets were last checked.
    pub unswept: u32,
    /// Places that are held or sold, including those of expired buckets.
    pub taken: u32,
    /// The held places, by the end of their bucket.
    pub buckets: BTreeMap<Timestamp, u32>,
}

impl Shard {
    /// Whether a bucket that ends at `end` is given back: a few seconds late, so that clock skew does not cost a
    /// payer their place.
    fn is_lapsed(end: Timestamp, now: Timestamp) -> bool {
        end.plus_seconds(BUCKET_GRACE_SECONDS) < now
    }

    /// Whether there is a bucket to give back at `now`.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.buckets.keys().any(|end| Self::is_lapsed(*end, now))
    }

    /// Whether any of its places is held or owned at `now`, from the holders' point of view: without the grace
    /// period.
    pub fn is_taken(&self, now: Timestamp) -> bool {
        self.buckets.range(..=now).map(|(_, count)| count).sum::<u32>() < self.taken
    }

    /// Number of free places, given the shard's `share` of places; those of expired buckets count as free.
    pub fn free(&self, share: u32, now: Timestamp) -> u32 {
        let lapsed = self.buckets.iter().filter(|(end, _)| Self::is_lapsed(**end, now)).map(|(_, count)| count);
        (share + lapsed.sum::<u32>()).saturating_sub(self.taken)
    }

    /// The shard after its expired buckets were given back.
    #[must_use]
    pub fn swept(&self, now: Timestamp) -> Self {
        let (lapsed, live): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.buckets.iter().partition(|(end, _)| Self::is_lapsed(**end, now));
        let buckets = live.into_iter().filter(|(_, count)| *count > 0).collect();
        Self { taken: self.taken.saturating_sub(lapsed.values().sum()), buckets, ..*self }
    }

    /// The shard after its expired buckets were given back and `quantity` places were taken into the bucket that
    /// ends at `end`.
    #[must_use]
    pub fn swept_and_taken(&self, quantity: u32, end: Timestamp, now: Timestamp) -> Self {
        let mut swept = self.swept(now);
        *swept.buckets.entry(end).or_default() += quantity;
        Self { version: self.version + 1, unswept: 1, taken: swept.taken + quantity, buckets: swept.buckets }
    }
}

/// Chooses the shards from which to take `quantity` places, given the `free` places of each shard of an area: a
/// single one if possible, searching from the `home`-th on, otherwise as few as possible. `None` if all of them
/// together have too few.
pub fn split(free: &[(u32, u32)], quantity: u32, home: usize) -> Option<Vec<(u32, u32)>> {
    let mut from_home: Vec<_> = free.iter().cycle().skip(home % free.len().max(1)).take(free.len()).copied().collect();
    if let Some((shard, _)) = from_home.iter().find(|(_, free)| *free >= quantity) {
        return Some(vec![(*shard, quantity)]);
    }
    from_home.sort_by_key(|(_, free)| std::cmp::Reverse(*free));
    let mut missing = quantity;
    let mut parts = Vec::new();
    for (shard, free) in from_home {
        let part = free.min(missing);
        if part > 0 {
            parts.push((shard, part));
            missing -= part;
        }
    }
    (missing == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seating::Seating;
    use proptest::prelude::*;

    fn parse(areas: &str) -> Result<GeneralAdmission, serde_json::Error> {
        let seating = serde_json::from_str(&format!(r#"{{"type":"general","areas":[{areas}]}}"#))?;
        match seating {
            Seating::General(general) => Ok(general),
            Seating::Numbered(_) => unreachable!("the type says general"),
        }
    }

    fn area(grade: &str, capacity: u32) -> String {
        format!(r#"{{"grade":"{grade}","price":50000,"capacity":{capacity}}}"#)
    }

    #[test]
    fn shards_split_the_places_of_an_area() {
        let house = parse(&[area("R", 1), area("S", 1_001), area("A", 40_000)].join(",")).unwrap();
        let shards: Vec<usize> = house.areas().map(|(_, shares)| shares.len()).collect();
        assert_eq!(shards, [1, 3, 32]);
        for (area, shares) in house.areas() {
            assert_eq!(shares.iter().map(|share| share.places).sum::<u32>(), area.capacity);
        }
        let numbers: Vec<u32> = house.areas().flat_map(|(_, shares)| shares).map(|share| share.shard).collect();
        assert_eq!(numbers, (0..36).collect::<Vec<_>>());
        assert_eq!((house.share_of(0), house.share_of(1), house.share_of(3), house.share_of(36)), (1, 334, 333, 0));
        assert_eq!(house.places(), 41_002);
        assert!(house.find("B").is_none());
    }

    #[test]
    fn areas_that_break_a_rule_are_refused() {
        let long = "x".repeat(GRADE_MAX_CHARS + 1);
        for areas in [
            String::new(),
            area("R", 0),
            area("R", 50_001),
            area("", 1),
            area(&long, 1),
            [area("R", 1), area("R", 1)].join(","),
            [area("R", 50_000), area("S", 1)].join(","),
            r#"{"grade":"R","price":0,"capacity":1}"#.to_owned(),
            r#"{"grade":"R","price":1,"capacity":-1}"#.to_owned(),
            r#"{"grade":"R","price":1,"capacity":1,"rows":1}"#.to_owned(),
        ] {
            assert!(parse(&areas).is_err(), "{areas}");
        }
        let many: Vec<String> = (0..=AREAS_MAX).map(|n| area(&n.to_string(), 1)).collect();
        assert!(parse(&many.join(",")).is_err());
        assert!(parse(&many[1..].join(",")).is_ok());
    }

    proptest! {
        #[test]
        fn a_bucket_expires_soon_after_its_holds(millis in 0_i64..4_000_000_000_000, hold_seconds in 1_i64..=3600) {
            let late = bucket_end(Timestamp::from_millis(millis), hold_seconds).millis() - millis;
            prop_assert!((0..(hold_seconds * 100).max(1000)).contains(&late));
        }

        #[test]
        fn a_split_succeeds_if_enough_places_are_free(free in prop::collection::vec(0_u32..60, 1..33), quantity in 1_u32..=50, home in 0_usize..64) {
            let shards: Vec<(u32, u32)> = (7..).zip(free.iter().copied()).collect();
            let total: u32 = free.iter().sum();
            match split(&shards, quantity, home) {
                None => prop_assert!(total < quantity),
                Some(parts) => {
                    prop_assert_eq!(parts.iter().map(|(_, part)| part).sum::<u32>(), quantity);
                    let of = |shard: u32| free[(shard - 7) as usize];
                    prop_assert!(parts.iter().all(|(shard, part)| (1..=of(*shard)).contains(part)));
                    prop_assert!(parts.len() == 1 || free.iter().all(|free| *free < quantity));
                }
            }
        }

        #[test]
        fn a_sweep_frees_exactly_the_expired_places(
            counts in prop::collection::btree_map(0_i64..100, 0_u32..9, 0..20), sold in 0_u32..50, seconds in 0_i64..120,
        ) {
            let now = Timestamp::from_millis(seconds * 1000);
            let buckets = counts.into_iter().map(|(end, count)| (Timestamp::from_millis(end * 1000), count));
            let buckets: BTreeMap<_, _> = buckets.collect();
            let taken = sold + buckets.values().sum::<u32>();
            let shard = Shard { version: 4, unswept: 9, taken, buckets };
            let free = shard.free(1_000, now);
            let swept = shard.swept_and_taken(3, now.plus_seconds(60), now);
            prop_assert_eq!(swept.free(1_000, now), free - 3);
            prop_assert_eq!(1_000 - swept.taken, free - 3);
            prop_assert!(!swept.has_lapsed(now));
            prop_assert_eq!(swept.taken, sold + swept.buckets.values().sum::<u32>());
        }
    }
}
