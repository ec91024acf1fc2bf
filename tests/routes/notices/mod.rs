//! Notices.

mod list_notices;
