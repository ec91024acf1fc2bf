//! The door: check-ins and reissues of a reservation's tickets.

use crate::{Timestamp, ids::TicketId};
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
