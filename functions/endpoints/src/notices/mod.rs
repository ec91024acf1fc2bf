//! Notices: every approval and every cancellation (R7).

pub mod list_notices;
