//! Holds: a claim on seats for minutes (H1-H3).

pub mod get_hold;
pub mod hold_seats;
pub mod list_holds;
pub mod release_hold;

use frontrow_domain::{
    hold::Hold,
    ids::{HoldId, PerformanceId},
    money::Won,
    seating::SeatId,
    time::UtcTime,
};
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
