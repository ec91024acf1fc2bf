//! The tickets of a reservation at the door and after a reissue.

use super::{Reservation, ReservationStatus};
use crate::{Error, Result, ids::TicketId, ticket_code::TicketClaim};

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
