//! What can go wrong, as the caller sees it. `edge` turns each variant into status and code in one `match`.

use crate::{Timestamp, ids::HoldId, money::Won};

/// The result of a rule or an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field of a request that could not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Path of the field in the body, e.g. `seating.sections[0].price`; `body`, a header's or a parameter's name.
    pub field: String,
    /// What was expected.
    pub message: String,
}

impl FieldError {
    /// A complaint about `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Every failure a caller can meet, with what the answer has to name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant is the contract's code of that name")]
pub enum Error {
    #[error("invalid request: {0}")]
    Invalid(FieldError),
    #[error("body too large")]
    BodyTooLarge,
    #[error("unauthenticated")]
    Unauthenticated,
    #[error("forbidden")]
    Forbidden,
    #[error("not found")]
    NotFound,
    #[error("method not allowed; allowed: {allow}")]
    MethodNotAllowed { allow: String },

    #[error("too large to be sent without gzip")]
    GzipNeeded,

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
    #[error("seat not found: {seat_ids:?}")]
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

    /// A write lost too many races, or the table throttled it or did not answer. Trying again is right, and finds out what was
    /// done: nothing, as a rule.
    #[error("busy")]
    Busy,
    /// Something of ours broke. The text is for the log alone and never reaches a caller.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// A request that fails by one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(FieldError::new(field, message))
    }

    /// An internal failure; `context` says what was being done.
    pub fn internal(context: &str, cause: impl std::fmt::Display) -> Self {
        Self::Internal(format!("{context}: {cause}"))
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error)
    }
}
