//! What a booking does to its member's admission, as writes of the booking's transaction.

use crate::{
    conditions::{ADMISSION_IS_LIVE, ADMISSION_IS_MINE, ADMISSION_IS_PARKED, ADMISSION_PROLONGED},
    db::Refusal,
    keys::{self, Key},
    write::Write,
};
use frontrow_domain::{Error, Result, Timestamp, hold::Hold, ids::PerformanceId, waiting_room::Admission};

fn key(admission: &Admission) -> Key {
    keys::admission(&admission.performance_id, admission.position)
}

/// Checks that the transaction that uses `admission` was not refused because of it.
///
/// # Errors
/// [`Error::QueueTokenExpired`].
pub(crate) fn check(admission: Option<&Admission>, refusal: &Refusal) -> Result<()> {
    let is_over = admission.is_some_and(|admission| refusal.is_of(&key(admission)));
    if is_over { Err(Error::QueueTokenExpired) } else { Ok(()) }
}

/// HOLD's part of its transaction: the admission lives at least as long as the hold.
pub(crate) fn extend(admission: &Admission, hold_until: Timestamp, now: Timestamp) -> Write {
    Write::update(key(admission), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_LIVE)
        .value("hold_until", hold_until)
        .value("member", admission.member_id.to_string())
        .value("now", now)
}

/// A prolonged hold's part of its transaction: the admission, which may live only because of the hold, lives as long
/// as it.
pub(crate) fn keep(admission: &Admission, hold_until: Timestamp) -> Write {
    Write::update(key(admission), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_MINE)
        .value("hold_until", hold_until)
        .value("member", admission.member_id.to_string())
}

/// RELEASE's part of its transaction: the admission no longer lives because of the hold.
pub(crate) fn shorten(hold: &Hold, position: u64) -> Write {
    Write::update(keys::admission(hold.performance_id(), position), "SET #hold_until = :zero")
        .when(&ADMISSION_PROLONGED)
        .value("given", hold.expires_at)
        .value("zero", 0)
}

/// PAY's part of its transaction: frees the place inside for the next member.
pub(crate) fn spend(admission: &Admission) -> Write {
    Write::delete(key(admission)).when(&ADMISSION_IS_MINE).value("member", admission.member_id.to_string())
}

/// A card payment's part of its transaction: the admission can book nothing more, but still uses its place inside, so
/// that it can come back if the card is declined.
pub(crate) fn park(admission: &Admission, until: Timestamp) -> Write {
    let update = "SET #state = :parked, #hold_until = :zero, #parked_until = :until";
    Write::update(key(admission), update)
        .when(&ADMISSION_IS_MINE)
        .value("parked", "parked")
        .value("zero", 0)
        .value("until", until)
        .value("member", admission.member_id.to_string())
}

/// A declined payment's part of its transaction: the admission parked for it lives with the returned hold.
pub(crate) fn give_back(hold: &Hold, position: u64) -> Write {
    let update = "SET #state = :active, #hold_until = :hold_until REMOVE #parked_until";
    Write::update(keys::admission(hold.performance_id(), position), update)
        .when(&ADMISSION_IS_PARKED)
        .value("parked", "parked")
        .value("active", "active")
        .value("hold_until", hold.expires_at)
}

/// Any other end of a card payment: frees the place inside for the next member. It needs no condition: while the
/// purchase is pending, the admission is parked for it or gone, and no position is admitted twice.
pub(crate) fn end_parked(performance: &PerformanceId, position: u64) -> Write {
    Write::delete(keys::admission(performance, position))
}
