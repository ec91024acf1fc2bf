//! Card payments as a saga: a purchase is accepted at once, and the provider is asked afterwards. What is to be done next is
//! told from the reservation alone, so that any worker can go on after any crash, and a repeated message does no harm.
//!
//! ```text
//! pending ──approved──────────────► approved ──cancelled──► refund due ──given back──► refunded
//!    ├─────declined───────────────► declined         (its seats return to their hold, if it can still be paid)
//!    └─────deadline, seats lost,
//!          cancelled by the member► voiding ───given back, or never taken──► voided
//! ```
//! The reservation shows `pending`, then `confirmed` or `cancelled`. From the moment it is cancelled its seats are free or
//! in their hold again, and what is left to do is between us and the provider.

use crate::{
    Timestamp,
    hold::Hold,
    limits::{
        CARD_DEADLINE_SECONDS, CARD_TOKEN_MAX_CHARS, CARD_VOID_SECONDS, CARD_WAIT_MAX_SECONDS, CARD_WAIT_MIN_SECONDS,
        CARD_WAIT_SHARE, DECLINED_HOLD_MIN_SECONDS, PAYMENT_ATTEMPTS_MAX,
    },
    performance::Performance,
    reservation::{CancelReason, Reservation, ReservationStatus},
    waiting_room::Admission,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the provider gave the member for this payment: 1 to 200 visible ASCII characters. Whoever has it and our secret key
/// can charge the card, so it is never logged, and kept no longer than until the provider has said yes or no.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[!-~]*$", "minLength" = 1, "maxLength" = CARD_TOKEN_MAX_CHARS))]
pub struct CardToken(String);

impl CardToken {
    /// The token, for the provider alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(..)")
    }
}

impl TryFrom<String> for CardToken {
    type Error = String;

    /// # Errors
    /// Says what a token looks like, without the text.
    fn try_from(text: String) -> Result<Self, String> {
        let fits = (1..=CARD_TOKEN_MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text))
        } else {
            Err(format!("expected the provider's token: 1 to {CARD_TOKEN_MAX_CHARS} visible ASCII characters"))
        }
    }
}

impl From<CardToken> for String {
    fn from(token: CardToken) -> Self {
        token.0
    }
}

/// Until when a payment that is accepted at `now` may be pending.
pub fn deadline(now: Timestamp) -> Timestamp {
    now.plus_seconds(CARD_DEADLINE_SECONDS)
}

/// How far the provider's part of a purchase has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// It has not said yes or no yet.
    Pending,
    /// It took the money, and the seats are sold.
    Approved,
    /// It said no.
    Declined,
    /// The purchase is off; what it may have taken, or may yet take, has to be given back.
    Voiding,
    /// Nothing was taken for a purchase that is off, or it was given back.
    Voided,
    /// A confirmed purchase was cancelled; the money has to be given back.
    RefundDue,
    /// It was given back.
    Refunded,
}

impl CardState {
    /// Whether nothing is left to do with the provider.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Approved | Self::Declined | Self::Voided | Self::Refunded)
    }
}

/// Why the provider declined a payment, as far as the member can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DeclineReason {
    /// Not enough money behind the card.
    InsufficientFunds,
    /// More than the card may be charged at once, a day, or a month.
    LimitExceeded,
    /// The card expired, or its expiry date is wrong.
    CardExpired,
    /// The issuer does not accept the card or this payment.
    Rejected,
    /// Anything else.
    Other,
}

/// A hold as it was when its payment by card began: what a declined payment gives back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldBefore {
    created_at: Timestamp,
    expires_at: Timestamp,
    /// The position whose admission is kept while the payment is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admission: Option<u64>,
}

/// A reservation's payment by card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPayment {
    /// How far it has come.
    pub state: CardState,
    /// Until when the provider may say yes, and the seats are kept.
    pub deadline: Timestamp,
    /// The end of the bucket that keeps its places until then, where they are only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_end: Option<Timestamp>,
    /// When it said yes and the seats were sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// What the provider gave the member; gone once it said yes or no, or nobody wants to know any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<CardToken>,
    /// The hold that it pays; `None` where it was accepted by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<HoldBefore>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// Until when the hold that its seats returned to could be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_until: Option<Timestamp>,
}

impl CardPayment {
    /// One of `hold`, whose seats are kept until the deadline as `kept` says, and the member's admission with them.
    pub(crate) fn of(hold: &Hold, kept: &Hold, admission: Option<&Admission>, token: CardToken) -> Self {
        let before = HoldBefore {
            created_at: hold.created_at,
            expires_at: hold.expires_at,
            admission: admission.map(|admission| admission.position),
        };
        Self {
            state: CardState::Pending,
            deadline: kept.expires_at,
            bucket_end: kept.bucket_end,
            approved_at: None,
            token: Some(token),
            before: Some(before),
            decline_reason: None,
            returned_until: None,
        }
    }

    /// The position whose admission is kept while it is pending.
    pub fn admission(&self) -> Option<u64> {
        self.before.as_ref()?.admission
    }

    fn in_state(self, state: CardState) -> Self {
        Self { state, token: None, ..self }
    }

    /// The same after its purchase was cancelled: what was taken, or may be, is to be given back.
    pub(crate) fn called_off(self) -> Self {
        match self.state {
            CardState::Pending => self.in_state(CardState::Voiding),
            CardState::Approved => self.in_state(CardState::RefundDue),
            _ => self,
        }
    }
}

/// A pending purchase by card, and what becomes of it.
impl Reservation {
    /// The seats of a pending purchase as the hold that they are kept by, until the deadline.
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

    /// The hold that the seats of a pending purchase return to when it is declined at `now`: for the rest of the hold's time
    /// and at least [`DECLINED_HOLD_MIN_SECONDS`], but never past the close of sales. `None` where it could not be paid: past the
    /// payment's deadline, when sales are closed, after too many attempts.
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

    /// The same, paid: the provider said yes.
    #[must_use]
    pub fn approved(self, now: Timestamp) -> Self {
        let approved = |card: CardPayment| CardPayment { approved_at: Some(now), ..card.in_state(CardState::Approved) };
        let card = self.card.map(approved);
        Self { status: ReservationStatus::Confirmed, card, ..self }
    }

    /// The same, over: the provider said no.
    #[must_use]
    pub fn declined(self, why: DeclineReason, now: Timestamp) -> Self {
        let declined =
            |card: CardPayment| CardPayment { decline_reason: Some(why), ..card.in_state(CardState::Declined) };
        let card = self.card.map(declined);
        Self { card, ..self }.over(CancelReason::PaymentDeclined, now)
    }

    /// The same, where its seats returned to `hold`.
    #[must_use]
    pub fn returned_to(self, hold: &Hold) -> Self {
        let card = self.card.map(|card| CardPayment { returned_until: Some(hold.expires_at), ..card });
        Self { card, ..self }
    }

    /// The same, over: there is no answer in time, or the seats were lost before it came.
    #[must_use]
    pub fn expired(self, now: Timestamp) -> Self {
        self.over(CancelReason::PaymentExpired, now)
    }

    /// How the payment stands once the provider has no money of a purchase that is over.
    pub fn given_back(&self) -> Option<CardState> {
        match self.card.as_ref()?.state {
            CardState::Voiding => Some(CardState::Voided),
            CardState::RefundDue => Some(CardState::Refunded),
            _ => None,
        }
    }
}

/// What a worker does next about a card payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the provider to confirm it with this token.
    Confirm(CardToken),
    /// Past the deadline: the purchase is off.
    Expire,
    /// See to it that the provider has no money of this purchase.
    GiveBack,
    /// Nothing: it is settled, or no card payment.
    Nothing,
}

/// What is to be done next about `reservation` at `now`.
pub fn next_step(reservation: &Reservation, now: Timestamp) -> Step {
    let Some(card) = &reservation.card else { return Step::Nothing };
    match (card.state, &card.token) {
        (CardState::Pending, _) if now >= card.deadline => Step::Expire,
        (CardState::Pending, Some(token)) => Step::Confirm(token.clone()),
        // It cannot be confirmed without one.
        (CardState::Pending, None) => Step::Expire,
        (CardState::Voiding | CardState::RefundDue, _) => Step::GiveBack,
        (CardState::Approved | CardState::Declined | CardState::Voided | CardState::Refunded, _) => Step::Nothing,
    }
}

/// Whether a payment that the provider does not know is never going to be known to it: no request of ours to confirm it can
/// still be under way.
pub fn is_never_taken(card: &CardPayment, now: Timestamp) -> bool {
    card.state == CardState::Voiding && now >= card.deadline.plus_seconds(CARD_VOID_SECONDS)
}

/// Seconds until the provider is asked again about something that began at `since`: the longer it lasts, the longer the wait.
/// `fraction` (0..1) spreads those that began together.
pub fn wait_seconds(since: Timestamp, now: Timestamp, fraction: f64) -> i64 {
    let share = (now.seconds_since(since) / CARD_WAIT_SHARE).clamp(CARD_WAIT_MIN_SECONDS, CARD_WAIT_MAX_SECONDS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "at most 15 minutes")]
    let spread = (share as f64 * fraction / 2.0) as i64;
    (share + spread).min(CARD_WAIT_MAX_SECONDS)
}

/// Since when the provider has been asked for what is to be done now.
pub fn asked_since(reservation: &Reservation) -> Timestamp {
    match reservation.status {
        ReservationStatus::Cancelled => reservation.cancelled_at.unwrap_or(reservation.created_at),
        ReservationStatus::Pending | ReservationStatus::Confirmed => reservation.created_at,
    }
}

#[cfg(test)]
mod tests;
