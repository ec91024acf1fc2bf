//! Every failure, as the caller sees it. `edge` maps each variant to a status and a code in one `match`.

use crate::{Timestamp, ids::HoldId, money::Won};

/// Result of a rule or an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A field of a request that is invalid, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Path of the field in the body, e.g. `seating.sections[0].price`; `body`; or the name of a header or parameter.
    pub field: String,
    /// The expected form.
    pub message: String,
}

impl FieldError {
    /// An error for `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// All invalid fields of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldErrors(pub Vec<FieldError>);

/// The message for an unknown field. Its name is the caller's text and stays out of logs.
pub const UNKNOWN_FIELD: &str = "unknown field";

impl FieldErrors {
    /// A single field error.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldError::new(field, message)])
    }

    /// Returns `value` if there are no errors.
    ///
    /// # Errors
    /// The collected errors.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Adds an error for `field` if it is `broken`.
    pub fn check(&mut self, broken: bool, field: impl Into<String>, message: impl Into<String>) {
        if broken {
            self.0.push(FieldError::new(field, message));
        }
    }

    /// One line for logs.
    fn for_log(&self) -> String {
        let describe = |error: &FieldError| match &*error.message {
            UNKNOWN_FIELD => UNKNOWN_FIELD.to_owned(),
            _ => error.to_string(),
        };
        self.0.iter().map(describe).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Display for FieldErrors {
    /// One error per line, so that the errors can be parsed again where a parser only passes strings.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

/// Every failure that a caller can meet, with the data of the response.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the contract's code of that name")]
pub enum Error {
    #[error("invalid request: {}", .0.for_log())]
    Invalid(FieldErrors),
    #[error("unauthenticated")]
    Unauthenticated,
    #[error("forbidden")]
    Forbidden,
    #[error("not found")]
    NotFound,

    #[error("too many requests; again in {retry_after_seconds} s")]
    TooManyRequests { retry_after_seconds: i64 },
    #[error("wrong code")]
    WrongCode,
    #[error("verification expired")]
    VerificationExpired,
    #[error("too many attempts")]
    TooManyAttempts { retry_after_seconds: i64 },
    #[error("e-mail taken")]
    EmailTaken,
    #[error("wrong credentials")]
    WrongCredentials,
    #[error("session expired")]
    SessionExpired,

    #[error("has reservations")]
    HasReservations,
    #[error("slot taken")]
    SlotTaken,
    #[error("opening too soon")]
    OpeningTooSoon,

    #[error("no waiting room")]
    NoWaitingRoom,
    #[error("queue token missing")]
    QueueTokenMissing,
    #[error("queue token invalid")]
    QueueTokenInvalid,
    #[error("queue token expired")]
    QueueTokenExpired,
    #[error("not admitted")]
    NotAdmitted,

    #[error("sales closed")]
    SalesClosed,
    #[error("{} seats not found", seat_ids.len())]
    SeatNotFound { seat_ids: Vec<String> },
    #[error("grade not found")]
    GradeNotFound,
    #[error("hold exists: {hold_id}")]
    HoldExists { hold_id: HoldId },
    #[error("too many seats; at most {max}")]
    TooManySeats { max: u32 },
    #[error("seats taken: {seat_ids:?}")]
    SeatsTaken { seat_ids: Vec<String> },
    #[error("not enough seats; {available} left")]
    NotEnoughSeats { available: u32 },

    #[error("hold expired")]
    HoldExpired,
    #[error("insufficient points: {balance} of {required}")]
    InsufficientPoints { balance: Won, required: Won },
    #[error("payments busy")]
    PaymentsBusy { retry_after_seconds: i64 },
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    #[error("balance limit")]
    BalanceLimit { balance: Won },

    #[error("performance cancelled: {reason}")]
    PerformanceCancelled { reason: String },
    #[error("performance started")]
    PerformanceStarted,
    #[error("already checked in at {checked_in_at}")]
    AlreadyCheckedIn { checked_in_at: Timestamp },
    #[error("wrong performance")]
    WrongPerformance,
    #[error("reservation cancelled")]
    ReservationCancelled,
    #[error("ticket reissued")]
    TicketReissued,
    #[error("invalid ticket")]
    InvalidTicket,
    #[error("invalid ticket: scanned as Korean")]
    KoreanScan,

    /// A write lost too many races, or the table throttled it or did not respond. Retrying is safe and determines
    /// what was done: usually nothing.
    #[error("busy")]
    Busy,
    /// An internal failure. The text is only logged and never reaches a caller.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A request that fails because of one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(field, message))
    }

    /// An internal failure; `context` describes the operation.
    pub fn internal(context: &str, cause: impl std::fmt::Display) -> Self {
        Self::Internal(format!("{context}: {cause}"))
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
