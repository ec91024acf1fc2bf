//! Maps each error to its HTTP status and problem code (RFC 9457). This is the only place that does so.

use crate::{Response, answer::json_body};
use frontrow_domain::{Error, money::Currency, time::UtcTime};
use lambda_http::http::{
    Response as HttpResponse,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

/// Defines the codes with their texts.
macro_rules! error_codes {
    ($($code:ident = $text:literal,)*) => {
        /// The stable, machine-readable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant is the code of that name")]
        pub enum ErrorCode {
            $($code,)*
        }

        impl ErrorCode {
            /// The code as callers see it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                }
            }
        }
    };
}

error_codes! {
    AlreadyCheckedIn = "already_checked_in",
    BalanceLimit = "balance_limit",
    BodyTooLarge = "body_too_large",
    Busy = "busy",
    EmailTaken = "email_taken",
    Forbidden = "forbidden",
    GradeNotFound = "grade_not_found",
    GzipNeeded = "gzip_needed",
    HasReservations = "has_reservations",
    HoldExists = "hold_exists",
    HoldExpired = "hold_expired",
    IdempotencyKeyReused = "idempotency_key_reused",
    InsufficientPoints = "insufficient_points",
    Internal = "internal",
    InvalidRequest = "invalid_request",
    InvalidTicket = "invalid_ticket",
    MethodNotAllowed = "method_not_allowed",
    NoWaitingRoom = "no_waiting_room",
    NotAdmitted = "not_admitted",
    NotEnoughSeats = "not_enough_seats",
    NotFound = "not_found",
    OpeningTooSoon = "opening_too_soon",
    PaymentsBusy = "payments_busy",
    PerformanceCancelled = "performance_cancelled",
    PerformanceStarted = "performance_started",
    QueueTokenExpired = "queue_token_expired",
    QueueTokenInvalid = "queue_token_invalid",
    QueueTokenMissing = "queue_token_missing",
    ReservationCancelled = "reservation_cancelled",
    SalesClosed = "sales_closed",
    SeatNotFound = "seat_not_found",
    SeatsTaken = "seats_taken",
    SessionExpired = "session_expired",
    SlotTaken = "slot_taken",
    TicketReissued = "ticket_reissued",
    TooManyAttempts = "too_many_attempts",
    TooManyRequests = "too_many_requests",
    TooManySeats = "too_many_seats",
    Unauthenticated = "unauthenticated",
    VerificationExpired = "verification_expired",
    WrongCode = "wrong_code",
    WrongCredentials = "wrong_credentials",
    WrongPerformance = "wrong_performance",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request fails: a rule refuses it, or HTTP does.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// A failure of the domain.
    #[error(transparent)]
    Domain(#[from] Error),
    /// The request's body is too large.
    #[error("body too large")]
    BodyTooLarge,
    /// The path has other methods.
    #[error("method not allowed; allowed: {allow}")]
    MethodNotAllowed {
        /// The methods that it has, separated by commas.
        allow: String,
    },
    /// The response is too large to be sent as plain text.
    #[error("too large to be sent without gzip")]
    GzipNeeded,
}

/// Returns status, code and a detail for humans. The detail never contains an internal message.
#[rustfmt::skip]
fn classify(failure: &Failure) -> (u16, ErrorCode, &'static str) {
    use ErrorCode::*;
    let error = match failure {
        Failure::MethodNotAllowed { .. } => return (405, MethodNotAllowed, "Method not allowed; see Allow."),
        Failure::GzipNeeded => return (406, GzipNeeded, "The response is too large to send uncompressed; send Accept-Encoding: gzip."),
        Failure::BodyTooLarge => return (413, BodyTooLarge, "The body is larger than 64 KiB."),
        Failure::Domain(error) => error,
    };
    match error {
        Error::Invalid(_) => (400, InvalidRequest, "The request is invalid; see `errors`."),
        Error::InvalidTicket => (400, InvalidTicket, "The code is not a frontrow ticket code."),
        Error::KoreanScan => (400, InvalidTicket, "The scan contains Korean letters: switch the keyboard's input language to English and scan again."),
        Error::Unauthenticated => (401, Unauthenticated, "The access token is missing, invalid or expired; log in."),
        Error::WrongCode => (401, WrongCode, "The code does not match the one mailed to this address."),
        Error::WrongCredentials => (401, WrongCredentials, "The e-mail address or the password is wrong."),
        Error::SessionExpired => (401, SessionExpired, "The session has ended; log in again."),
        Error::QueueTokenMissing => (401, QueueTokenMissing, "This performance has a waiting room; join it and send the Queue-Token."),
        Error::QueueTokenInvalid => (401, QueueTokenInvalid, "The queue token was not issued to you for this performance."),
        Error::QueueTokenExpired => (401, QueueTokenExpired, "This queue token or its place in line has expired; join again."),
        Error::Forbidden => (403, Forbidden, "This operation requires the organizer role."),
        Error::NotAdmitted => (403, NotAdmitted, "You are not admitted yet; keep polling."),
        Error::NotFound => (404, NotFound, "The resource does not exist."),
        Error::NoWaitingRoom => (404, NoWaitingRoom, "This performance has no waiting room; book directly."),
        Error::SeatNotFound { .. } => (404, SeatNotFound, "Some of these seats do not exist in this performance; see `seatIds`."),
        Error::GradeNotFound => (404, GradeNotFound, "This grade does not exist in this performance."),
        Error::EmailTaken => (409, EmailTaken, "This e-mail address is already registered."),
        Error::HasReservations => (409, HasReservations, "Seats are held or booked, so this cannot be changed or deleted."),
        Error::OpeningTooSoon => (409, OpeningTooSoon, "Members are waiting for the opening; it can be brought forward to six minutes from now at the earliest."),
        Error::SlotTaken => (409, SlotTaken, "Another performance starts at this venue at the same time."),
        Error::SalesClosed => (409, SalesClosed, "Tickets are not on sale right now."),
        Error::HoldExists { .. } => (409, HoldExists, "You already have a hold or a pending card payment for this performance; pay, release or cancel it first."),
        Error::SeatsTaken { .. } => (409, SeatsTaken, "Some of these seats have just been taken; see `seatIds`."),
        Error::NotEnoughSeats { .. } => (409, NotEnoughSeats, "Not enough seats left; see `available`."),
        Error::InsufficientPoints { .. } => (409, InsufficientPoints, "The balance is lower than the price; the hold stays active until it expires."),
        Error::BalanceLimit { .. } => (409, BalanceLimit, "The top-up would exceed the balance limit."),
        Error::PerformanceCancelled { .. } => (409, PerformanceCancelled, "The organizer has cancelled this performance; see `reason`."),
        Error::PerformanceStarted => (409, PerformanceStarted, "The performance has already started."),
        Error::AlreadyCheckedIn { .. } => (409, AlreadyCheckedIn, "The ticket has already been used; see `checkedInAt`."),
        Error::WrongPerformance => (409, WrongPerformance, "The ticket is for another performance."),
        Error::ReservationCancelled => (409, ReservationCancelled, "The reservation has been cancelled."),
        Error::TicketReissued => (409, TicketReissued, "This code has been replaced by a reissued ticket."),
        Error::HoldExpired => (410, HoldExpired, "The hold has expired or was released."),
        Error::VerificationExpired => (410, VerificationExpired, "The verification code has expired; request a new one."),
        Error::IdempotencyKeyReused => (422, IdempotencyKeyReused, "The Idempotency-Key has already been used with a different request."),
        Error::TooManySeats { .. } => (422, TooManySeats, "This exceeds the number of seats per member; see `max`."),
        Error::TooManyRequests { .. } => (429, TooManyRequests, "Too many requests; retry after the time in Retry-After."),
        Error::TooManyAttempts { .. } => (429, TooManyAttempts, "Too many attempts; retry after the time in Retry-After."),
        Error::Internal(_) => (500, Internal, "Internal error; quote X-Request-Id."),
        Error::Busy => (503, Busy, "The service is busy; retry."),
        Error::PaymentsBusy { .. } => (503, PaymentsBusy, "Card payments are paused; your seats stay held. Retry after the time in Retry-After."),
    }
}

/// The problem's extra fields, specific to its code.
fn extension(failure: &Failure) -> Value {
    let Failure::Domain(error) = failure else { return json!({}) };
    match error {
        Error::Invalid(errors) => {
            let fields = errors.0.iter().map(|error| json!({"field": error.field, "message": error.message}));
            json!({"errors": fields.collect::<Vec<_>>()})
        }
        Error::SeatNotFound { seat_ids } | Error::SeatsTaken { seat_ids } => json!({"seatIds": seat_ids}),
        Error::HoldExists { hold_id } => json!({"holdId": hold_id}),
        Error::TooManySeats { max } => json!({"max": max}),
        Error::NotEnoughSeats { available } => json!({"available": available}),
        Error::InsufficientPoints { balance, required } => {
            json!({"balance": balance, "required": required, "currency": Currency::Krw})
        }
        Error::BalanceLimit { balance } => json!({"balance": balance, "currency": Currency::Krw}),
        Error::PerformanceCancelled { reason } => json!({"reason": reason}),
        Error::AlreadyCheckedIn { checked_in_at } => json!({"checkedInAt": UtcTime(*checked_in_at)}),
        _ => json!({}),
    }
}

fn retry_after_seconds(failure: &Failure) -> Option<i64> {
    let Failure::Domain(error) = failure else { return None };
    match error {
        Error::TooManyRequests { retry_after_seconds }
        | Error::TooManyAttempts { retry_after_seconds }
        | Error::PaymentsBusy { retry_after_seconds } => Some(*retry_after_seconds),
        Error::Busy => Some(1),
        _ => None,
    }
}

/// Returns the status and the code, for logs and the OpenAPI document.
pub fn status_and_code(failure: &Failure) -> (u16, ErrorCode) {
    let (status, code, _) = classify(failure);
    (status, code)
}

/// The problem as JSON (RFC 9457).
pub(crate) fn body(failure: &Failure) -> Value {
    let (status, code, detail) = classify(failure);
    let title = code.as_str().replace('_', " ");
    let mut body = json!({
        "type": format!("urn:frontrow:problem:{code}"),
        "title": title, "status": status, "detail": detail, "code": code.as_str(),
    });
    if let (Value::Object(body), Value::Object(extension)) = (&mut body, extension(failure)) {
        body.extend(extension);
    }
    body
}

/// Builds the `application/problem+json` response.
pub fn respond(failure: &Failure) -> Response {
    let (status, code) = status_and_code(failure);
    let body = body(failure);
    let mut response = HttpResponse::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/problem+json")
        .header(CACHE_CONTROL, "no-store");
    if status == 401 {
        response = response.header(WWW_AUTHENTICATE, format!("Bearer realm=\"frontrow\", error=\"{code}\""));
    }
    if let Some(seconds) = retry_after_seconds(failure) {
        response = response.header(RETRY_AFTER, seconds.max(1));
    }
    if let Failure::MethodNotAllowed { allow } = failure {
        response = response.header(ALLOW, allow);
    }
    response.body(json_body(body.to_string().into_bytes())).expect("headers are ASCII")
}
