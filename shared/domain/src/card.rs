//! Card payments: the token, the states, and how long to wait for the provider.

use crate::{
    Timestamp,
    hold::Hold,
    limits::{
        CARD_DEADLINE_SECONDS, CARD_TOKEN_MAX_CHARS, CARD_VOID_SECONDS, CARD_WAIT_MAX_SECONDS, CARD_WAIT_MIN_SECONDS,
        CARD_WAIT_SHARE,
    },
    waiting_room::Admission,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The token that the payment provider issued to the member for this payment: 1 to 200 visible ASCII characters.
/// Together with the secret key it can charge the card, so it is never logged, and is only kept until the provider
/// has approved or declined.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[!-~]*$", "minLength" = 1, "maxLength" = CARD_TOKEN_MAX_CHARS))]
pub struct CardToken(String);

impl CardToken {
    /// The token, to be sent to the provider only.
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
    /// Describes the expected form without quoting the text.
    fn try_from(text: String) -> Result<Self, String> {
        let fits = (1..=CARD_TOKEN_MAX_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text))
        } else {
            Err(format!("expected the payment provider's token: 1 to {CARD_TOKEN_MAX_CHARS} visible ASCII characters"))
        }
    }
}

impl From<CardToken> for String {
    fn from(token: CardToken) -> Self {
        token.0
    }
}

/// The time until which a payment accepted at `now` may be pending.
pub fn deadline(now: Timestamp) -> Timestamp {
    now.plus_seconds(CARD_DEADLINE_SECONDS)
}

/// The provider's side of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Neither approved nor declined yet.
    Pending,
    /// The provider took the money, and the seats are sold.
    Approved,
    /// The provider declined.
    Declined,
    /// The purchase was called off; what the provider took or may yet take has to be refunded.
    Voiding,
    /// The purchase was called off, and nothing was taken or it was refunded.
    Voided,
    /// A confirmed purchase was cancelled; the money has to be refunded.
    RefundDue,
    /// The money was refunded.
    Refunded,
}

impl CardState {
    /// Whether nothing is left to do at the provider.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Approved | Self::Declined | Self::Voided | Self::Refunded)
    }
}

/// Why the provider declined a payment, in as much detail as the member can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DeclineReason {
    /// Not enough money in the card's account.
    InsufficientFunds,
    /// Above the card's limit per payment, day or month.
    LimitExceeded,
    /// The card expired, or its expiry date is wrong.
    CardExpired,
    /// The issuer rejected the card or this payment.
    Rejected,
    /// Any other reason.
    Other,
}

/// The hold as it was when its card payment began, which a declined payment restores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldBefore {
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// The position whose admission is parked while the payment is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) admission: Option<u64>,
}

/// The card payment of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPayment {
    /// The current state.
    pub state: CardState,
    /// Until when the provider may approve, and the seats are kept.
    pub deadline: Timestamp,
    /// The end of the bucket that keeps general admission places until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_end: Option<Timestamp>,
    /// When the payment was approved and the seats were sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// The provider's token; removed once the payment is decided or called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<CardToken>,
    /// The hold that is paid; `None` if an older version accepted the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<HoldBefore>,
    /// Why the payment was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// When the hold that the seats returned to expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_until: Option<Timestamp>,
}

impl CardPayment {
    /// A payment of `hold`, whose seats are kept until the deadline as in `kept`, together with the member's
    /// admission.
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

    /// The position whose admission is parked while the payment is pending.
    pub fn admission(&self) -> Option<u64> {
        self.before.as_ref()?.admission
    }

    pub(crate) fn in_state(self, state: CardState) -> Self {
        Self { state, token: None, ..self }
    }

    /// The payment after its purchase was cancelled: what was or may be taken has to be refunded.
    pub(crate) fn called_off(self) -> Self {
        match self.state {
            CardState::Pending => self.in_state(CardState::Voiding),
            CardState::Approved => self.in_state(CardState::RefundDue),
            _ => self,
        }
    }
}

/// Whether a payment that the provider does not know can no longer reach it: no request to confirm it can still be in
/// flight.
pub fn is_never_taken(card: &CardPayment, now: Timestamp) -> bool {
    card.state == CardState::Voiding && now >= card.deadline.plus_seconds(CARD_VOID_SECONDS)
}

/// Seconds until the provider is called again about something that began at `since`: the longer it has lasted, the
/// longer the wait. `fraction` (0..1) spreads payments that began together.
pub fn wait_seconds(since: Timestamp, now: Timestamp, fraction: f64) -> i64 {
    let share = (now.seconds_since(since) / CARD_WAIT_SHARE).clamp(CARD_WAIT_MIN_SECONDS, CARD_WAIT_MAX_SECONDS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "at most 15 minutes")]
    let spread = (share as f64 * fraction / 2.0) as i64;
    (share + spread).min(CARD_WAIT_MAX_SECONDS)
}
