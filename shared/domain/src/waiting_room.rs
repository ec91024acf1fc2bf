//! Waiting room arithmetic: positions, stripes, the turnstile.

use crate::ids::{MemberId, PerformanceId};
use serde::{Deserialize, Serialize};

/// A member's place in line, by the counter it was drawn from: index `i >= 1` of stripe `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Stripe, from 0.
    pub stripe: u32,
    /// Index within the stripe, from 1.
    pub index: u64,
}

impl Place {
    /// Its position in the whole line of `stripes` stripes, from 1: `(i-1)*S + s + 1`.
    pub fn position(self, stripes: u32) -> u64 {
        (self.index - 1) * u64::from(stripes) + u64::from(self.stripe) + 1
    }
}

/// Whose admission to which performance: what a hold extends and a payment spends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The performance.
    pub performance_id: PerformanceId,
    /// The position that was let in.
    pub position: u64,
    /// Who was let in.
    pub member_id: MemberId,
}
