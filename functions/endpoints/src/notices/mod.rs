//! Notices: one for each approval and each cancellation.

pub mod list_notices;
