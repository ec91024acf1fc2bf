//! Holds: a claim on seats for minutes (H1-H3).

pub mod get_hold;
pub mod hold_seats;
pub mod list_holds;
pub mod release_hold;

use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Hold,
    ids::{HoldId, PerformanceId},
    money::Won,
    seating::SeatId,
    time::UtcTime,
};
use frontrow_edge::App;
use schemars::JsonSchema;
use serde::Serialize;

/// A hold as its member sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Hold")]
pub struct HoldView {
    hold_id: HoldId,
    performance_id: PerformanceId,
    /// `null` where the seats span several grades.
    grade: Option<String>,
    /// Empty where places are only counted.
    seat_ids: Vec<SeatId>,
    quantity: usize,
    total_price: Won,
    created_at: UtcTime,
    /// From then on the seats are free for others.
    expires_at: UtcTime,
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        Self {
            hold_id: hold.hold_id.clone(),
            performance_id: hold.performance_id().clone(),
            grade: hold.grade().map(str::to_owned),
            seat_ids: hold.seats.iter().filter_map(|seat| seat.seat_id.clone()).collect(),
            quantity: hold.seats.len(),
            total_price: hold.total(),
            created_at: hold.created_at.into(),
            expires_at: hold.expires_at.into(),
        }
    }
}

/// The hold as it may be used by the present rule: the end of sales may have moved since it was taken. `None` where it may not
/// be used any more at `now`.
async fn by_present_rule(app: &App, hold: Hold, now: Timestamp) -> Result<Option<Hold>> {
    match app.store.shown_performance(hold.performance_id(), now).await {
        Ok(performance) => Ok(Some(hold.bounded_by(&performance)).filter(|hold| hold.is_live(now))),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
