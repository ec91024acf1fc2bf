//! The size of a model, and the domain's room of that size.

use super::state::{Adm, FRESH, Member, NOBODY, PLACES, PROCESSES, SHARDS, Set, State, Turn};
use frontrow_domain::waiting_room::{LinePosition, Room, policy::WaitingRoomPolicy};

/// What is varied in a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) name: &'static str,
    pub(super) members: usize,
    pub(super) shards: usize,
    pub(super) max_active: usize,
    /// Whether the members are in line at the beginning; otherwise they join during the run.
    pub(super) in_line: bool,
    /// How many grants lapse, at most, in a run.
    pub(super) lapses: u8,
    /// How many members leave, at most.
    pub(super) leaves: u8,
}

impl Bounds {
    /// The position of an index of a shard.
    pub(super) fn position(&self, shard: usize, index: u8) -> usize {
        let place = LinePosition { shard: shard as u32, index: index.into() };
        place.position(self.shards as u32) as usize
    }

    /// Shard and index of a position.
    pub(super) fn place(&self, position: usize) -> LinePosition {
        LinePosition::at(position as u64, self.shards as u32)
    }

    /// Whether a position was called.
    pub(super) fn has_served(&self, serving: &[u8; SHARDS], position: usize) -> bool {
        let place = self.place(position);
        place.index <= serving[place.shard as usize].into()
    }

    /// The domain's room.
    pub(super) fn room(&self, serving: &[u8; SHARDS]) -> Room {
        let policy = WaitingRoomPolicy {
            max_active: Some(self.max_active as u32),
            admit_per_minute: None,
            admission_seconds: 600,
            paused: false,
        };
        let serving = serving[..self.shards].iter().map(|index| u64::from(*index)).collect();
        Room { serving, ..Room::new(policy, self.shards as u32) }
    }

    /// The beginning of every run.
    pub(super) fn beginning(&self) -> State {
        let mut state = State {
            drawn: [0; SHARDS],
            serving: [0; SHARDS],
            owner: NOBODY,
            ages: [FRESH; PROCESSES],
            adm: [Adm::None; PLACES],
            missed: Set::default(),
            left: Set::default(),
            spent: Set::default(),
            gone: Set::default(),
            members: Default::default(),
            turns: [Turn::Idle; PROCESSES],
            in_flight: [None; PROCESSES],
            lapses: self.lapses,
            leaves: self.leaves,
        };
        if self.in_line {
            for member in 0..self.members {
                let shard = member % self.shards;
                state.drawn[shard] += 1;
                let place = self.position(shard, state.drawn[shard]) as u8;
                state.members[member] = Member { place, is_held: true, ..Member::default() };
            }
        }
        state
    }
}
