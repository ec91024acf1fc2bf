//! The door list of a performance: one row for each of its reservations, ordered by the member's name, because that
//! is what members without a ticket at hand can say.

use crate::{
    Timestamp,
    hold::HeldSeat,
    ids::{MemberId, ReservationId},
    limits::NAME_SORTED_CHARS,
    member::Name,
    reservation::{Reservation, ReservationStatus},
    sales::Sale,
    seating::SeatId,
};
use serde::{Deserialize, Serialize};

/// A reservation on the door list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorRow {
    /// The reservation's id.
    pub reservation_id: ReservationId,
    /// The member who bought.
    pub member_id: MemberId,
    /// The buyer's name, as copied into the reservation.
    pub member_name: Name,
    /// Status of the reservation; only a confirmed one admits.
    pub status: ReservationStatus,
    /// Seats in the order of the tickets.
    pub seat_ids: Vec<SeatId>,
    /// Its tickets.
    pub quantity: usize,
    /// Number of used tickets.
    pub checked_in: usize,
    /// When it was booked.
    pub created_at: Timestamp,
    /// Its contribution to the sums, so that the same amounts are subtracted when it is cancelled.
    pub sales: Vec<Sale>,
}

impl DoorRow {
    /// The row for `reservation`.
    pub fn of(reservation: &Reservation) -> Self {
        Self {
            reservation_id: reservation.reservation_id.clone(),
            member_id: reservation.buyer.member_id,
            member_name: reservation.buyer.name.clone(),
            status: reservation.status,
            seat_ids: reservation.seats.iter().filter_map(HeldSeat::seat_id).cloned().collect(),
            quantity: reservation.seats.len(),
            checked_in: reservation.door.used(),
            created_at: reservation.created_at,
            sales: Sale::all_of(reservation),
        }
    }

    /// Whether the reservation is pending or confirmed, so that its seats are taken.
    pub fn is_live(&self) -> bool {
        self.status != ReservationStatus::Cancelled
    }
}

/// The beginning of `name` by which the list is ordered and searched, in lower case.
pub fn sorted_name(name: &str) -> String {
    name.chars().take(NAME_SORTED_CHARS).flat_map(char::to_lowercase).collect()
}
