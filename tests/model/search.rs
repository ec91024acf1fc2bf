//! A breadth-first search through all states of a model, so that the first failure found has the shortest trace.

use super::{
    action::{Action, Outcome, each},
    bounds::Bounds,
    rules::Rules,
    state::{Adm, Asking, Leaving, PLACES, PROCESSES, State, Turn},
};
use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    hash::{BuildHasherDefault, Hasher},
};

/// Steps of a continuation without faults after which a member counts as forgotten.
const PATIENCE: usize = 200;

/// A hasher of keys that are spread already: debug builds spend most of a search in hashing.
#[derive(Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 29
    }

    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.write_u64(u64::from_le_bytes(padded));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }
}

type Key = [u64; 5];
type Hash = BuildHasherDefault<Mix>;

/// A check that failed, and the steps that lead there.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) what: &'static str,
    pub(super) trace: String,
}

/// The outcome of a search.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) states: usize,
    pub(super) steps: usize,
    pub(super) failure: Option<Failure>,
}

struct Search<'a> {
    bounds: &'a Bounds,
    rules: Rules,
    states: Vec<(State, Option<(usize, Action)>)>,
    known: HashMap<Key, (), Hash>,
    /// States from which everybody is admitted if no more faults happen.
    good: HashSet<Key, Hash>,
}

/// Explores every run of the model, at most `most` states.
///
/// # Panics
/// If there are more.
pub(super) fn explore(bounds: &Bounds, rules: Rules, most: usize) -> Found {
    let beginning = bounds.beginning();
    let mut search =
        Search { bounds, rules, states: vec![(beginning, None)], known: HashMap::default(), good: HashSet::default() };
    search.known.insert(beginning.key(), ());
    let (mut at, mut steps, mut failure) = (0, 0, None);
    while at < search.states.len() && failure.is_none() {
        assert!(at < most, "{}: more than {most} states", bounds.name);
        let state = search.states[at].0;
        if let Some((what, extra)) = search.forgets(&state) {
            failure = Some(search.failure(what, at, &extra));
            break;
        }
        each(&state, bounds, |action| {
            let Some(stepped) = state.after(action, bounds, rules) else { return };
            steps += 1;
            match stepped {
                Ok(next) => {
                    if search.known.insert(next.key(), ()).is_none() {
                        search.states.push((next, Some((at, action))));
                    }
                }
                Err(what) if failure.is_none() => failure = Some(search.failure(what, at, &[action])),
                Err(_) => {}
            }
        });
        at += 1;
    }
    Found { states: search.states.len(), steps, failure }
}

impl Search<'_> {
    /// The failure of `what` after the state `at` and the steps `more`.
    fn failure(&self, what: &'static str, at: usize, more: &[Action]) -> Failure {
        let mut actions = Vec::new();
        let mut index = at;
        while let Some((before, action)) = self.states[index].1 {
            actions.push(action);
            index = before;
        }
        actions.reverse();
        actions.extend(more);
        let (mut state, mut trace) = (self.bounds.beginning(), String::new());
        for (number, action) in actions.into_iter().enumerate() {
            let _ = write!(trace, "  {:>2}. {action:?}", number + 1);
            if let Some(Ok(next)) = state.after(action, self.bounds, self.rules) {
                state = next;
                let State { serving, adm, missed, .. } = state;
                let _ =
                    write!(trace, "  =>  serving {:?}, ADM {adm:?}, MISSED {missed:?}", &serving[..self.bounds.shards]);
            }
            trace.push('\n');
        }
        Failure { what, trace }
    }

    /// Follows the run without further faults from `state`: processes take turns, called members claim and pay. A
    /// failure if somebody is not admitted then, with the steps of that run.
    fn forgets(&mut self, state: &State) -> Option<(&'static str, Vec<Action>)> {
        let (mut state, mut path, mut steps) = (*state, Vec::new(), Vec::new());
        while !self.good.contains(&state.key()) {
            path.push(state.key());
            let Some(action) = self.next_fair(&state) else {
                let waiting = self.waits(&state);
                if waiting {
                    return Some(("a present member is never admitted", steps));
                }
                break;
            };
            steps.push(action);
            if steps.len() > PATIENCE {
                steps.truncate(12);
                return Some(("a present member is never admitted", steps));
            }
            match state.after(action, self.bounds, self.rules) {
                Some(Ok(next)) => state = next,
                Some(Err(what)) => return Some((what, steps)),
                None => return Some(("the next step is not possible", steps)),
            }
        }
        self.good.extend(path);
        None
    }

    fn waits(&self, state: &State) -> bool {
        let mut present = state.members[..self.bounds.members].iter().filter(|member| member.is_held);
        present.any(|member| !state.is_finished(member.place.into()))
    }

    /// The next step of a run without faults; `None` when everybody is through.
    fn next_fair(&self, state: &State) -> Option<Action> {
        let can = |action: Action| state.after(action, self.bounds, self.rules).is_some().then_some(action);
        for (member, one) in state.members[..self.bounds.members].iter().enumerate() {
            let asked = match one {
                _ if one.leaving != Leaving::No => Some(Action::EndLeave(member)),
                _ if matches!(one.asking, Asking::Drew(_)) => Some(Action::StorePlace(member)),
                _ if one.asking == Asking::FoundNothing => Some(Action::Return { member, response_lost: false }),
                _ if one.is_held => can(Action::Claim(member)).or_else(|| can(Action::Pay(member))).or_else(|| {
                    let is_lost = state.is_finished(one.place.into());
                    can(Action::FindNothing(member)).filter(|_| !is_lost)
                }),
                _ => None,
            };
            if asked.is_some() {
                return asked;
            }
        }
        for process in 0..PROCESSES {
            let step = match state.turns[process] {
                Turn::Idle => None,
                Turn::Took { .. } => Some(Action::Count(process)),
                Turn::Counted { lapsed, .. } => Some(match lapsed.iter().position(|adm| *adm != Adm::None) {
                    Some(index) => Action::TakeBack { process, position: index + 1, outcome: Outcome::Done },
                    None => can(Action::Plan(process)).unwrap_or(Action::Die(process)),
                }),
                Turn::Planned { todo, .. } => Some(match todo.iter().next() {
                    Some(position) => {
                        let write = |outcome| Action::Write { process, position, outcome };
                        can(write(Outcome::Done)).unwrap_or(write(Outcome::NotWritten))
                    }
                    None => can(Action::Look(process)).unwrap_or(Action::End(process)),
                }),
            };
            if step.is_some() {
                return step;
            }
        }
        if !self.waits(state) {
            return None;
        }
        for position in 1..=PLACES {
            if state.owner(position).is_none_or(|owner| !owner.is_held) {
                let ends = can(Action::Lapse(position)).or_else(|| can(Action::Expire(position)));
                if ends.is_some() {
                    return ends;
                }
            }
        }
        can(Action::TakeLease(0)).or_else(|| can(Action::Count(0))).or_else(|| can(Action::LeaseAges))
    }
}
