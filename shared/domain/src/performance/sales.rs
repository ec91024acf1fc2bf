//! The states of a performance's sales.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// State of a performance's sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesState {
    /// Sales have not started.
    Upcoming,
    /// On sale.
    Open,
    /// On sale, but no seat is free; held seats may become free again.
    SoldOut,
    /// Sales have ended.
    Closed,
    /// The organizer cancelled the performance.
    Cancelled,
}
