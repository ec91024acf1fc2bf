//! Payments (R1-R3, R7): each is told from its reservation.

pub mod get_payment;
pub mod list_payments;
pub mod pay;

use frontrow_domain::{
    ids::{HoldId, PaymentId, ReservationId},
    money::Won,
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
    amount: Won,
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
            amount: reservation.total(),
            created_at: reservation.created_at.into(),
            cancelled_at: reservation.cancelled_at.map(UtcTime::from),
        }
    }
}
