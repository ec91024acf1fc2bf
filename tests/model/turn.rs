//! The turn of the turnstile, step by step. The plan and the new `serving` are the domain's.

use super::{
    action::{Action, Outcome, Stepped},
    bounds::Bounds,
    rules::{Rule, Rules},
    state::{Adm, EXPIRED, FRESH, InFlight, MARGIN, NOBODY, PLACES, SHARDS, Set, State, Turn},
};
use frontrow_domain::{
    Timestamp,
    waiting_room::{
        Room,
        turn::{Plan, Step, TurnInput},
    },
};
use std::collections::HashSet;

/// By how many ages of a lease the clock of each process is behind.
const LAG: [u8; 2] = [0, 1];

fn positions(set: Set) -> HashSet<u64> {
    set.iter().map(|position| position as u64).collect()
}

impl State {
    /// The state after a step of a process; `None` if it is not possible.
    pub(super) fn turned(&self, action: Action, bounds: &Bounds, rules: Rules) -> Option<Stepped> {
        let next = match action {
            Action::TakeLease(process) => self.take_lease(process, rules)?,
            Action::Count(process) => self.count(process, bounds, rules)?,
            Action::TakeBack { process, position, outcome } => self.take_back(process, position, outcome, rules)?,
            Action::Plan(process) => self.plan(process, bounds, rules)?,
            Action::Write { process, position, outcome } => self.write(process, position, outcome, rules)?,
            Action::Look(process) => self.look(process, rules)?,
            Action::End(process) => self.end(process, bounds, rules)?,
            Action::Die(process) => self.die(process)?,
            Action::Execute(process) => self.execute(process, rules)?,
            _ => return None,
        };
        Some(Ok(next))
    }

    fn is_lease_free(&self, process: usize, rules: Rules) -> bool {
        if self.owner == NOBODY || !rules.has(Rule::LeaseIfFree) {
            return true;
        }
        self.ages[usize::from(self.owner)].saturating_sub(LAG[process]) >= EXPIRED
    }

    /// Whether a lease that the process took is in its memory or in the table.
    pub(super) fn has_lease_of(&self, process: usize) -> bool {
        self.turns[process] != Turn::Idle || usize::from(self.owner) == process || self.in_flight[process].is_some()
    }

    pub(super) fn without_old_leases(mut self) -> Self {
        for process in 0..self.ages.len() {
            if !self.has_lease_of(process) {
                self.ages[process] = FRESH;
            }
        }
        self
    }

    fn take_lease(mut self, process: usize, rules: Rules) -> Option<Self> {
        if self.turns[process] != Turn::Idle || self.in_flight[process].is_some() || !self.is_lease_free(process, rules)
        {
            return None;
        }
        if !rules.has(Rule::CountUnderLease) {
            return None;
        }
        (self.owner, self.ages[process]) = (process as u8, FRESH);
        self.turns[process] = Turn::Took { serving: self.serving };
        Some(self)
    }

    fn count(mut self, process: usize, bounds: &Bounds, rules: Rules) -> Option<Self> {
        let serving = match self.turns[process] {
            Turn::Took { serving } => serving,
            Turn::Idle if !rules.has(Rule::CountUnderLease) => self.serving,
            _ => return None,
        };
        let (mut lapsed, mut live, mut returned) = ([Adm::None; PLACES], Set::default(), Set::default());
        for position in 1..=PLACES {
            let adm = self.at(position);
            let is_called = bounds.has_served(&serving, position) || !rules.has(Rule::TakeBackIfServed);
            if adm.is_over() && is_called {
                lapsed[position - 1] = adm;
            }
            if adm.is_live() {
                live.add(position);
            }
            if adm == Adm::Returned {
                returned.add(position);
            }
        }
        self.turns[process] = Turn::Counted { serving, lapsed, live, returned };
        Some(self)
    }

    /// Deletes what lapsed, if it is as read. An unclaimed place is remembered in MISSED.
    fn take_back(mut self, process: usize, position: usize, outcome: Outcome, rules: Rules) -> Option<Self> {
        let Turn::Counted { serving, mut lapsed, mut live, returned } = self.turns[process] else { return None };
        let (seen, found) = (lapsed[position - 1], self.at(position));
        if seen == Adm::None {
            return None;
        }
        let is_granted = matches!(found, Adm::Granted { .. });
        let is_unchanged = match seen {
            Adm::Granted { call, .. } => {
                (is_granted || !rules.has(Rule::TakeBackIfGranted))
                    && (found.call() == call || !rules.has(Rule::TakeBackIfAsRead))
            }
            _ => matches!(found, Adm::Active { .. }),
        };
        if outcome == Outcome::InFlight {
            return None;
        }
        if outcome != Outcome::NotWritten && is_unchanged {
            self.put(position, Adm::None);
            if matches!(seen, Adm::Active { .. }) {
                self.spent.add(position);
            } else if rules.has(Rule::TakeBackWritesMissed) {
                self.missed.add(position);
            }
        }
        lapsed[position - 1] = Adm::None;
        // It counts as gone only if the response says so.
        if outcome == Outcome::Done && self.at(position) == Adm::None {
            live.remove(position);
        }
        self.turns[process] = Turn::Counted { serving, lapsed, live, returned };
        Some(self)
    }

    /// Reads LINE and LEFT, and plans: returned members first, then the next in line.
    fn plan(mut self, process: usize, bounds: &Bounds, rules: Rules) -> Option<Self> {
        let Turn::Counted { serving, lapsed, live, returned } = self.turns[process] else { return None };
        if lapsed.iter().any(|adm| *adm != Adm::None) {
            return None;
        }
        if !rules.has(Rule::CountUnderLease) {
            if !self.is_lease_free(process, rules) {
                return None;
            }
            (self.owner, self.ages[process]) = (process as u8, FRESH);
        }
        let room = bounds.room(&serving);
        let used = live.len() + if rules.has(Rule::ReturnedUsesNoSlot) { 0 } else { returned.len() };
        let again: Vec<u64> = match rules.has(Rule::RecallReturned) {
            true => returned.iter().map(|position| position as u64).collect(),
            false => Vec::new(),
        };
        let drawn: Vec<u64> = self.drawn[..bounds.shards].iter().map(|drawn| u64::from(*drawn)).collect();
        let (admitted, left) = (positions(live), positions(self.left));
        let found =
            TurnInput { admitted: &admitted, left: &left, live: used, returned: &again, recalled: 0, available: None };
        let plan = room.plan(&room.candidates(&drawn, PLACES as u64), found, Timestamp::default());
        let [mut grant, mut adopt, mut skip, mut recall, mut todo] = [Set::default(); 5];
        for (place, step) in plan.0 {
            let position = usize::try_from(place.position(room.shards)).ok()?;
            match step {
                Step::Grant => grant.add(position),
                Step::Adopt => adopt.add(position),
                Step::Skip => skip.add(position),
                Step::Undo => {
                    self.put(position, Adm::None);
                    skip.add(position);
                }
                Step::Recall => recall.add(position),
            }
            if step.admits() {
                todo.add(position);
            }
        }
        self.turns[process] =
            Turn::Planned { serving, grant, adopt, skip, recall, todo, failed: Set::default(), looked: false };
        Some(self)
    }

    /// Whether the turn of `process` may still insert, by its own clock.
    fn may_admit(&self, process: usize, rules: Rules) -> bool {
        let last = if rules.has(Rule::LeaseMargin) { FRESH } else { MARGIN };
        self.ages[process].saturating_sub(LAG[process]) <= last
    }

    /// One write of the plan. Concurrent in reality, so in any order here.
    fn write(mut self, process: usize, position: usize, outcome: Outcome, rules: Rules) -> Option<Self> {
        let Turn::Planned { serving, grant, adopt, skip, mut recall, mut todo, mut failed, looked } =
            self.turns[process]
        else {
            return None;
        };
        if !todo.has(position) {
            return None;
        }
        let (is_recall, is_adopt) = (recall.has(position), adopt.has(position));
        let checks = if is_recall { Rule::LeaseAtRecall } else { Rule::LeaseAtGrant };
        let may_write = self.may_admit(process, rules) || !rules.has(checks);
        if !may_write && outcome != Outcome::NotWritten {
            return None;
        }
        if outcome == Outcome::InFlight {
            if is_adopt || self.in_flight[process].is_some() {
                return None;
            }
            self.in_flight[process] = Some(InFlight { position: position as u8, is_recall });
        }
        let found = self.at(position);
        let (meets, is_done) = match found {
            _ if is_recall => (found == Adm::Returned || !rules.has(Rule::RecallIfReturned), true),
            _ if is_adopt => {
                let is_granted = matches!(found, Adm::Granted { .. });
                (is_granted || !rules.has(Rule::AdoptIfGranted), found != Adm::None)
            }
            _ => (found == Adm::None || !rules.has(Rule::GrantIfAbsent), true),
        };
        if matches!(outcome, Outcome::Done | Outcome::ResponseLost) && meets {
            self.grant(position);
        }
        todo.remove(position);
        recall.remove(position);
        if !is_recall && (outcome != Outcome::Done || !(meets || is_done)) {
            failed.add(position);
        }
        self.turns[process] = Turn::Planned { serving, grant, adopt, skip, recall, todo, failed, looked };
        Some(self)
    }

    /// Reads LEFT again, and deletes the admissions of given-up places.
    fn look(mut self, process: usize, rules: Rules) -> Option<Self> {
        let Turn::Planned { serving, mut grant, mut adopt, mut skip, recall, todo, failed, looked: false } =
            self.turns[process]
        else {
            return None;
        };
        if !todo.is_empty() || !rules.has(Rule::TurnLooksAgain) {
            return None;
        }
        for position in 1..=PLACES {
            let is_called = (grant.has(position) || adopt.has(position)) && !failed.has(position);
            if is_called && self.left.has(position) {
                self.put(position, Adm::None);
                grant.remove(position);
                adopt.remove(position);
                skip.add(position);
            }
        }
        self.turns[process] = Turn::Planned { serving, grant, adopt, skip, recall, todo, failed, looked: true };
        Some(self)
    }

    /// Writes `serving` and releases the lease.
    fn end(mut self, process: usize, bounds: &Bounds, rules: Rules) -> Option<Self> {
        let Turn::Planned { serving, grant, adopt, skip, todo, failed, looked, .. } = self.turns[process] else {
            return None;
        };
        if !todo.is_empty() || (rules.has(Rule::TurnLooksAgain) && !looked) {
            return None;
        }
        if usize::from(self.owner) == process || !rules.has(Rule::EndIfOwner) {
            let failed = if rules.has(Rule::ServingStopsAtFailure) { failed } else { Set::default() };
            let room = bounds.room(&serving);
            self.serving =
                served(&room, bounds, [(grant, Step::Grant), (adopt, Step::Adopt), (skip, Step::Skip)], failed);
            let is_in_doubt = self.in_flight[process].is_some_and(|write| {
                rules.has(if write.is_recall { Rule::LeaseKeptForRecall } else { Rule::LeaseKeptForGrant })
            });
            if !is_in_doubt {
                self.owner = NOBODY;
            }
        }
        self.turns[process] = Turn::Idle;
        Some(self)
    }

    fn execute(mut self, process: usize, rules: Rules) -> Option<Self> {
        let InFlight { position, is_recall } = self.in_flight[process].take()?;
        let (position, found) = (usize::from(position), self.at(position.into()));
        let meets = match is_recall {
            true => found == Adm::Returned || !rules.has(Rule::RecallIfReturned),
            false => found == Adm::None || !rules.has(Rule::GrantIfAbsent),
        };
        if meets {
            self.grant(position);
        }
        Some(self)
    }

    /// Forgets what turns that have lost the lease can no longer use: they insert nothing, and only take back what
    /// they have read. This keeps the search small, and holds only with these conditions.
    pub(super) fn without_lost_turns(mut self, rules: Rules) -> Self {
        let needed = [Rule::LeaseAtRecall, Rule::LeaseAtGrant, Rule::EndIfOwner, Rule::CountUnderLease];
        if !needed.into_iter().all(|rule| rules.has(rule)) {
            return self;
        }
        for process in 0..self.turns.len() {
            if usize::from(self.owner) == process || self.may_admit(process, rules) {
                continue;
            }
            let turn = &mut self.turns[process];
            match turn {
                Turn::Counted { lapsed, .. } if *lapsed == [Adm::None; PLACES] => *turn = Turn::Idle,
                Turn::Counted { live, returned, .. } => (*live, *returned) = (Set::default(), Set::default()),
                Turn::Planned { .. } => *turn = Turn::Idle,
                _ => {}
            }
        }
        self
    }

    fn die(mut self, process: usize) -> Option<Self> {
        if self.turns[process] == Turn::Idle {
            return None;
        }
        self.turns[process] = Turn::Idle;
        Some(self)
    }
}

/// `serving` after the plan of these steps, by the domain.
fn served(room: &Room, bounds: &Bounds, steps: [(Set, Step); 3], failed: Set) -> [u8; SHARDS] {
    let step_of = |position: usize| steps.iter().find(|(set, _)| set.has(position)).map(|(_, step)| *step);
    let plan = (1..=PLACES).filter_map(|position| Some((bounds.place(position), step_of(position)?))).collect();
    let failed = failed.iter().map(|position| bounds.place(position)).collect();
    let turned = room.after(&Plan(plan), &failed, None, Timestamp::default());
    let mut serving = [0; SHARDS];
    for (shard, index) in turned.serving.into_iter().enumerate() {
        serving[shard] = u8::try_from(index).expect("a few positions");
    }
    serving
}
