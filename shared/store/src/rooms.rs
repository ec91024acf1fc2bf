//! Waiting rooms: line, places, admissions, turnstile.

use crate::{
    conditions::{ADMISSION_IS_LIVE, ADMISSION_IS_MINE},
    keys,
    write::Write,
};
use frontrow_domain::{Timestamp, waiting_room::Admission};

/// HOLD's part in its transaction: the admission lives at least as long as the hold.
pub(crate) fn extend_admission(admission: &Admission, hold_until: Timestamp, now: Timestamp) -> Write {
    Write::update(keys::admission(&admission.performance_id, admission.position), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_LIVE)
        .value("hold_until", hold_until)
        .value("active", "active")
        .value("member", admission.member_id.to_string())
        .value("now", now)
}

/// PAY's part in its transaction: the place inside is free for the next.
pub(crate) fn spend_admission(admission: &Admission) -> Write {
    Write::delete(keys::admission(&admission.performance_id, admission.position))
        .when(&ADMISSION_IS_MINE)
        .value("active", "active")
        .value("member", admission.member_id.to_string())
}
