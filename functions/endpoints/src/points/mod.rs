//! Points: balance, top-ups and ledger.

pub mod get_points;
pub mod list_point_entries;
pub mod top_up_points;
