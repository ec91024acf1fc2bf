//! Notices: one for each payment result and each cancellation.

pub mod list_notices;
