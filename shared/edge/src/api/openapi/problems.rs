//! The `Problem` schema, and an example of each problem code.

use crate::{ErrorCode, Failure, problem::status_and_code};
use frontrow_domain::{Error, Timestamp, money::Won};
use serde_json::{Value, json};

/// The schema of all problems.
pub(super) fn schema() -> Value {
    json!({
        "description": "A problem (RFC 9457). Some codes add fields; see their examples.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "description": "`urn:frontrow:problem:<code>`."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A human-readable explanation."},
            "code": {"type": "string", "description": "The stable, machine-readable code."},
            "errors": {
                "type": "array",
                "description": "The invalid fields and the reasons; `invalid_request` only.",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    })
}

/// Returns an example with that code.
pub(super) fn of(code: ErrorCode) -> Failure {
    let of_http = [Failure::BodyTooLarge, Failure::GzipNeeded];
    let mut all = examples().into_iter().map(Failure::from).chain(of_http);
    let found = all.find(|failure| status_and_code(failure).1 == code);
    found.unwrap_or_else(|| panic!("no problem has the code {code}"))
}

fn examples() -> Vec<Error> {
    let seat_ids = || vec!["A-1-7".to_owned()];
    let hold_id = "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo".parse().expect("the id is valid");
    vec![
        Error::invalid("email", "expected an e-mail address such as alice@example.com"),
        Error::Unauthenticated,
        Error::Forbidden,
        Error::NotFound,
        Error::TooManyRequests { retry_after_seconds: 60 },
        Error::WrongCode,
        Error::VerificationExpired,
        Error::TooManyAttempts { retry_after_seconds: 60 },
        Error::EmailTaken,
        Error::WrongCredentials,
        Error::SessionExpired,
        Error::HasReservations,
        Error::SlotTaken,
        Error::OpeningTooSoon,
        Error::NoWaitingRoom,
        Error::QueueTokenMissing,
        Error::QueueTokenInvalid,
        Error::QueueTokenExpired,
        Error::NotAdmitted,
        Error::SalesClosed,
        Error::SeatNotFound { seat_ids: seat_ids() },
        Error::GradeNotFound,
        Error::HoldExists { hold_id },
        Error::TooManySeats { max: 4 },
        Error::SeatsTaken { seat_ids: seat_ids() },
        Error::NotEnoughSeats { available: 3 },
        Error::HoldExpired,
        Error::InsufficientPoints { balance: Won(50_000), required: Won(150_000) },
        Error::PaymentsBusy { retry_after_seconds: 30 },
        Error::BalanceLimit { balance: Won(9_000_000_000_000_000) },
        Error::IdempotencyKeyReused,
        Error::PerformanceCancelled { reason: "The singer is ill.".to_owned() },
        Error::PerformanceStarted,
        Error::AlreadyCheckedIn { checked_in_at: Timestamp::from_millis(1_798_108_200_000) },
        Error::InvalidTicket,
        Error::WrongPerformance,
        Error::ReservationCancelled,
        Error::TicketReissued,
        Error::Busy,
        Error::Internal(String::new()),
    ]
}
