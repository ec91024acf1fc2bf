//! The waiting room (Q1-Q6): what a queue token proves, and what its owner is told.

pub mod join_queue;
pub mod leave_queue;
pub mod poll_queue;
pub mod replace_waiting_room;
pub mod show_waiting_room;

use frontrow_domain::{
    Error, Result, Timestamp,
    ids::MemberId,
    limits::WAITING_TOKEN_GRACE_SECONDS,
    performance::{Performance, SalesState},
    time::UtcTime,
    waiting_room::{Admission, Place, Room, wait},
};
use frontrow_edge::{App, entropy, tokens::QueueClaims};
use schemars::JsonSchema;
use serde::Serialize;

/// A place in line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceInLine {
    /// To be sent as `Queue-Token`; replaces the one before.
    queue_token: String,
    status: Status,
    /// Position in the whole line, from 1.
    position: u64,
    /// Positions before it that are not yet served.
    ahead: u64,
    /// About how long it takes until it is one's turn; `null` while the room is paused.
    estimated_wait_seconds: Option<u64>,
    /// The longest that it can take while the policy stays as it is: everybody before takes all the time that they may. `null`
    /// while the room is paused. While card payments are paused, holds may live longer.
    at_most_seconds: Option<u64>,
    poll_after_seconds: i64,
    /// Until when the token may be shown.
    expires_at: UtcTime,
    sales_state: LineState,
    /// Free seats, counted a few seconds ago; `null` if there is no recent count.
    available: Option<u32>,
    /// When sales open; `null`: they have been open since the performance was listed.
    opens_at: Option<UtcTime>,
}

/// How it stands with sales, for those in line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum LineState {
    /// Not on sale yet: nobody is let in before `opensAt`.
    Upcoming,
    /// On sale.
    Open,
    /// No seat is free; held ones may become free again.
    SoldOut,
    /// On sale, but nobody is let in for now.
    Paused,
}

impl LineState {
    fn of(performance: &Performance, room: &Room, now: Timestamp) -> Self {
        match performance.sales_state(room.available(now).unwrap_or(u32::MAX), now) {
            SalesState::Upcoming => Self::Upcoming,
            SalesState::SoldOut => Self::SoldOut,
            _ if room.policy.paused => Self::Paused,
            _ => Self::Open,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Status {
    Waiting,
    Admitted,
}

impl PlaceInLine {
    /// Still in line. The token outlives the next poll: polling is what keeps it alive, without a write.
    fn waiting(
        app: &App,
        performance: &Performance,
        room: &Room,
        member: &MemberId,
        place: Place,
        now: Timestamp,
    ) -> Self {
        let (opens_at, hold_seconds) = (performance.sales_open_at, performance.hold_seconds);
        let outlook = room.outlook(place, opens_at, hold_seconds, now, entropy::fraction());
        let expires_at = now.plus_seconds(outlook.poll_after_seconds + WAITING_TOKEN_GRACE_SECONDS);
        let position = place.position(room.stripes);
        let claims = QueueClaims {
            performance_id: performance.performance_id.clone(),
            member_id: *member,
            place,
            position,
            admitted: false,
            expires_at,
        };
        Self {
            queue_token: app.tokens.queue(&claims),
            status: Status::Waiting,
            position,
            ahead: outlook.ahead,
            estimated_wait_seconds: outlook.wait_seconds,
            at_most_seconds: outlook.at_most_seconds,
            poll_after_seconds: outlook.poll_after_seconds,
            expires_at: expires_at.into(),
            sales_state: LineState::of(performance, room, now),
            available: room.available(now),
            opens_at: opens_at.map(UtcTime::from),
        }
    }

    /// Inside, until `end`, or the end of sales if that comes first.
    fn inside(
        app: &App,
        performance: &Performance,
        room: &Room,
        admission: &Admission,
        place: Place,
        end: Timestamp,
        now: Timestamp,
    ) -> Self {
        let claims = QueueClaims {
            performance_id: admission.performance_id.clone(),
            member_id: admission.member_id,
            place,
            position: admission.position,
            admitted: true,
            expires_at: end,
        };
        let usable_until = end.min(performance.sales_end_at());
        let left_seconds = u64::try_from(usable_until.seconds_since(now)).unwrap_or_default();
        Self {
            queue_token: app.tokens.queue(&claims),
            status: Status::Admitted,
            position: admission.position,
            ahead: 0,
            estimated_wait_seconds: Some(0),
            at_most_seconds: Some(0),
            poll_after_seconds: wait::poll_after(Some(left_seconds), entropy::fraction()),
            expires_at: usable_until.into(),
            sales_state: LineState::of(performance, room, now),
            available: room.available(now),
            opens_at: performance.sales_open_at.map(UtcTime::from),
        }
    }
}

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
        ends_at: claims.expires_at,
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

/// `outcome`; but a refusal that was found without asking the admission is told only while that lives: the contract
/// speaks of the queue token first.
///
/// # Errors
/// [`Error::QueueTokenExpired`], or the outcome's.
pub async fn admission_first<T>(
    app: &App,
    admission: Option<&Admission>,
    outcome: Result<T>,
    now: Timestamp,
) -> Result<T> {
    if let (Some(admission), Err(error)) = (admission, &outcome)
        && !matches!(error, Error::QueueTokenExpired | Error::HoldExpired | Error::Busy | Error::Internal(_))
    {
        app.store.live_end(admission, now).await?;
    }
    outcome
}

/// Opens the caller's queue token of this performance.
fn claims(app: &App, performance: &Performance, member: &MemberId, token: Option<&str>) -> Result<QueueClaims> {
    let claims = app.tokens.open_queue(token.ok_or(Error::QueueTokenMissing)?).ok_or(Error::QueueTokenInvalid)?;
    let mine = claims.member_id == *member && claims.performance_id == performance.performance_id;
    if mine { Ok(claims) } else { Err(Error::QueueTokenInvalid) }
}
