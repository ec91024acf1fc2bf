//! The parts of a house, and the rows of its map.

use super::Key;
use frontrow_domain::ids::PerformanceId;

/// A part of a house that is stored on its own: a block of numbered seats or a shard of an area.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// The performance whose house it is part of.
    pub performance_id: PerformanceId,
    /// The version of the performance's layout.
    pub layout: u32,
    /// The block's or the shard's number, from 0.
    pub number: u32,
}

impl Part {
    /// The part that the item under `key` belongs to; `None` for anything but seats and shards.
    pub(crate) fn of(key: &Key) -> Option<Self> {
        Self::of_partition(&key.pk)
    }

    fn of_partition(partition: &str) -> Option<Self> {
        let rest = partition.strip_prefix("seats#").or_else(|| partition.strip_prefix("stripe#"))?;
        let mut parts = rest.split('#');
        let part = Self {
            performance_id: parts.next()?.parse().ok()?,
            layout: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(part)
    }
}

/// The partition of a large house's map.
pub(crate) fn map_partition(performance: &PerformanceId, layout: u32) -> String {
    format!("map#{performance}#{layout}")
}

/// The row of a part in the map of its house.
pub(crate) fn map_row(part: &Part) -> Key {
    Key::new(map_partition(&part.performance_id, part.layout), part.number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{block_partition, shard};

    #[test]
    fn seats_and_shards_belong_to_parts_and_nothing_else_does() {
        let performance: PerformanceId = "demo-large".parse().unwrap();
        let part = Some(Part { performance_id: performance.clone(), layout: 3, number: 49 });
        assert_eq!(Part::of_partition(&block_partition(&performance, 3, 49)), part);
        assert_eq!(Part::of_partition(&shard(&performance, 3, 49).pk), part);
        for other in [
            map_partition(&performance, 3),
            "seats#demo#1".to_owned(),
            "seats#demo#1#2#3".to_owned(),
            "shows".to_owned(),
        ] {
            assert_eq!(Part::of_partition(&other), None, "{other}");
        }
    }
}
