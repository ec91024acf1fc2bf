//! Limits of the circuit breaker between the workers and the payment provider.

/// Time window over which calls to the provider are counted.
pub const BREAKER_WINDOW_SECONDS: i64 = 60;
/// Fewer calls than this in a window prove nothing.
pub const BREAKER_CALLS_MIN: u32 = 10;
/// Percentage of failed calls that opens the breaker.
pub const BREAKER_FAILED_MAX_PERCENT: u64 = 50;
/// Percentage of slow calls that opens the breaker.
pub const BREAKER_SLOW_MAX_PERCENT: u64 = 80;
/// Purchases whose failed or slow calls are remembered, so that each counts once in a window. With that many, no
/// single one opens the breaker.
pub const BREAKER_BLAMED_MAX: usize = 40;
/// How long an open breaker blocks all calls.
pub const BREAKER_OPEN_SECONDS: i64 = 30;
/// Lease of a probe; longer than a worker runs.
pub const BREAKER_PROBE_SECONDS: i64 = 35;
/// Successful probes in a row after which the breaker closes.
pub const BREAKER_PROBES: u32 = 3;
