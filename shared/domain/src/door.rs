//! The door: which tickets of a reservation were used, and which were reissued.

use crate::{
    Error, Result, Timestamp,
    ids::TicketId,
    reservation::{Reservation, ReservationStatus},
    ticket_code::TicketClaim,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A ticket's use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// When.
    pub at: Timestamp,
    /// By which call: a call that is sent again after a lost answer finds its own success by it.
    pub scan: String,
}

/// What became of a reservation's tickets since they were sold, by their index. Empty for most reservations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Door {
    check_ins: BTreeMap<String, CheckIn>,
    generations: BTreeMap<String, u32>,
}

impl Door {
    /// A ticket's name here: its index.
    pub fn name(ticket_id: &TicketId) -> String {
        ticket_id.index().to_string()
    }

    /// The ticket's use, if it was used.
    pub fn check_in(&self, ticket_id: &TicketId) -> Option<&CheckIn> {
        self.check_ins.get(&Self::name(ticket_id))
    }

    /// How often the ticket was reissued: only the code of this generation is good.
    pub fn generation(&self, ticket_id: &TicketId) -> u32 {
        self.generations.get(&Self::name(ticket_id)).copied().unwrap_or_default()
    }

    /// Tickets that were used.
    pub fn used(&self) -> usize {
        self.check_ins.len()
    }

    /// When the first of the tickets was used.
    pub fn first_check_in_at(&self) -> Option<Timestamp> {
        self.check_ins.values().map(|check_in| check_in.at).min()
    }
}

impl Reservation {
    /// What the current code of one of its tickets says.
    pub fn claim(&self, ticket_id: &TicketId) -> TicketClaim {
        TicketClaim {
            member_id: self.buyer.member_id,
            ticket_id: ticket_id.clone(),
            generation: self.door.generation(ticket_id),
        }
    }

    /// Whether `ticket_id` is one of its tickets, and good for something: paid, and not cancelled.
    pub fn has_valid(&self, ticket_id: &TicketId) -> bool {
        self.status == ReservationStatus::Confirmed && self.tickets().any(|(id, _)| id == *ticket_id)
    }

    /// Why the door refuses `claim`. A cancelled reservation lets nobody in, whatever happened before; a reissued code is
    /// void, whether or not the newer one was used.
    pub fn refusal(&self, claim: &TicketClaim) -> Error {
        if self.status == ReservationStatus::Cancelled {
            return Error::ReservationCancelled;
        }
        if claim.generation < self.door.generation(&claim.ticket_id) {
            return Error::TicketReissued;
        }
        let used = self.door.check_in(&claim.ticket_id);
        used.map_or(Error::InvalidTicket, |check_in| Error::AlreadyCheckedIn { checked_in_at: check_in.at })
    }

    /// The generation that reissuing the ticket makes.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it is no valid ticket; [`Error::AlreadyCheckedIn`].
    pub fn next_generation(&self, ticket_id: &TicketId) -> Result<u32> {
        if !self.has_valid(ticket_id) {
            return Err(Error::NotFound);
        }
        match self.door.check_in(ticket_id) {
            Some(check_in) => Err(Error::AlreadyCheckedIn { checked_in_at: check_in.at }),
            None => Ok(self.door.generation(ticket_id) + 1),
        }
    }
}
