//! Card payments as a saga: a purchase is accepted at once, and the provider is called afterwards. The next step
//! follows from the reservation alone, so that any worker can continue after any crash, and a repeated message does
//! no harm.
//!
//! ```text
//! pending ──approved──────────────► approved ──cancelled──► refund due ──given back──► refunded
//!    ├─────declined───────────────► declined         (its seats return to their hold, if it can still be paid)
//!    └─────deadline, seats lost,
//!          cancelled by the member► voiding ───given back, or never taken──► voided
//! ```
//! The reservation is `pending`, then `confirmed` or `cancelled`. Once it is cancelled, its seats are free or back in
//! their hold, and only the settlement with the provider remains.

use super::{CancelReason, Reservation, ReservationStatus};
use crate::{
    Timestamp,
    card::{CardPayment, CardState, CardToken, DeclineReason},
    hold::Hold,
    limits::{DECLINED_HOLD_MIN_SECONDS, PAYMENT_ATTEMPTS_MAX},
    performance::Performance,
};

/// A pending card purchase and its outcomes.
impl Reservation {
    /// The hold that keeps the seats of a pending purchase until the deadline.
    pub fn pending_hold(&self) -> Option<Hold> {
        let card = self.card.as_ref().filter(|_| self.status == ReservationStatus::Pending)?;
        Some(Hold {
            hold_id: self.reservation_id.hold(),
            layout: self.layout,
            seats: self.seats.clone(),
            created_at: self.created_at,
            expires_at: card.deadline,
            bucket_end: card.bucket_end,
            prolongs: None,
            attempt: self.reservation_id.attempt(),
        })
    }

    /// The hold that the seats of a pending purchase return to if it is declined at `now`: for the rest of the hold's
    /// time and at least [`DECLINED_HOLD_MIN_SECONDS`], but never past the close of sales. `None` if it could not be
    /// paid: past the payment's deadline, when sales are closed, or after too many attempts.
    pub fn returned_hold(&self, performance: &Performance, now: Timestamp) -> Option<Hold> {
        let hold = self.pending_hold().filter(|hold| hold.is_live(now))?;
        let before = self.card.as_ref()?.before.as_ref()?;
        let payable = performance.check_on_sale(now).is_ok() && performance.layout == hold.layout;
        if !payable || hold.attempt >= PAYMENT_ATTEMPTS_MAX {
            return None;
        }
        let until = before.expires_at.max(now.plus_seconds(DECLINED_HOLD_MIN_SECONDS)).min(performance.sales_close_at);
        let (created_at, prolongs, attempt) = (before.created_at, before.admission, hold.attempt + 1);
        Some(Hold { created_at, prolongs, attempt, ..hold.prolonged(until, performance) })
    }

    /// The reservation, confirmed: the provider approved.
    #[must_use]
    pub fn approved(self, now: Timestamp) -> Self {
        let approved = |card: CardPayment| CardPayment { approved_at: Some(now), ..card.in_state(CardState::Approved) };
        let card = self.card.map(approved);
        Self { status: ReservationStatus::Confirmed, card, ..self }
    }

    /// The reservation, ended: the provider declined.
    #[must_use]
    pub fn declined(self, why: DeclineReason, now: Timestamp) -> Self {
        let declined =
            |card: CardPayment| CardPayment { decline_reason: Some(why), ..card.in_state(CardState::Declined) };
        let card = self.card.map(declined);
        Self { card, ..self }.over(CancelReason::PaymentDeclined, now)
    }

    /// The declined reservation, whose seats returned to `hold`.
    #[must_use]
    pub fn returned_to(self, hold: &Hold) -> Self {
        let card = self.card.map(|card| CardPayment { returned_until: Some(hold.expires_at), ..card });
        Self { card, ..self }
    }

    /// The reservation, ended: the provider did not decide in time, or the seats were lost before it did.
    #[must_use]
    pub fn expired(self, now: Timestamp) -> Self {
        self.over(CancelReason::PaymentExpired, now)
    }

    /// The state of the payment once the provider holds no money of an ended purchase.
    pub fn given_back(&self) -> Option<CardState> {
        match self.card.as_ref()?.state {
            CardState::Voiding => Some(CardState::Voided),
            CardState::RefundDue => Some(CardState::Refunded),
            _ => None,
        }
    }
}

/// A worker's next step for a card payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the provider to confirm the payment with this token.
    Confirm(CardToken),
    /// Call the purchase off: the deadline has passed.
    Expire,
    /// Ensure that the provider holds no money of this purchase.
    GiveBack,
    /// Nothing: the payment is settled, or not by card.
    Nothing,
}

/// The next step for `reservation` at `now`.
pub fn next_step(reservation: &Reservation, now: Timestamp) -> Step {
    let Some(card) = &reservation.card else { return Step::Nothing };
    match (card.state, &card.token) {
        (CardState::Pending, _) if now >= card.deadline => Step::Expire,
        (CardState::Pending, Some(token)) => Step::Confirm(token.clone()),
        // Without a token it cannot be confirmed.
        (CardState::Pending, None) => Step::Expire,
        (CardState::Voiding | CardState::RefundDue, _) => Step::GiveBack,
        (CardState::Approved | CardState::Declined | CardState::Voided | CardState::Refunded, _) => Step::Nothing,
    }
}

/// When the current step was first attempted.
pub fn asked_since(reservation: &Reservation) -> Timestamp {
    match reservation.status {
        ReservationStatus::Cancelled => reservation.cancelled_at.unwrap_or(reservation.created_at),
        ReservationStatus::Pending | ReservationStatus::Confirmed => reservation.created_at,
    }
}

#[cfg(test)]
mod tests;
