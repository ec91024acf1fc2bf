//! Points: balance, top-ups, history (P1, P2).

pub mod get_points;
pub mod list_point_entries;
pub mod top_up_points;
