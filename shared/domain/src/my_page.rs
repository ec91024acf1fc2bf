//! My page: the progress of everything a member did, in one read (R8). A booking is one row, which changes; a cancellation
//! adds a row.

use crate::{
    Timestamp,
    ids::{PaymentId, ReservationId},
    money::Won,
    reservation::{PaymentStatus, Reservation},
    show::TimeZone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a row of my page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PageEntryType {
    /// A booking.
    Reservation,
    /// Its end, and what went back.
    Cancellation,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum PageEntryStatus {
    /// Booked; the payment is under way.
    PaymentPending,
    /// Paid. A booking that was paid stays so: that it was cancelled later is a row of its own.
    PaymentApproved,
    /// Not paid: the payment was refused.
    PaymentDeclined,
    /// Of a cancellation: what was paid went back. Of a booking: it was cancelled before it was paid.
    PaymentCancelled,
}

/// A row of my page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageEntry {
    /// Id; derived from the reservation's.
    pub entry_id: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: PageEntryType,
    /// How far it has come.
    pub status: PageEntryStatus,
    /// The reservation.
    pub reservation_id: ReservationId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// The show's title as it was sold.
    pub show_title: String,
    /// Curtain.
    pub starts_at: Timestamp,
    /// Zone of the show's local time.
    pub time_zone: TimeZone,
    /// Seats.
    pub quantity: usize,
    /// What was paid or is to be paid; of a cancellation, what went back.
    pub amount: Won,
    /// When the member booked, or it was cancelled.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

impl PageEntry {
    /// The rows of `reservation`: its booking, and its cancellation where there is one.
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
