//! Performances: the dates of a show, their seats, and the organizer's view of them.

use frontrow_domain::{
    Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::{TITLE_MAX_CHARS, VENUE_MAX_CHARS},
    money::{Currency, Won},
    performance::{Cancellation, Performance, Reason, SalesState},
    price::GradeTotal,
    seating::Seating,
    show::{Show, TimeZone},
    text::Text,
    time::UtcTime,
    waiting_room::policy::WaitingRoomPolicy,
};
use frontrow_edge::App;
use schemars::JsonSchema;
use serde::Serialize;

/// One dated performance of a show.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Performance")]
pub struct PerformanceView {
    /// Performance id.
    performance_id: PerformanceId,
    /// Show id.
    show_id: ShowId,
    /// Title of the show.
    show_title: Text<TITLE_MAX_CHARS>,
    /// Venue of the show.
    venue: Text<VENUE_MAX_CHARS>,
    /// Time zone of the venue.
    time_zone: TimeZone,
    /// Start of the performance.
    starts_at: UtcTime,
    /// Sales start at this time; `null` if they have been open since the performance was created.
    sales_open_at: Option<UtcTime>,
    /// Sales end at this time.
    sales_close_at: UtcTime,
    /// Maximum number of seats that a member may hold and own together.
    max_seats_per_member: u32,
    /// Lifetime of a hold, in seconds.
    hold_seconds: i64,
    /// The seating layout.
    seating: Seating,
    /// The admission policy of the waiting room; `null` if there is none, and no queue token is required.
    waiting_room: Option<WaitingRoomPolicy>,
    /// When the performance was created.
    created_at: UtcTime,
    /// Present if the organizer cancelled the performance; sales have ended.
    cancellation: Option<CancellationView>,
    sales_state: SalesState,
    /// Currency of all prices.
    currency: Currency,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
}

/// The cancellation of a performance by its organizer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Cancellation")]
pub struct CancellationView {
    /// The organizer's reason.
    reason: Reason,
    /// Sales ended at this time.
    cancelled_at: UtcTime,
}

impl From<Cancellation> for CancellationView {
    fn from(cancellation: Cancellation) -> Self {
        Self { reason: cancellation.reason, cancelled_at: cancellation.cancelled_at.into() }
    }
}

impl PerformanceView {
    /// The performance as of `now`, with the seats `left` in each grade.
    pub(super) fn of(
        performance: &Performance,
        show: &Show,
        waiting_room: Option<WaitingRoomPolicy>,
        left: &[u32],
        now: Timestamp,
    ) -> Self {
        let grades = grades(performance, left);
        let available = grades.iter().map(|grade| grade.available).sum();
        Self {
            performance_id: performance.performance_id.clone(),
            show_id: performance.show_id.clone(),
            starts_at: performance.starts_at.into(),
            sales_open_at: performance.sales_open_at.map(UtcTime::from),
            sales_close_at: performance.sales_close_at.into(),
            max_seats_per_member: performance.max_seats_per_member,
            hold_seconds: performance.hold_seconds,
            seating: performance.seating.clone(),
            waiting_room,
            created_at: performance.created_at.into(),
            cancellation: performance.cancellation.clone().map(CancellationView::from),
            show_title: show.details.title.clone(),
            venue: show.details.venue.clone(),
            time_zone: show.time_zone(),
            sales_state: performance.sales_state(available, now),
            currency: Currency::Krw,
            grades,
        }
    }
}

/// The policy of the performance's waiting room, at most a second old; `None` if there is no waiting room.
pub(super) async fn policy(app: &App, performance: &Performance, now: Timestamp) -> Result<Option<WaitingRoomPolicy>> {
    if !performance.has_waiting_room {
        return Ok(None);
    }
    Ok(Some(app.store.room(&performance.performance_id, now).await?.policy))
}

/// Price and availability of a grade.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Grade")]
pub struct GradeView {
    /// Name of the grade.
    grade: String,
    /// Price of one seat, in won.
    price: Won,
    /// Total number of seats.
    total: u32,
    /// Number of free seats.
    available: u32,
}

/// The seats `left` in each grade of a house, in the organizer's order; none if the performance is cancelled.
pub(super) fn grades(performance: &Performance, left: &[u32]) -> Vec<GradeView> {
    let cancelled = performance.cancellation.is_some();
    let view = |(grade, left): (GradeTotal, &u32)| GradeView {
        grade: grade.grade,
        price: grade.price,
        total: grade.total,
        available: if cancelled { 0 } else { *left },
    };
    performance.seating.grades().into_iter().zip(left).map(view).collect()
}
