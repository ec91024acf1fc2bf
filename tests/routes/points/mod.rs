//! Points.

mod get_points;
mod list_point_entries;
mod top_up_points;
