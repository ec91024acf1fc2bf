//! Failures as HTTP: the one place where an error becomes status and code (RFC 9457).

use crate::{Response, answer::json_body};
use frontrow_domain::{Error, money::Currency, time::UtcTime};
use lambda_http::http::{
    Response as HttpResponse,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

/// Status, code, and a sentence for people. The sentence never holds an internal message.
#[rustfmt::skip]
fn classify(error: &Error) -> (u16, &'static str, &'static str) {
    match error {
        Error::Invalid(_) => (400, "invalid_request", "The request is invalid; see `errors`."),
        Error::InvalidTicket => (400, "invalid_ticket", "This is not one of our ticket codes."),
        Error::KoreanScan => (400, "invalid_ticket", "The scanner typed Korean letters: switch the keyboard's input language to English and scan again."),
        Error::Unauthenticated => (401, "unauthenticated", "Log in first: the access token is missing, forged or expired."),
        Error::WrongCode => (401, "wrong_code", "The code is not the one that was mailed to this address."),
        Error::WrongCredentials => (401, "wrong_credentials", "E-mail address or password is wrong."),
        Error::SessionExpired => (401, "session_expired", "The session has ended: log in again."),
        Error::QueueTokenMissing => (401, "queue_token_missing", "This performance has a waiting room: join it and send the Queue-Token."),
        Error::QueueTokenInvalid => (401, "queue_token_invalid", "The queue token is not one of yours for this performance."),
        Error::QueueTokenExpired => (401, "queue_token_expired", "The place in line is over: join again."),
        Error::Forbidden => (403, "forbidden", "Only organizers may do this."),
        Error::NotAdmitted => (403, "not_admitted", "It is not your turn yet: keep polling."),
        Error::NotFound => (404, "not_found", "There is nothing here."),
        Error::NoWaitingRoom => (404, "no_waiting_room", "This performance has no waiting room: book at once."),
        Error::SeatNotFound { .. } => (404, "seat_not_found", "The performance has no such seats."),
        Error::GradeNotFound => (404, "grade_not_found", "The performance has no such grade."),
        Error::MethodNotAllowed { .. } => (405, "method_not_allowed", "This path takes other methods."),
        Error::GzipNeeded => (406, "gzip_needed", "This answer is too large to be sent as it is: send Accept-Encoding: gzip."),
        Error::EmailTaken => (409, "email_taken", "Somebody has signed up with this address."),
        Error::HasReservations => (409, "has_reservations", "There are live holds or reservations."),
        Error::SlotTaken => (409, "slot_taken", "Another performance starts in this venue at this instant."),
        Error::SalesClosed => (409, "sales_closed", "Nothing is sold at this time."),
        Error::HoldExists { .. } => (409, "hold_exists", "You hold seats of this performance, or a card payment of yours is pending: pay, release or cancel first."),
        Error::SeatsTaken { .. } => (409, "seats_taken", "Somebody was faster on these seats."),
        Error::NotEnoughSeats { .. } => (409, "not_enough_seats", "Fewer seats are left."),
        Error::InsufficientPoints { .. } => (409, "insufficient_points", "The balance is below the price; the hold stays until it lapses."),
        Error::BalanceLimit { .. } => (409, "balance_limit", "The balance would grow past its limit."),
        Error::PerformanceCancelled { .. } => (409, "performance_cancelled", "The organizer has cancelled this performance; see `reason`."),
        Error::PerformanceStarted => (409, "performance_started", "The performance has started."),
        Error::AlreadyCheckedIn { .. } => (409, "already_checked_in", "The ticket was used."),
        Error::WrongPerformance => (409, "wrong_performance", "The ticket is for another performance."),
        Error::ReservationCancelled => (409, "reservation_cancelled", "The reservation was cancelled."),
        Error::TicketReissued => (409, "ticket_reissued", "A newer ticket replaced this one."),
        Error::HoldExpired => (410, "hold_expired", "The hold has lapsed or was released."),
        Error::VerificationExpired => (410, "verification_expired", "The verification is over: ask for a new code."),
        Error::BodyTooLarge => (413, "body_too_large", "The body is larger than 64 KiB."),
        Error::IdempotencyKeyReused => (422, "idempotency_key_reused", "The Idempotency-Key was used with another request."),
        Error::TooManySeats { .. } => (422, "too_many_seats", "That is more than a member may have of this performance."),
        Error::TooManyRequests { .. } => (429, "too_many_requests", "Too many of these: wait a little."),
        Error::TooManyAttempts { .. } => (429, "too_many_attempts", "Too many wrong attempts."),
        Error::Internal(_) => (500, "internal", "Something of ours broke; it was logged under the request id."),
        Error::Busy => (503, "busy", "Too many at once; try again."),
        Error::PaymentsBusy { .. } => (503, "payments_busy", "Card payments are paused; your seats are kept."),
    }
}

/// The fields named with the code.
fn extension(error: &Error) -> Value {
    match error {
        Error::Invalid(errors) => {
            let told = errors.0.iter().map(|error| json!({"field": error.field, "message": error.message}));
            json!({"errors": told.collect::<Vec<_>>()})
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

/// Status and code, for logs and documents.
pub fn status_and_code(error: &Error) -> (u16, &'static str) {
    let (status, code, _) = classify(error);
    (status, code)
}

/// The failure as JSON (RFC 9457).
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

/// The failure as `application/problem+json`.
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
    response.body(json_body(body.to_string().into_bytes())).expect("headers are made of ASCII")
}
