//! Given-up places of the line. They are not ahead of anybody, because nobody stands there.
//!
//! A turn of the turnstile reads the next [`LEFT_NEAR_BLOCKS`] blocks of the line place by place. Of the blocks after
//! those, it counts a few in each turn and remembers how many places of each were given up. Both fit the room's item.

use super::{LinePosition, Room};
use crate::limits::{LEFT_BLOCK_POSITIONS, LEFT_BLOCKS_MAX, LEFT_FAR_BLOCKS_PER_TURN, LEFT_NEAR_BLOCKS};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, ops::RangeInclusive};

/// The given-up places of a line, as its last turn found them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GivenUp {
    /// The block that `near` begins with.
    first_block: u64,
    /// One bit for each place of the near blocks, with the first place in the lowest bit; set if the place was given
    /// up.
    #[serde(with = "bytes")]
    near: Vec<u8>,
    /// Two bytes for each block after those, big-endian: the number of its given-up places.
    #[serde(with = "bytes")]
    far: Vec<u8>,
    /// The far block that the next turn counts first.
    next_far: u64,
}

/// The blocks that a turn reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Read consistently, because the next places to be called are among them.
    pub near: RangeInclusive<u64>,
    /// Counted, a few of them in each turn.
    pub far: Vec<u64>,
    last_block: u64,
}

impl Look {
    /// The last position of the near blocks; no turn calls a place beyond it.
    pub fn last_near(&self) -> u64 {
        (self.near.end() + 1) * LEFT_BLOCK_POSITIONS - 1
    }
}

impl Room {
    /// The blocks in which the next turn reads given-up places, if `drawn[s]` places were drawn from shard `s`;
    /// `None` if nobody waits.
    pub fn look(&self, drawn: &[u64]) -> Option<Look> {
        let shards = || (0..).zip(self.serving.iter().zip(drawn));
        let waiting = || shards().filter(|(_, (served, drawn))| served < drawn);
        let position = |shard, index| LinePosition { shard, index }.position(self.shards);
        let first = waiting().map(|(shard, (served, _))| position(shard, served + 1)).min()? / LEFT_BLOCK_POSITIONS;
        let last = waiting().map(|(shard, (_, drawn))| position(shard, *drawn)).max()? / LEFT_BLOCK_POSITIONS;
        let near = first..=last.min(first + LEFT_NEAR_BLOCKS - 1);
        let far = (near.end() + 1)..=last.min(near.end() + LEFT_BLOCKS_MAX);
        let begin = if far.contains(&self.given_up.next_far) { self.given_up.next_far } else { *far.start() };
        let in_turn = (begin..=*far.end()).chain(*far.start()..begin).take(LEFT_FAR_BLOCKS_PER_TURN);
        Some(Look { far: in_turn.collect(), near, last_block: last })
    }

    /// Positions below `place` that are neither served nor given up, over all shards. Nobody is ahead of a place that
    /// was called, even if its owner missed the call.
    pub fn ahead(&self, place: LinePosition) -> u64 {
        if self.has_served(place) {
            return 0;
        }
        self.unserved_below(place).saturating_sub(self.given_up.below(self, place))
    }
}

impl GivenUp {
    /// The given-up places after a turn that read the blocks of `look`: `left` are the given-up positions of the near
    /// blocks, and `counted` are the far blocks with their counts.
    #[must_use]
    pub fn after(&self, look: &Look, left: &HashSet<u64>, counted: &[(u64, usize)]) -> Self {
        let (first_block, far_from) = (*look.near.start(), look.near.end() + 1);
        let mut near = Vec::new();
        for position in left {
            let Some(bit) = position.checked_sub(first_block * LEFT_BLOCK_POSITIONS) else { continue };
            let (byte, bit) = (usize::try_from(bit / 8).unwrap_or(usize::MAX), bit % 8);
            if byte >= near.len() {
                near.resize(byte + 1, 0);
            }
            near[byte] |= 1 << bit;
        }
        let mut far: Vec<u16> = (far_from..=look.last_block).map(|block| self.count_of(block)).collect();
        for (block, count) in counted {
            let index = block.checked_sub(far_from).and_then(|index| usize::try_from(index).ok());
            if let Some(known) = index.and_then(|index| far.get_mut(index)) {
                *known = u16::try_from(*count).unwrap_or(u16::MAX);
            }
        }
        far.truncate(usize::try_from(LEFT_BLOCKS_MAX).unwrap_or(usize::MAX));
        while far.last() == Some(&0) {
            far.pop();
        }
        let next_far = counted.last().map_or(self.next_far, |(block, _)| block + 1);
        Self { first_block, near, far: far.into_iter().flat_map(u16::to_be_bytes).collect(), next_far }
    }

    /// The known number of given-up places of a far block.
    fn count_of(&self, block: u64) -> u16 {
        let index = block.checked_sub(self.first_far()).and_then(|index| usize::try_from(index).ok());
        let pair = index.and_then(|index| self.far.as_chunks::<2>().0.get(index));
        pair.map_or(0, |pair| u16::from_be_bytes(*pair))
    }

    /// The block that `far` begins with.
    fn first_far(&self) -> u64 {
        self.first_block + LEFT_NEAR_BLOCKS
    }

    /// The number of given-up places before `place` that are not yet served. Those of a far block count as spread
    /// evenly.
    fn below(&self, room: &Room, place: LinePosition) -> u64 {
        let position = place.position(room.shards);
        let bits = self.near.iter().enumerate().flat_map(|(index, byte)| {
            let first = self.first_block * LEFT_BLOCK_POSITIONS + 8 * index as u64;
            (0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| first + bit)
        });
        let near = bits.take_while(|left| *left < position);
        let near =
            near.filter(|left| *left > 0 && !room.has_served(LinePosition::at(*left, room.shards))).count() as u64;
        let far = (self.first_far()..).zip(self.far.as_chunks::<2>().0).map(|(block, pair)| {
            let before = position.saturating_sub(block * LEFT_BLOCK_POSITIONS).min(LEFT_BLOCK_POSITIONS);
            u64::from(u16::from_be_bytes(*pair)) * before / LEFT_BLOCK_POSITIONS
        });
        near + far.sum::<u64>()
    }
}

/// Serializes as bytes, which the table stores as they are; a list of numbers takes several bytes for each.
mod bytes {
    use serde::{
        Deserializer, Serializer,
        de::{Error, SeqAccess, Visitor},
    };
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
