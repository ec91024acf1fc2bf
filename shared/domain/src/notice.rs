//! Notices: messages to a member about their payments and reservations, one for every approval and every
//! cancellation.

use crate::{
    Timestamp,
    card::DeclineReason,
    ids::{PaymentId, ReservationId},
    money::Won,
    reservation::{CancelReason, PaymentStatus, Reservation},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Type of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum NoticeType {
    /// A payment was approved: the seats belong to the member.
    PaymentApproved,
    /// A payment was refused: the seats are back in their hold, or free.
    PaymentDeclined,
    /// A reservation ended, and any payment was refunded.
    ReservationCancelled,
    /// A reservation ended because the organizer cancelled the performance, and any payment was refunded.
    PerformanceCancelled,
}

/// One notice. Its content is final when it is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Derived from the reservation's id.
    pub notice_id: String,
    /// Subject of the notice.
    #[serde(rename = "type")]
    pub kind: NoticeType,
    /// The reservation's id.
    pub reservation_id: ReservationId,
    /// The payment's id.
    pub payment_id: PaymentId,
    /// The show's title at the time of the sale.
    pub show_title: String,
    /// The amount paid, to be paid, or refunded.
    pub amount: Won,
    /// When the event happened.
    pub created_at: Timestamp,
    /// Why a payment was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
}

impl Notice {
    /// All notices about `reservation`, oldest first, including those of states that were never observed.
    pub fn all_of(reservation: &Reservation) -> Vec<Self> {
        let notice = |(number, kind, amount, created_at)| Self {
            notice_id: format!("n-{}.{number}", reservation.reservation_id.key()),
            kind,
            reservation_id: reservation.reservation_id.clone(),
            payment_id: reservation.payment_id(),
            show_title: reservation.sold.show_title.clone(),
            amount,
            created_at,
            decline_reason: reservation.decline_reason(),
        };
        let approval = reservation.approved_at().map(|at| (0, NoticeType::PaymentApproved, reservation.total(), at));
        let end = reservation.cancelled_at.map(|at| match (&reservation.cancel_reason, reservation.payment_status()) {
            (_, PaymentStatus::Declined) => (1, NoticeType::PaymentDeclined, reservation.total(), at),
            (Some(CancelReason::Organizer(_)), _) => (1, NoticeType::PerformanceCancelled, reservation.refunded(), at),
            _ => (1, NoticeType::ReservationCancelled, reservation.refunded(), at),
        });
        approval.into_iter().chain(end).map(notice).collect()
    }
}

#[cfg(test)]
mod tests;
