//! The door: check-ins and reissues of a reservation's tickets.

use crate::{
    Error, Result, Timestamp,
    ids::TicketId,
    reservation::{Reservation, ReservationStatus},
    ticket_code::TicketClaim,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The use of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// When the ticket was used.
    pub at: Timestamp,
    /// Identifies the request, so that a retry after a lost response recognizes its own success.
    pub scan: String,
}

/// Check-ins and reissues of a reservation's tickets, by ticket index. Empty for most reservations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Door {
    check_ins: BTreeMap<String, CheckIn>,
    generations: BTreeMap<String, u32>,
}

impl Door {
    /// The attribute name of a ticket: its index.
    pub fn name(ticket_id: &TicketId) -> String {
        ticket_id.index().to_string()
    }

    /// The ticket's check-in, if it was used.
    pub fn check_in(&self, ticket_id: &TicketId) -> Option<&CheckIn> {
        self.check_ins.get(&Self::name(ticket_id))
    }

    /// How often the ticket was reissued. Only codes of this generation are valid.
    pub fn generation(&self, ticket_id: &TicketId) -> u32 {
        self.generations.get(&Self::name(ticket_id)).copied().unwrap_or_default()
    }

    /// Number of used tickets.
    pub fn used(&self) -> usize {
        self.check_ins.len()
    }

    /// When the first of the tickets was used.
    pub fn first_check_in_at(&self) -> Option<Timestamp> {
        self.check_ins.values().map(|check_in| check_in.at).min()
    }
}

impl Reservation {
    /// The content of the current code of one of its tickets.
    pub fn claim(&self, ticket_id: &TicketId) -> TicketClaim {
        TicketClaim {
            member_id: self.buyer.member_id,
            ticket_id: ticket_id.clone(),
            generation: self.door.generation(ticket_id),
        }
    }

    /// Whether `ticket_id` is one of its tickets, and valid: paid and not cancelled.
    pub fn has_valid(&self, ticket_id: &TicketId) -> bool {
        self.status == ReservationStatus::Confirmed && self.tickets().any(|(id, _)| id == *ticket_id)
    }

    /// Why the door refuses `claim`. A cancelled reservation admits nobody, whatever happened before. A reissued code
    /// is void, whether or not the newer one was used.
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

    /// The ticket's generation after the next reissue.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the ticket is not valid; [`Error::AlreadyCheckedIn`].
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
