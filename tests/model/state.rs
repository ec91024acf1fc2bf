//! What the model remembers: the items of the table, the members and the two processes.
//!
//! Time has no number here. A grant lapses, an admission expires and a lease gets older whenever the search decides
//! so; thus every stall, every delay and every clock skew within the lease's margin is among the explored runs.

use std::fmt;

/// Positions of the largest model.
pub(super) const PLACES: usize = 4;
/// Members of the largest model.
pub(super) const MEMBERS: usize = 3;
/// Shards of the largest model.
pub(super) const SHARDS: usize = 2;
/// Processes.
pub(super) const PROCESSES: usize = 2;
/// The owner of a free lease.
pub(super) const NOBODY: u8 = u8::MAX;

/// Age of a lease: its owner may insert; the margin has begun; it has expired; it expired long ago. The clock of
/// process 1 is one age behind.
pub(super) const FRESH: u8 = 0;
/// The margin that covers skew and one call.
pub(super) const MARGIN: u8 = 1;
/// Expired by a correct clock.
pub(super) const EXPIRED: u8 = 2;
/// Expired by every clock.
pub(super) const LONG_EXPIRED: u8 = 3;

/// A set of positions, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Set(u8);

impl Set {
    pub(super) fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    pub(super) fn add(&mut self, position: usize) {
        self.0 |= 1 << position;
    }

    pub(super) fn remove(&mut self, position: usize) {
        self.0 &= !(1 << position);
    }

    pub(super) fn len(self) -> u64 {
        self.0.count_ones().into()
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (1..=PLACES).filter(move |position| self.has(*position))
    }

    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// An ADM item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Adm {
    #[default]
    None,
    /// `call` stands for `claimUntil`: each call of a position has another one.
    Granted {
        call: u8,
        lapsed: bool,
    },
    /// `call` remains in the item, as `claimUntil` does.
    Active {
        call: u8,
        expired: bool,
    },
    Returned,
}

impl Adm {
    /// Whether it uses a slot.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Granted { .. } | Self::Active { .. })
    }

    /// Whether a turn takes it back.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Granted { lapsed: true, .. } | Self::Active { expired: true, .. })
    }

    /// The claim time as stored; 0 if there is none.
    pub(super) fn call(self) -> u8 {
        match self {
            Self::None | Self::Returned => 0,
            Self::Granted { call, .. } | Self::Active { call, .. } => call,
        }
    }

    /// A number below 128 that no other value has.
    fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Granted { call, lapsed } => 1 + 8 * call + u8::from(lapsed),
            Self::Active { call, expired } => 3 + 8 * call + u8::from(expired),
            Self::Returned => 5,
        }
    }
}

/// A member's join or poll in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Asking {
    #[default]
    Nothing,
    /// JOIN has read the counter; only if the counter is not incremented in one write.
    ReadLine(u8),
    /// JOIN has drawn a position that PLACE does not name yet.
    Drew(u8),
    /// POLL has found no admission of its called place.
    FoundNothing,
}

/// A member's LEAVE in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Leaving {
    #[default]
    No,
    /// PLACE is given up; the position was not called yet.
    FromLine,
    /// PLACE is given up; the position was called.
    FromRoom,
    /// The admission is deleted; only if MISSED is not deleted in the same transaction.
    OfMissed,
    /// The place is marked as left; a turn may be calling it.
    Marked,
}

/// A member: their PLACE, and their requests in progress. A poll and a LEAVE may be concurrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Member {
    /// The position in their token; 0 before they have one.
    pub(super) place: u8,
    /// Whether PLACE still names it.
    pub(super) is_held: bool,
    pub(super) asking: Asking,
    pub(super) leaving: Leaving,
}

/// The turn of a process, after the step it is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Turn {
    #[default]
    Idle,
    /// The lease is taken; `serving` as read by that write.
    Took { serving: [u8; SHARDS] },
    /// ADM is counted; `lapsed` are the items to take back, with what was read.
    Counted { serving: [u8; SHARDS], lapsed: [Adm; PLACES], live: Set, returned: Set },
    /// LINE and LEFT are read and the turn is planned; `todo` are the writes not yet done. `looked`: LEFT was read again
    /// after them.
    Planned {
        serving: [u8; SHARDS],
        grant: Set,
        adopt: Set,
        skip: Set,
        recall: Set,
        todo: Set,
        failed: Set,
        looked: bool,
    },
}

/// An insert or a repeated call of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct InFlight {
    pub(super) position: u8,
    pub(super) is_recall: bool,
}

/// One state of the whole system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// LINE.n of each shard.
    pub(super) drawn: [u8; SHARDS],
    /// ROOM.serving.
    pub(super) serving: [u8; SHARDS],
    /// ROOM.owner while the lease is taken: a process, or [`NOBODY`].
    pub(super) owner: u8,
    /// Age of the lease that each process took last; [`FRESH`] once it matters no more.
    pub(super) ages: [u8; PROCESSES],
    /// ADM by position.
    pub(super) adm: [Adm; PLACES],
    pub(super) missed: Set,
    pub(super) left: Set,
    /// Positions whose admission was paid for or has expired.
    pub(super) spent: Set,
    /// Positions whose owner's LEAVE is complete.
    pub(super) gone: Set,
    pub(super) members: [Member; MEMBERS],
    pub(super) turns: [Turn; PROCESSES],
    /// A write of each process that was sent, without a response yet: it may be executed until the lease, under which
    /// it was sent, has expired.
    pub(super) in_flight: [Option<InFlight>; PROCESSES],
    /// How many more grants may lapse, and members may leave, in this run.
    pub(super) lapses: u8,
    pub(super) leaves: u8,
}

impl State {
    /// The admission of a position.
    pub(super) fn at(&self, position: usize) -> Adm {
        self.adm[position - 1]
    }

    pub(super) fn put(&mut self, position: usize, adm: Adm) {
        self.adm[position - 1] = adm;
    }

    /// Calls a position, with a claim time that neither the item nor a turn in progress has seen: only whether two
    /// are equal matters, so a few numbers are enough for any run.
    pub(super) fn grant(&mut self, position: usize) {
        let seen = self.turns.map(|turn| match turn {
            Turn::Counted { lapsed, .. } => lapsed[position - 1].call(),
            _ => 0,
        });
        let is_new = |call: &u8| *call != self.at(position).call() && !seen.contains(call);
        let call = (1..).find(is_new).expect("three values are in use at most");
        self.put(position, Adm::Granted { call, lapsed: false });
    }

    /// Whether nothing more can become of the position.
    pub(super) fn is_finished(&self, position: usize) -> bool {
        self.spent.has(position) || self.gone.has(position)
    }

    /// Whether the position was called and is somewhere: its owner can claim it, return to it, or is through.
    pub(super) fn is_known(&self, position: usize) -> bool {
        let is_stored = self.at(position) != Adm::None || self.missed.has(position) || self.left.has(position);
        is_stored || self.is_finished(position)
    }

    /// How many use a slot.
    pub(super) fn active(&self) -> usize {
        self.adm.iter().filter(|adm| adm.is_live()).count()
    }

    /// The owner of a position: the member whose token or unfinished draw names it.
    pub(super) fn owner(&self, position: usize) -> Option<&Member> {
        self.members.iter().find(|member| usize::from(member.place) == position)
    }

    /// The state in 40 bytes, to tell states apart cheaply.
    pub(super) fn key(&self) -> [u64; 5] {
        let mut bytes = [0; 40];
        let mut at = 0;
        let mut put = |byte: u8| {
            bytes[at] = byte;
            at += 1;
        };
        for shard in 0..SHARDS {
            put(self.drawn[shard] << 4 | self.serving[shard]);
        }
        put((self.owner & 3) << 4 | self.ages[0] << 2 | self.ages[1]);
        self.adm.iter().for_each(|adm| put(adm.code()));
        [self.missed, self.left, self.spent, self.gone].into_iter().for_each(|set| put(set.byte()));
        for member in &self.members {
            let asking = match member.asking {
                Asking::Nothing => 0,
                Asking::FoundNothing => 1,
                Asking::Drew(place) => 8 + place,
                Asking::ReadLine(place) => 16 + place,
            };
            put(member.place << 1 | u8::from(member.is_held));
            put((member.leaving as u8) << 5 | asking);
        }
        for write in &self.in_flight {
            put(write.map_or(0, |write| write.position << 1 | u8::from(write.is_recall)));
        }
        put(self.lapses << 4 | self.leaves);
        for turn in &self.turns {
            match *turn {
                Turn::Idle => put(0),
                Turn::Took { serving } => [1, serving[0] << 4 | serving[1]].into_iter().for_each(&mut put),
                Turn::Counted { serving, lapsed, live, returned } => {
                    [2, serving[0] << 4 | serving[1], live.byte(), returned.byte()].into_iter().for_each(&mut put);
                    lapsed.iter().for_each(|adm| put(adm.code()));
                }
                Turn::Planned { serving, grant, adopt, skip, recall, todo, failed, looked } => {
                    put(3 + u8::from(looked));
                    put(serving[0] << 4 | serving[1]);
                    [grant, adopt, skip, recall, todo, failed].into_iter().for_each(|set| put(set.byte()));
                }
            }
        }
        let words = bytes.as_chunks::<8>().0;
        std::array::from_fn(|index| u64::from_le_bytes(words[index]))
    }
}
