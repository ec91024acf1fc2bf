//! Performances: the dates of a show, the seats of one of them (C3-C6), and what its organizer sees of it.

pub mod cancel_performance;
pub mod create_performance;
pub mod delete_performance;
pub mod get_performance;
pub mod list_performances;
pub mod list_seats;
pub mod replace_performance;
pub mod show_door_list;
pub mod show_sales;

use frontrow_domain::{
    Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::{TITLE_MAX_CHARS, VENUE_MAX_CHARS},
    money::{Currency, Won},
    performance::{Cancellation, Performance, Reason, SalesState, WaitingRoomPolicy},
    seating::{GradeTotal, Seating},
    show::{Show, TimeZone},
    text::Text,
    time::UtcTime,
};
use frontrow_edge::App;
use schemars::JsonSchema;
use serde::Serialize;

/// One dated occurrence of a show.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Performance")]
pub struct PerformanceView {
    /// Id.
    performance_id: PerformanceId,
    /// Its show.
    show_id: ShowId,
    /// Title of the show.
    show_title: Text<TITLE_MAX_CHARS>,
    /// Where it plays.
    venue: Text<VENUE_MAX_CHARS>,
    /// The zone of its local time.
    time_zone: TimeZone,
    /// Curtain.
    starts_at: UtcTime,
    /// Before it nothing is sold; `null`: on sale since it was listed.
    sales_open_at: Option<UtcTime>,
    /// After it nothing is sold.
    sales_close_at: UtcTime,
    /// Seats a member may hold and own together.
    max_seats_per_member: u32,
    /// Life of a hold.
    hold_seconds: i64,
    /// The house.
    seating: Seating,
    /// How the waiting room lets people in; `null`: there is none, and no queue token is needed.
    waiting_room: Option<WaitingRoomPolicy>,
    /// When it was listed.
    created_at: UtcTime,
    /// Where the organizer cancelled it: nothing is sold any more.
    cancellation: Option<CancellationView>,
    sales_state: SalesState,
    /// Of all prices.
    currency: Currency,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
}

/// An organizer's cancellation of a performance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Cancellation")]
pub struct CancellationView {
    /// Why, in the organizer's words.
    reason: Reason,
    /// From then on nothing is sold.
    cancelled_at: UtcTime,
}

impl From<Cancellation> for CancellationView {
    fn from(cancellation: Cancellation) -> Self {
        Self { reason: cancellation.reason, cancelled_at: cancellation.cancelled_at.into() }
    }
}

impl PerformanceView {
    /// As it is at `now`, with `left` of each grade.
    fn of(
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

/// The policy of the performance's waiting room, at most a second old; `None` where it has no room.
async fn policy(app: &App, performance: &Performance, now: Timestamp) -> Result<Option<WaitingRoomPolicy>> {
    if !performance.has_waiting_room {
        return Ok(None);
    }
    Ok(Some(app.store.room(&performance.performance_id, now).await?.policy))
}

/// What is left of a grade.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Grade")]
pub struct GradeView {
    /// Grade.
    grade: String,
    /// Price of one seat, in won.
    price: Won,
    /// Seats in all.
    total: u32,
    /// Seats that are free.
    available: u32,
}

/// What is `left` of each grade of a house, in the organizer's order; nothing of a performance that was cancelled.
fn grades(performance: &Performance, left: &[u32]) -> Vec<GradeView> {
    let cancelled = performance.cancellation.is_some();
    let view = |(grade, left): (GradeTotal, &u32)| GradeView {
        grade: grade.grade,
        price: grade.price,
        total: grade.total,
        available: if cancelled { 0 } else { *left },
    };
    performance.seating.grades().into_iter().zip(left).map(view).collect()
}
