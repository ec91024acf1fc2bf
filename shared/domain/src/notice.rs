//! Notices: what a member is told about his payments and reservations, a row for every approval and every cancellation (R7).

use crate::{
    Timestamp,
    card::DeclineReason,
    ids::{PaymentId, ReservationId},
    money::Won,
    reservation::{CancelReason, PaymentStatus, Reservation},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum NoticeType {
    /// A payment went through: the seats are the member's.
    PaymentApproved,
    /// A payment was refused: the seats are in their hold again, or free.
    PaymentDeclined,
    /// A reservation ended, and what was paid went back.
    ReservationCancelled,
    /// The same, because the organizer cancelled the performance.
    PerformanceCancelled,
}

/// One notice. Everything in it is final when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Id; derived from the reservation's.
    pub notice_id: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: NoticeType,
    /// The reservation.
    pub reservation_id: ReservationId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// The show's title as it was sold.
    pub show_title: String,
    /// What was paid, was to be paid, or went back.
    pub amount: Won,
    /// When that happened.
    pub created_at: Timestamp,
    /// Why a payment was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
}

impl Notice {
    /// All notices about `reservation`, oldest first: also of steps that it took unseen.
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
