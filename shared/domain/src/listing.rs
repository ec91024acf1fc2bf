//! What a booking is decided by.

use crate::{performance::Performance, show::Show};

/// A performance with its show, the basis of every booking decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The performance to book.
    pub performance: Performance,
    /// The performance's show.
    pub show: Show,
}
