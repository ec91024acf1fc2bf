//! What can happen: one step of a member, of a process or of time.

use super::{
    bounds::Bounds,
    rules::Rules,
    state::{Adm, EXPIRED, LONG_EXPIRED, Member, PLACES, PROCESSES, State, Turn},
};

/// How a write of a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Written, but the response is lost and so are those of all retries.
    ResponseLost,
    /// Sent, and not executed yet when the turn goes on.
    InFlight,
    /// Not written: throttled, or not sent in time.
    NotWritten,
}

/// One step. Members and processes are counted from 0, positions from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Time passes: a grant lapses, an admission expires, the lease gets older.
    Lapse(usize),
    Expire(usize),
    LeaseAges,
    /// JOIN: draw an index of a shard, store it in PLACE. A request may die in between.
    ReadLine {
        member: usize,
        shard: usize,
    },
    Draw {
        member: usize,
        shard: usize,
    },
    StorePlace(usize),
    JoinDies(usize),
    /// POLL of a called place.
    Claim(usize),
    FindNothing(usize),
    Return {
        member: usize,
        response_lost: bool,
    },
    /// The admitted member's payment.
    Pay(usize),
    GiveUpPlace(usize),
    EndLeave(usize),
    /// TURN, step by step. A process may die, or stop for any time, after each.
    TakeLease(usize),
    Count(usize),
    TakeBack {
        process: usize,
        position: usize,
        outcome: Outcome,
    },
    Plan(usize),
    Write {
        process: usize,
        position: usize,
        outcome: Outcome,
    },
    Look(usize),
    End(usize),
    Die(usize),
    /// A write in flight is executed.
    Execute(usize),
}

/// The state after a step, or the check that it breaks.
pub(super) type Stepped = Result<State, &'static str>;

const OUTCOMES: [Outcome; 4] = [Outcome::Done, Outcome::ResponseLost, Outcome::InFlight, Outcome::NotWritten];

/// Calls `visit` for each step that may be possible in `state`.
pub(super) fn each(state: &State, bounds: &Bounds, mut visit: impl FnMut(Action)) {
    visit(Action::LeaseAges);
    for position in 1..=PLACES {
        match state.at(position) {
            Adm::Granted { .. } if state.lapses > 0 => visit(Action::Lapse(position)),
            Adm::Active { .. } => visit(Action::Expire(position)),
            _ => {}
        }
    }
    for (member, Member { place, .. }) in state.members[..bounds.members].iter().enumerate() {
        if *place == 0 {
            for shard in 0..bounds.shards {
                visit(Action::ReadLine { member, shard });
                visit(Action::Draw { member, shard });
            }
            visit(Action::StorePlace(member));
            visit(Action::JoinDies(member));
        } else {
            let asks = [Action::Claim, Action::FindNothing, Action::Pay, Action::GiveUpPlace, Action::EndLeave];
            asks.into_iter().for_each(|ask| visit(ask(member)));
            [false, true].into_iter().for_each(|response_lost| visit(Action::Return { member, response_lost }));
        }
    }
    for (process, turn) in state.turns.iter().enumerate() {
        visit(Action::Count(process));
        visit(Action::Execute(process));
        match *turn {
            Turn::Idle => visit(Action::TakeLease(process)),
            _ => visit(Action::Die(process)),
        }
        match *turn {
            Turn::Counted { lapsed, .. } => {
                visit(Action::Plan(process));
                for position in (1..=PLACES).filter(|position| lapsed[position - 1] != Adm::None) {
                    OUTCOMES.into_iter().for_each(|outcome| visit(Action::TakeBack { process, position, outcome }));
                }
            }
            Turn::Planned { todo, .. } => {
                visit(Action::Look(process));
                visit(Action::End(process));
                for position in todo.iter() {
                    OUTCOMES.into_iter().for_each(|outcome| visit(Action::Write { process, position, outcome }));
                }
            }
            _ => {}
        }
    }
}

impl State {
    /// The state after `action`; `None` if it is not possible.
    pub(super) fn after(&self, action: Action, bounds: &Bounds, rules: Rules) -> Option<Stepped> {
        let stepped = match action {
            Action::Lapse(position) => self.lapsed(position)?,
            Action::Expire(position) => self.expired(position)?,
            Action::LeaseAges => self.aged()?,
            Action::TakeLease(_)
            | Action::Count(_)
            | Action::TakeBack { .. }
            | Action::Plan(_)
            | Action::Write { .. }
            | Action::Look(_)
            | Action::End(_)
            | Action::Die(_)
            | Action::Execute(_) => match self.turned(action, bounds, rules)? {
                Ok(state) => state,
                broken => return Some(broken),
            },
            _ => match self.asked(action, bounds, rules)? {
                Ok(state) => state,
                broken => return Some(broken),
            },
        };
        Some(stepped.without_lost_turns(rules).without_old_leases().checked(self, action, bounds))
    }

    fn lapsed(mut self, position: usize) -> Option<Self> {
        let Adm::Granted { call, lapsed: false } = self.at(position) else { return None };
        self.lapses = self.lapses.saturating_sub(1);
        self.put(position, Adm::Granted { call, lapsed: true });
        Some(self)
    }

    fn expired(mut self, position: usize) -> Option<Self> {
        let Adm::Active { call, expired: false } = self.at(position) else { return None };
        self.put(position, Adm::Active { call, expired: true });
        Some(self)
    }

    /// The clocks of both processes move.
    fn aged(mut self) -> Option<Self> {
        let before = self.ages;
        for process in 0..PROCESSES {
            if self.has_lease_of(process) {
                self.ages[process] = LONG_EXPIRED.min(self.ages[process] + 1);
                if self.ages[process] >= EXPIRED {
                    self.in_flight[process] = None;
                }
            }
        }
        (self.ages != before).then_some(self)
    }

    /// Checks this state, which follows from `before` by `action`.
    fn checked(self, before: &Self, action: Action, bounds: &Bounds) -> Stepped {
        if self.active() > bounds.max_active {
            return Err("more members are inside than maxActive allows");
        }
        for position in 1..=PLACES {
            let (was, is) = (before.at(position), self.at(position));
            let is_time = matches!(action, Action::Lapse(_) | Action::Expire(_));
            // A turn that read LEFT before the member left may still insert an admission, but it does not stay.
            let is_late_call = matches!(action, Action::Write { .. } | Action::Execute(_)) && before.left.has(position);
            let is_undone = matches!(action, Action::Look(_) | Action::Plan(_)) && before.left.has(position);
            let is_back = is != was && is != Adm::None && !is_time && !is_late_call;
            if is_back && before.is_finished(position) {
                return Err("a finished position is back");
            }
            let ends = matches!(action, Action::Pay(_) | Action::EndLeave(_));
            if matches!(was, Adm::Active { expired: false, .. }) && !matches!(is, Adm::Active { .. }) && !ends {
                return Err("a member inside loses the admission");
            }
            if matches!(was, Adm::Granted { lapsed: false, .. }) && is == Adm::None && !ends && !is_undone {
                return Err("a called member loses the place before the time to claim is over");
            }
            let is_given_up = self.owner(position).is_some_and(|owner| !owner.is_held);
            if bounds.has_served(&self.serving, position) && !self.is_known(position) && !is_given_up {
                return Err("a called place is lost");
            }
        }
        Ok(self)
    }
}
