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
    money::Won,
    performance::{Cancellation, Performance, Reason, WaitingRoomPolicy},
    seat_map::SeatMap,
    seating::{GradeTotal, Seating},
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
    fn of(performance: &Performance, waiting_room: Option<WaitingRoomPolicy>) -> Self {
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

/// What is left of each grade of a house at `now`, in the organizer's order; all of it where nobody took anything yet.
fn grades(performance: &Performance, map: Option<&SeatMap>, now: Timestamp) -> Vec<GradeView> {
    let grades = performance.seating.grades();
    let available = map.map_or_else(
        || grades.iter().map(|grade| grade.total).collect(),
        |map| map.available(&performance.seating, now),
    );
    let view = |(grade, available): (GradeTotal, u32)| GradeView {
        grade: grade.grade,
        price: grade.price,
        total: grade.total,
        available,
    };
    grades.into_iter().zip(available).map(view).collect()
}
