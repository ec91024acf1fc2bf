//! Bounds of single endpoints.

/// Timeout of catalogue requests that freeze performances. They wait until holds in flight have ended, so they take
/// longer than other requests.
pub const FREEZE_TIMEOUT_SECONDS: u64 = 25;

/// How long the number of free seats and the seat map may be cached by anybody.
pub const SEATS_MAX_AGE_SECONDS: u32 = 1;

/// Rows of a door list that one read searches for a booking reference: about 1 MB, the most that a query reads. A
/// request makes at most [`frontrow_store::limits::PAGE_MAX_READS`] such reads.
pub const DOOR_SEARCH_ITEMS: u32 = 2_000;

/// Hard timeout of the poll function, in the template and in the local stack.
pub const POLL_TIMEOUT_SECONDS: u64 = 10;

/// Longest name of an order; Toss Payments accepts no more.
pub const ORDER_NAME_MAX_CHARS: usize = 100;

/// Attempts of a refresh, which starts over if it meets another one of the same session.
pub const REFRESH_ATTEMPTS: u32 = 6;
