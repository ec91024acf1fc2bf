//! The only place that reads randomness.

use uuid::Uuid;

/// A new, time-ordered UUID.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn fresh_uuid() -> Uuid {
    Uuid::now_v7()
}

/// A number in `0.0..1.0`, for jitter; not for secrets.
pub fn fraction() -> f64 {
    fastrand::f64()
}
