//! Bounds of the breaker between the workers and the payment provider.

/// Over how long calls to the provider are counted together.
pub const BREAKER_WINDOW_SECONDS: i64 = 60;
/// Fewer calls than this in a window prove nothing.
pub const BREAKER_CALLS_MIN: u32 = 10;
/// So many failed calls of a hundred open the breaker.
pub const BREAKER_FAILED_MAX_PERCENT: u64 = 50;
/// So many slow calls of a hundred open the breaker.
pub const BREAKER_SLOW_MAX_PERCENT: u64 = 80;
/// Purchases whose failed or slow calls are remembered, so that each is counted once in a window. Of so many, none alone
/// opens the breaker.
pub const BREAKER_BLAMED_MAX: usize = 40;
/// How long an open breaker lets nobody ask.
pub const BREAKER_OPEN_SECONDS: i64 = 30;
/// Lease of a probe; longer than a worker lives.
pub const BREAKER_PROBE_SECONDS: i64 = 35;
/// Probes in a row that must go well before the breaker closes.
pub const BREAKER_PROBES: u32 = 3;
/// How often a worker adds the calls that it counted.
pub const BREAKER_COUNT_SECONDS: i64 = 5;
/// Times a change of the breaker that lost the race is tried again.
pub const BREAKER_RETRIES: u32 = 8;
