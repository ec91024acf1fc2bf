//! The door list of a performance: a row for each of its reservations, by the name of its member, because that is what
//! somebody without a ticket in his hand says.

use crate::{
    Timestamp,
    ids::{MemberId, ReservationId},
    limits::NAME_SORTED_CHARS,
    member::Name,
    reservation::{Reservation, ReservationStatus},
    sales::Sale,
    seating::SeatId,
};
use serde::{Deserialize, Serialize};

/// A reservation as the door sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorRow {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// Who bought.
    pub member_id: MemberId,
    /// His name when he bought.
    pub member_name: Name,
    /// How far it has come; only a confirmed one opens the door.
    pub status: ReservationStatus,
    /// Its seats.
    pub seat_ids: Vec<SeatId>,
    /// Its tickets.
    pub quantity: usize,
    /// Tickets that were used.
    pub checked_in: usize,
    /// When it was booked.
    pub created_at: Timestamp,
    /// What it adds to the sums, so that as much is taken off when it is cancelled.
    pub sales: Vec<Sale>,
}

impl DoorRow {
    /// The row of `reservation`.
    pub fn of(reservation: &Reservation) -> Self {
        Self {
            reservation_id: reservation.reservation_id.clone(),
            member_id: reservation.buyer.member_id,
            member_name: reservation.buyer.name.clone(),
            status: reservation.status,
            seat_ids: reservation.seats.iter().filter_map(|seat| seat.seat_id.clone()).collect(),
            quantity: reservation.seats.len(),
            checked_in: reservation.door.used(),
            created_at: reservation.created_at,
            sales: Sale::all_of(reservation),
        }
    }

    /// Whether its seats are taken.
    pub fn is_live(&self) -> bool {
        self.status != ReservationStatus::Cancelled
    }
}

/// The beginning of `name` by which the list is ordered and searched: without regard to case.
pub fn sorted_name(name: &str) -> String {
    name.chars().take(NAME_SORTED_CHARS).flat_map(char::to_lowercase).collect()
}
