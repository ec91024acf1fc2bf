//! The waiting room: places in line, and what a queue token proves.

use frontrow_domain::{
    Error, Result, Timestamp,
    ids::MemberId,
    limits::WAITING_TOKEN_GRACE_SECONDS,
    performance::{Performance, SalesState},
    time::UtcTime,
    waiting_room::{Admission, LinePosition, Room, wait},
};
use frontrow_edge::{App, entropy, tokens::QueueClaims};
use schemars::JsonSchema;
use serde::Serialize;

/// A place in line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceInLine {
    /// Send it as `Queue-Token`; it replaces the previous one.
    queue_token: String,
    status: Status,
    /// Position in the whole line, from 1.
    position: u64,
    /// Number of earlier positions that were not called yet. Members who missed their call and come back are not counted.
    ahead: u64,
    /// Estimated wait in seconds; `null` while the room is paused or everything is sold.
    estimated_wait_seconds: Option<u64>,
    /// Longest possible wait in seconds under the current policy, if everyone ahead uses all their time and misses one
    /// call. `null` while the room is paused or everything is sold. It may be exceeded while card payments are paused,
    /// because holds are then extended, by members who missed their call before and come back, and when few seats are
    /// left.
    at_most_seconds: Option<u64>,
    poll_after_seconds: i64,
    /// The token may be used until this time.
    expires_at: UtcTime,
    sales_state: LineState,
    /// Free seats, counted a few seconds ago; `null` if there is no recent count.
    available: Option<u32>,
    /// Whether no seat is free. Nobody is admitted meanwhile, and everybody keeps their place: held seats may become free
    /// again.
    sold_out: bool,
    /// Where to poll: a path of this API, or the absolute URL of a faster way.
    poll_url: String,
    /// When sales open; `null` if they have been open since the performance was created.
    opens_at: Option<UtcTime>,
}

/// The state of sales, for members in line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum LineState {
    /// Not on sale yet; nobody is admitted before `opensAt`.
    Upcoming,
    /// On sale.
    Open,
    /// No seat is free; held seats may become free again.
    SoldOut,
    /// On sale, but admission is paused.
    Paused,
}

impl LineState {
    pub(super) fn of(performance: &Performance, room: &Room, now: Timestamp) -> Self {
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

/// A line as one of its members sees it.
pub(super) struct Line<'a> {
    pub(super) app: &'a App,
    pub(super) performance: &'a Performance,
    pub(super) room: &'a Room,
    pub(super) member: MemberId,
    pub(super) now: Timestamp,
    /// The function URL that this request was sent to, if any.
    pub(super) function_url: Option<&'a str>,
}

impl Line<'_> {
    /// A poll keeps the way that it came, because the stack cannot tell a function its own URL.
    fn poll_url(&self) -> String {
        let base = self.function_url.or(self.app.config.poll_url.as_deref()).unwrap_or_default();
        format!("{base}/performances/{}/queue", self.performance.performance_id)
    }

    fn token(&self, place: LinePosition, admitted: bool, expires_at: Timestamp) -> String {
        self.app.tokens.queue(&QueueClaims {
            performance_id: self.performance.performance_id.clone(),
            member_id: self.member,
            place,
            position: place.position(self.room.shards),
            admitted,
            expires_at,
        })
    }
}

impl PlaceInLine {
    /// A member who is still waiting. The token expires after the next poll is due: polling renews it without a write.
    pub(super) fn waiting(line: &Line<'_>, place: LinePosition) -> Self {
        let Line { performance, room, now, .. } = *line;
        let (opens_at, hold_seconds) = (performance.sales_open_at, performance.hold_seconds);
        let outlook = room.outlook(place, opens_at, hold_seconds, now, entropy::fraction());
        let expires_at = now.plus_seconds(outlook.poll_after_seconds + WAITING_TOKEN_GRACE_SECONDS);
        Self {
            queue_token: line.token(place, false, expires_at),
            status: Status::Waiting,
            position: place.position(room.shards),
            ahead: outlook.ahead,
            estimated_wait_seconds: outlook.wait_seconds,
            at_most_seconds: outlook.at_most_seconds,
            poll_after_seconds: outlook.poll_after_seconds,
            expires_at: expires_at.into(),
            sales_state: LineState::of(performance, room, now),
            available: room.available(now),
            sold_out: room.is_sold_out(now),
            poll_url: line.poll_url(),
            opens_at: opens_at.map(UtcTime::from),
        }
    }

    /// An admitted member. The place expires at `end`, or at the end of sales if that is earlier.
    pub(super) fn inside(line: &Line<'_>, place: LinePosition, end: Timestamp) -> Self {
        let Line { performance, room, now, .. } = *line;
        let usable_until = end.min(performance.sales_end_at());
        let left_seconds = u64::try_from(usable_until.seconds_since(now)).unwrap_or_default();
        Self {
            queue_token: line.token(place, true, end),
            status: Status::Admitted,
            position: place.position(room.shards),
            ahead: 0,
            estimated_wait_seconds: Some(0),
            at_most_seconds: Some(0),
            poll_after_seconds: wait::poll_after(left_seconds, entropy::fraction()),
            expires_at: usable_until.into(),
            sales_state: LineState::of(performance, room, now),
            available: room.available(now),
            sold_out: room.is_sold_out(now),
            poll_url: line.poll_url(),
            opens_at: performance.sales_open_at.map(UtcTime::from),
        }
    }
}

/// Returns the admission that a booking request uses, or `None` if the performance has no waiting room. The queue token
/// identifies the admission; the request's transaction checks that it is still live.
///
/// # Errors
/// [`Error::QueueTokenMissing`]; [`Error::QueueTokenInvalid`] if it is forged or belongs to another member or performance;
/// [`Error::NotAdmitted`] while waiting; [`Error::QueueTokenExpired`] if the place has expired.
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
    Ok(Some(claims.admission()))
}

/// Checks that the caller may see data that only admitted members see, where there is a waiting room. Reads trust the token
/// alone, so its expiry is checked here.
///
/// # Errors
/// As [`admitted`], and [`Error::QueueTokenExpired`] for the expired token of an admitted member.
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

/// Runs `body`, which books under `admission`. An error that it found without checking the admission is returned only if
/// the admission is live, because errors of the queue token come first.
///
/// # Errors
/// [`Error::QueueTokenExpired`], or the error of `body`.
pub async fn under_admission<T>(
    app: &App,
    admission: Option<&Admission>,
    now: Timestamp,
    body: impl Future<Output = Result<T>>,
) -> Result<T> {
    let outcome = body.await;
    if let (Some(admission), Err(error)) = (admission, &outcome)
        && !matches!(error, Error::QueueTokenExpired | Error::HoldExpired | Error::Busy | Error::Internal(_))
    {
        app.store.admission_end(admission, now).await?;
    }
    outcome
}

/// Opens the caller's queue token for this performance.
pub(super) fn claims(
    app: &App,
    performance: &Performance,
    member: &MemberId,
    token: Option<&str>,
) -> Result<QueueClaims> {
    let claims = app.tokens.open_queue(token.ok_or(Error::QueueTokenMissing)?).ok_or(Error::QueueTokenInvalid)?;
    let mine = claims.member_id == *member && claims.performance_id == performance.performance_id;
    if mine { Ok(claims) } else { Err(Error::QueueTokenInvalid) }
}
