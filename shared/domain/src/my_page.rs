//! My page: the progress of all bookings of a member, in one read. A booking is one row, which changes; a
//! cancellation adds a row.

use crate::{
    Timestamp,
    ids::{PaymentId, ReservationId},
    money::Won,
    reservation::{PaymentStatus, Reservation},
    show::TimeZone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Type of a row of my page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PageEntryType {
    /// A booking.
    Reservation,
    /// The end of a booking, with its refund.
    Cancellation,
}

/// Status of a row of my page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PageEntryStatus {
    /// Booked; the payment is in progress.
    PaymentPending,
    /// Paid. A paid booking keeps this status: a later cancellation is a separate row.
    PaymentApproved,
    /// Not paid: the payment was refused.
    PaymentDeclined,
    /// For a cancellation: any payment was refunded. For a booking: it was cancelled before it was paid.
    PaymentCancelled,
}

/// A row of my page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEntry {
    /// Derived from the reservation's id.
    pub entry_id: String,
    /// Whether it is a booking or a cancellation.
    #[serde(rename = "type")]
    pub kind: PageEntryType,
    /// Progress of the payment.
    pub status: PageEntryStatus,
    /// The reservation's id.
    pub reservation_id: ReservationId,
    /// The payment's id.
    pub payment_id: PaymentId,
    /// The show's title at the time of the sale.
    pub show_title: String,
    /// Start of the performance.
    pub starts_at: Timestamp,
    /// Time zone of the show's local time.
    pub time_zone: TimeZone,
    /// Number of seats.
    pub quantity: usize,
    /// The amount paid or to be paid; for a cancellation, the amount refunded.
    pub amount: Won,
    /// When the member booked, or when the booking was cancelled.
    pub created_at: Timestamp,
    /// When the status last changed.
    pub updated_at: Timestamp,
}

impl PageEntry {
    /// The rows of `reservation`: its booking and, if it was cancelled, its cancellation.
    pub fn all_of(reservation: &Reservation) -> Vec<Self> {
        let payment = reservation.payment_status();
        let booking = match (reservation.approved_at(), payment) {
            (Some(approved_at), _) => (PageEntryStatus::PaymentApproved, approved_at),
            (None, PaymentStatus::Declined) => (PageEntryStatus::PaymentDeclined, ended_at(reservation)),
            (None, PaymentStatus::Cancelled) => (PageEntryStatus::PaymentCancelled, ended_at(reservation)),
            (None, _) => (PageEntryStatus::PaymentPending, reservation.created_at),
        };
        let mut rows = vec![Self {
            entry_id: format!("e-{}.0", reservation.reservation_id.key()),
            kind: PageEntryType::Reservation,
            status: booking.0,
            reservation_id: reservation.reservation_id.clone(),
            payment_id: reservation.payment_id(),
            show_title: reservation.sold.show_title.clone(),
            starts_at: reservation.sold.starts_at,
            time_zone: reservation.sold.time_zone.clone(),
            quantity: reservation.seats.len(),
            amount: reservation.total(),
            created_at: reservation.created_at,
            updated_at: booking.1,
        }];
        if payment == PaymentStatus::Cancelled {
            let ended_at = ended_at(reservation);
            rows.push(Self {
                entry_id: format!("e-{}.1", reservation.reservation_id.key()),
                kind: PageEntryType::Cancellation,
                status: PageEntryStatus::PaymentCancelled,
                amount: reservation.refunded(),
                created_at: ended_at,
                updated_at: ended_at,
                ..rows[0].clone()
            });
        }
        rows
    }
}

fn ended_at(reservation: &Reservation) -> Timestamp {
    reservation.cancelled_at.unwrap_or(reservation.created_at)
}
