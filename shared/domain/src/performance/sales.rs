//! The states of a performance's sales.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How it stands with a performance's sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesState {
    /// Not on sale yet.
    Upcoming,
    /// On sale.
    Open,
    /// On sale, but no seat is free; held ones may become free again.
    SoldOut,
    /// Sales have ended.
    Closed,
    /// The organizer cancelled it.
    Cancelled,
}
