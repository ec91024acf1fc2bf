//! The waiting room (Q1-Q6).

use frontrow_domain::{Error, Result, Timestamp, ids::MemberId, performance::Performance, waiting_room::Admission};
use frontrow_edge::{App, tokens::QueueClaims};

/// Whose admission a booking call goes by: the queue token says which, the call's transaction whether it lives. `None`
/// where the performance has no waiting room.
///
/// # Errors
/// [`Error::QueueTokenMissing`]; [`Error::QueueTokenInvalid`] for a forged one, another member's or another
/// performance's; [`Error::NotAdmitted`] while waiting, [`Error::QueueTokenExpired`] where that wait is over.
pub fn admitted(
    app: &App,
    performance: &Performance,
    member: &MemberId,
    token: Option<&str>,
) -> Result<Option<Admission>> {
    if !performance.has_waiting_room {
        return Ok(None);
    }
    let claims = claims(app, performance, member, token)?;
    if !claims.admitted {
        let over = claims.expires_at <= app.clock.now();
        return Err(if over { Error::QueueTokenExpired } else { Error::NotAdmitted });
    }
    Ok(Some(Admission {
        performance_id: performance.performance_id.clone(),
        position: claims.position,
        member_id: *member,
    }))
}

/// Whether the caller may see what only those inside a performance with a waiting room see. Reads trust the token alone, so its time counts.
///
/// # Errors
/// As [`admitted`], and [`Error::QueueTokenExpired`] for an admitted token whose time is over.
pub fn may_look(
    app: &App,
    performance: &Performance,
    member: &MemberId,
    token: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let claims = claims(app, performance, member, token)?;
    match (now < claims.expires_at, claims.admitted) {
        (true, true) => Ok(()),
        (true, false) => Err(Error::NotAdmitted),
        (false, _) => Err(Error::QueueTokenExpired),
    }
}

/// Opens the caller's queue token of this performance.
fn claims(app: &App, performance: &Performance, member: &MemberId, token: Option<&str>) -> Result<QueueClaims> {
    let claims = app.tokens.open_queue(token.ok_or(Error::QueueTokenMissing)?).ok_or(Error::QueueTokenInvalid)?;
    let mine = claims.member_id == *member && claims.performance_id == performance.performance_id;
    if mine { Ok(claims) } else { Err(Error::QueueTokenInvalid) }
}
