//! Maps each error to its HTTP status and problem code (RFC 9457). This is the only place that does so.

use crate::{Response, answer::json_body};
use frontrow_domain::{Error, money::Currency, time::UtcTime};
use lambda_http::http::{
    Response as HttpResponse,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

/// Returns status, code and a detail for humans. The detail never contains an internal message.
#[rustfmt::skip]
fn classify(error: &Error) -> (u16, &'static str, &'static str) {
    match error {
        Error::Invalid(_) => (400, "invalid_request", "The request is invalid; see `errors`."),
        Error::InvalidTicket => (400, "invalid_ticket", "The code is not a frontrow ticket code."),
        Error::KoreanScan => (400, "invalid_ticket", "The scan contains Korean letters: switch the keyboard's input language to English and scan again."),
        Error::Unauthenticated => (401, "unauthenticated", "The access token is missing, invalid or expired; log in."),
        Error::WrongCode => (401, "wrong_code", "The code does not match the one mailed to this address."),
        Error::WrongCredentials => (401, "wrong_credentials", "The e-mail address or the password is wrong."),
        Error::SessionExpired => (401, "session_expired", "The session has ended; log in again."),
        Error::QueueTokenMissing => (401, "queue_token_missing", "This performance has a waiting room; join it and send the Queue-Token."),
        Error::QueueTokenInvalid => (401, "queue_token_invalid", "The queue token was not issued to you for this performance."),
        Error::QueueTokenExpired => (401, "queue_token_expired", "The place in line has expired; join again."),
        Error::Forbidden => (403, "forbidden", "This operation requires the organizer role."),
        Error::NotAdmitted => (403, "not_admitted", "You are not admitted yet; keep polling."),
        Error::NotFound => (404, "not_found", "The resource does not exist."),
        Error::NoWaitingRoom => (404, "no_waiting_room", "This performance has no waiting room; book directly."),
        Error::SeatNotFound { .. } => (404, "seat_not_found", "Some of these seats do not exist in this performance; see `seatIds`."),
        Error::GradeNotFound => (404, "grade_not_found", "This grade does not exist in this performance."),
        Error::MethodNotAllowed { .. } => (405, "method_not_allowed", "Method not allowed; see Allow."),
        Error::GzipNeeded => (406, "gzip_needed", "The response is too large to send uncompressed; send Accept-Encoding: gzip."),
        Error::EmailTaken => (409, "email_taken", "This e-mail address is already registered."),
        Error::HasReservations => (409, "has_reservations", "Seats are held or booked, so this cannot be changed or deleted."),
        Error::SlotTaken => (409, "slot_taken", "Another performance starts at this venue at the same time."),
        Error::SalesClosed => (409, "sales_closed", "Tickets are not on sale right now."),
        Error::HoldExists { .. } => (409, "hold_exists", "You already have a hold or a pending card payment for this performance; pay, release or cancel it first."),
        Error::SeatsTaken { .. } => (409, "seats_taken", "Some of these seats have just been taken; see `seatIds`."),
        Error::NotEnoughSeats { .. } => (409, "not_enough_seats", "Not enough seats left; see `available`."),
        Error::InsufficientPoints { .. } => (409, "insufficient_points", "The balance is lower than the price; the hold stays active until it expires."),
        Error::BalanceLimit { .. } => (409, "balance_limit", "The top-up would exceed the balance limit."),
        Error::PerformanceCancelled { .. } => (409, "performance_cancelled", "The organizer has cancelled this performance; see `reason`."),
        Error::PerformanceStarted => (409, "performance_started", "The performance has already started."),
        Error::AlreadyCheckedIn { .. } => (409, "already_checked_in", "The ticket has already been used; see `checkedInAt`."),
        Error::WrongPerformance => (409, "wrong_performance", "The ticket is for another performance."),
        Error::ReservationCancelled => (409, "reservation_cancelled", "The reservation has been cancelled."),
        Error::TicketReissued => (409, "ticket_reissued", "This code has been replaced by a reissued ticket."),
        Error::HoldExpired => (410, "hold_expired", "The hold has expired or was released."),
        Error::VerificationExpired => (410, "verification_expired", "The verification code has expired; request a new one."),
        Error::BodyTooLarge => (413, "body_too_large", "The body is larger than 64 KiB."),
        Error::IdempotencyKeyReused => (422, "idempotency_key_reused", "The Idempotency-Key has already been used with a different request."),
        Error::TooManySeats { .. } => (422, "too_many_seats", "This exceeds the number of seats per member; see `max`."),
        Error::TooManyRequests { .. } => (429, "too_many_requests", "Too many requests; retry after the time in Retry-After."),
        Error::TooManyAttempts { .. } => (429, "too_many_attempts", "Too many attempts; retry after the time in Retry-After."),
        Error::Internal(_) => (500, "internal", "Internal error; quote X-Request-Id."),
        Error::Busy => (503, "busy", "The service is busy; retry."),
        Error::PaymentsBusy { .. } => (503, "payments_busy", "Card payments are paused; your seats stay held. Retry after the time in Retry-After."),
    }
}

/// The problem's extra fields, specific to its code.
fn extension(error: &Error) -> Value {
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

fn retry_after_seconds(error: &Error) -> Option<i64> {
    match error {
        Error::TooManyRequests { retry_after_seconds }
        | Error::TooManyAttempts { retry_after_seconds }
        | Error::PaymentsBusy { retry_after_seconds } => Some(*retry_after_seconds),
        Error::Busy => Some(1),
        _ => None,
    }
}

/// Returns the status and the code, for logs and the OpenAPI document.
pub fn status_and_code(error: &Error) -> (u16, &'static str) {
    let (status, code, _) = classify(error);
    (status, code)
}

/// The problem as JSON (RFC 9457).
pub(crate) fn body(error: &Error) -> Value {
    let (status, code, detail) = classify(error);
    let title = code.replace('_', " ");
    let mut body = json!({
        "type": format!("urn:frontrow:problem:{code}"),
        "title": title, "status": status, "detail": detail, "code": code,
    });
    if let (Value::Object(body), Value::Object(extension)) = (&mut body, extension(error)) {
        body.extend(extension);
    }
    body
}

/// Builds the `application/problem+json` response.
pub fn respond(error: &Error) -> Response {
    let (status, code) = status_and_code(error);
    let body = body(error);
    let mut response = HttpResponse::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/problem+json")
        .header(CACHE_CONTROL, "no-store");
    if status == 401 {
        response = response.header(WWW_AUTHENTICATE, format!("Bearer realm=\"frontrow\", error=\"{code}\""));
    }
    if let Some(seconds) = retry_after_seconds(error) {
        response = response.header(RETRY_AFTER, seconds.max(1));
    }
    if let Error::MethodNotAllowed { allow } = error {
        response = response.header(ALLOW, allow);
    }
    response.body(json_body(body.to_string().into_bytes())).expect("headers are ASCII")
}
