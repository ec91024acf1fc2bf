//! Payments: each is a view of its reservation.

use frontrow_domain::{
    card::DeclineReason,
    ids::{HoldId, PaymentId, ReservationId},
    money::{Currency, Won},
    reservation::{PaymentMethod, PaymentStatus, Reservation},
    time::UtcTime,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A payment as its member sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Payment")]
pub struct PaymentView {
    payment_id: PaymentId,
    hold_id: HoldId,
    reservation_id: ReservationId,
    method: PaymentMethod,
    status: PaymentStatus,
    /// Reason of a declined payment. The hold can be paid again until it expires.
    decline_reason: Option<DeclineReason>,
    amount: Won,
    currency: Currency,
    created_at: UtcTime,
    cancelled_at: Option<UtcTime>,
}

impl From<&Reservation> for PaymentView {
    fn from(reservation: &Reservation) -> Self {
        Self {
            payment_id: reservation.payment_id(),
            hold_id: reservation.reservation_id.hold(),
            reservation_id: reservation.reservation_id.clone(),
            method: reservation.method,
            status: reservation.payment_status(),
            decline_reason: reservation.decline_reason(),
            amount: reservation.total(),
            currency: Currency::Krw,
            created_at: reservation.created_at.into(),
            cancelled_at: reservation.cancelled_at.map(UtcTime::from),
        }
    }
}
