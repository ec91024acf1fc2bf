//! The members' steps: JOIN, POLL with CLAIM and RETURN, PAY, LEAVE.

use super::{
    action::{Action, Stepped},
    bounds::Bounds,
    rules::{Rule, Rules},
    state::{Adm, Asking, Leaving, Member, PLACES, State},
};

impl State {
    /// The state after a member's step; `None` if it is not possible.
    pub(super) fn asked(&self, action: Action, bounds: &Bounds, rules: Rules) -> Option<Stepped> {
        let next = match action {
            Action::ReadLine { member, shard } => self.read_line(member, shard, bounds, rules)?,
            Action::Draw { member, shard } => self.draw(member, shard, bounds, rules)?,
            Action::StorePlace(member) => return self.store_place(member, bounds),
            Action::JoinDies(member) => self.join_dies(member)?,
            Action::Claim(member) => return self.claim(member, bounds, rules),
            Action::FindNothing(member) => self.find_nothing(member, bounds)?,
            Action::Return { member, response_lost } => return self.return_place(member, response_lost, rules),
            Action::Pay(member) => self.pay(member)?,
            Action::GiveUpPlace(member) => self.give_up_place(member, bounds)?,
            Action::EndLeave(member) => self.end_leave(member, rules)?,
            _ => return None,
        };
        Some(Ok(next))
    }

    fn may_join(&self, member: usize) -> bool {
        let Member { place, asking, .. } = self.members[member];
        let drawn: u8 = self.drawn.iter().sum();
        place == 0 && !matches!(asking, Asking::Drew(_)) && usize::from(drawn) < PLACES
    }

    /// Only without [`Rule::DrawIsAtomic`].
    fn read_line(mut self, member: usize, shard: usize, bounds: &Bounds, rules: Rules) -> Option<Self> {
        let is_free = !rules.has(Rule::DrawIsAtomic) && self.members[member].asking == Asking::Nothing;
        if !is_free || !self.may_join(member) {
            return None;
        }
        let drawn = bounds.position(shard, self.drawn[shard] + 1);
        self.members[member].asking = Asking::ReadLine(u8::try_from(drawn).ok()?);
        Some(self)
    }

    fn draw(mut self, member: usize, shard: usize, bounds: &Bounds, rules: Rules) -> Option<Self> {
        if !self.may_join(member) {
            return None;
        }
        let position = match self.members[member].asking {
            Asking::ReadLine(position) => {
                let place = bounds.place(position.into());
                if place.shard as usize != shard {
                    return None;
                }
                self.drawn[shard] = u8::try_from(place.index).ok()?;
                position
            }
            _ if rules.has(Rule::DrawIsAtomic) => {
                self.drawn[shard] += 1;
                u8::try_from(bounds.position(shard, self.drawn[shard])).ok()?
            }
            _ => return None,
        };
        if usize::from(position) > PLACES {
            return None;
        }
        self.members[member].asking = Asking::Drew(position);
        Some(self)
    }

    fn store_place(mut self, member: usize, bounds: &Bounds) -> Option<Stepped> {
        let Asking::Drew(place) = self.members[member].asking else { return None };
        self.members[member] = Member { place, is_held: true, ..Member::default() };
        let owners = self.members[..bounds.members].iter().filter(|member| member.place == place).count();
        Some(if owners == 1 { Ok(self) } else { Err("two members have one position") })
    }

    /// The process of a join dies: the position that it drew belongs to nobody. The client repeats the join.
    fn join_dies(mut self, member: usize) -> Option<Self> {
        let Asking::Drew(_) = self.members[member].asking else { return None };
        self.members[member].asking = Asking::Nothing;
        Some(self)
    }

    /// The position in the member's token, if it was called. A member's token outlives their LEAVE.
    fn called_place(&self, member: usize, bounds: &Bounds) -> Option<usize> {
        let position = usize::from(self.members[member].place);
        (position > 0 && bounds.has_served(&self.serving, position)).then_some(position)
    }

    fn claim(mut self, member: usize, bounds: &Bounds, rules: Rules) -> Option<Stepped> {
        let position = self.called_place(member, bounds)?;
        let call = match self.at(position) {
            Adm::Granted { call, .. } => call,
            Adm::Active { .. } => return None,
            other if rules.has(Rule::ClaimIfGranted) => {
                debug_assert!(other == Adm::None || other == Adm::Returned, "nothing to claim");
                return None;
            }
            other => other.call(),
        };
        self.put(position, Adm::Active { call, expired: false });
        let shard = bounds.place(position).shard;
        let is_passed = |before: &usize| bounds.place(*before).shard == shard && !self.is_known(*before);
        let passed = (1..position).find(is_passed);
        Some(if passed.is_none() { Ok(self) } else { Err("a member is admitted before another who is ahead") })
    }

    fn find_nothing(mut self, member: usize, bounds: &Bounds) -> Option<Self> {
        let position = self.called_place(member, bounds)?;
        if self.at(position) != Adm::None || self.members[member].asking != Asking::Nothing {
            return None;
        }
        self.members[member].asking = Asking::FoundNothing;
        Some(self)
    }

    /// RETURN: one transaction.
    fn return_place(mut self, member: usize, response_lost: bool, rules: Rules) -> Option<Stepped> {
        let Member { place, is_held, asking, .. } = self.members[member];
        if asking != Asking::FoundNothing {
            return None;
        }
        let position = usize::from(place);
        let (missed, adm) = (self.missed.has(position), self.at(position));
        let returns = (missed || !rules.has(Rule::ReturnIfMissed))
            && (adm == Adm::None || !rules.has(Rule::ReturnIfAbsent))
            && (is_held || !rules.has(Rule::ReturnIfHeld));
        if returns {
            self.missed.remove(position);
            self.put(position, Adm::Returned);
            if !response_lost {
                self.members[member].asking = Asking::Nothing;
            }
            return Some(Ok(self));
        }
        if response_lost {
            return None;
        }
        self.members[member].asking = Asking::Nothing;
        let is_lost = !missed && (adm == Adm::None || !rules.has(Rule::LostIfNeither));
        Some(if is_lost && is_held && !self.is_finished(position) {
            Err("a poll calls a place lost that is not")
        } else {
            Ok(self)
        })
    }

    fn pay(mut self, member: usize) -> Option<Self> {
        let position = usize::from(self.members[member].place);
        if position == 0 || !matches!(self.at(position), Adm::Active { expired: false, .. }) {
            return None;
        }
        self.put(position, Adm::None);
        self.spent.add(position);
        Some(self)
    }

    /// LEAVE, first step: PLACE is given up, and a fresh ROOM is read.
    fn give_up_place(mut self, member: usize, bounds: &Bounds) -> Option<Self> {
        let Member { place, is_held, .. } = self.members[member];
        if place == 0 || !is_held {
            return None;
        }
        self.leaves = self.leaves.checked_sub(1)?;
        let is_called = bounds.has_served(&self.serving, place.into());
        self.members[member].is_held = false;
        self.members[member].leaving = if is_called { Leaving::FromRoom } else { Leaving::FromLine };
        Some(self)
    }

    /// LEAVE, last step: the place is marked as left, or the admission and MISSED are deleted.
    fn end_leave(mut self, member: usize, rules: Rules) -> Option<Self> {
        let Member { place, leaving, .. } = self.members[member];
        let position = usize::from(place);
        match leaving {
            Leaving::No => return None,
            Leaving::FromLine => {
                self.left.add(position);
                if rules.has(Rule::LeaveLooks) {
                    self.members[member].leaving = Leaving::Marked;
                    return Some(self);
                }
            }
            Leaving::Marked => self.put(position, Adm::None),
            Leaving::FromRoom => {
                if rules.has(Rule::LeaveDeletesAdm) {
                    self.put(position, Adm::None);
                }
                if !rules.has(Rule::LeaveAtOnce) {
                    self.members[member].leaving = Leaving::OfMissed;
                    return Some(self);
                }
            }
            Leaving::OfMissed => {}
        }
        if matches!(leaving, Leaving::FromRoom | Leaving::OfMissed) && rules.has(Rule::LeaveDeletesMissed) {
            self.missed.remove(position);
        }
        self.members[member].leaving = Leaving::No;
        if !self.spent.has(position) {
            self.gone.add(position);
        }
        Some(self)
    }
}
