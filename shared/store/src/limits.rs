//! Bounds of DynamoDB, caches and retries. Rules have theirs in `frontrow_domain::limits`.

/// How long a response is kept under its `Idempotency-Key`.
pub const IDEMPOTENCY_KEPT_SECONDS: i64 = 24 * 3_600;

/// Most items in a page.
pub const PAGE_MAX_ITEMS: u32 = 100;
/// Longest sort key that DynamoDB accepts.
pub const SORT_KEY_MAX_BYTES: usize = 1_024;
/// Maximum number of table pages read to fill one filtered page, so that every list is bounded.
pub const PAGE_MAX_READS: usize = 20;

/// How long a performance is frozen at most: if the request dies, this is when sales can continue.
pub const FREEZE_LEASE_SECONDS: i64 = 40;
/// A hold's transaction is sent only while the cached performance is younger than this; otherwise it is read again
/// first.
pub const LISTING_TRUSTED_MILLIS: u64 = 2_000;
/// After this wait no hold is in flight that did not see the freeze: the age of the oldest trusted listing plus one
/// call.
pub const FREEZE_WAIT_MILLIS: u64 = LISTING_TRUSTED_MILLIS + DYNAMODB_CALL_MILLIS;
/// How many such holds are ended at the same time.
pub const LAPSED_ENDS_AT_ONCE: usize = 16;
/// Attempts of an organizer's change, which starts over after each lost race.
pub const CATALOGUE_RETRIES: u32 = 24;
/// Performances deleted in one transaction: at four items each, plus the show's own five, fewer than 100.
pub const DELETED_AT_ONCE: usize = 23;
/// Performances frozen in one transaction.
pub const FROZEN_AT_ONCE: usize = 100;
/// Performances checked, or slots taken, at the same time.
pub const CATALOGUE_CALLS_AT_ONCE: usize = 16;
/// Shows per page whose dates are queried for a date range.
pub const RANGE_PROBES_MAX: usize = 100;
/// Shows per read when a filter is set: about 150 KB.
pub const SHOWS_READ_ITEMS: u32 = 100;
/// Number of such reads for one page, of at most 1 MB each.
pub const SHOWS_MAX_READS: usize = 2;

/// How long shows and dates may be cached by anybody.
pub const CATALOGUE_MAX_AGE_SECONDS: u32 = 5;

/// Blocks of a house read at the same time.
pub const BLOCK_READS_AT_ONCE: usize = 10;
/// Blocks of seats read to count the free seats for one page of performances.
pub const LISTED_BLOCKS_MAX: u32 = 60;
/// Age at which a cached map of a large house is refreshed. Half a second here and one second at the client
/// (`Cache-Control`) leave the rest of two seconds to the stream.
pub const SEAT_MAP_MAX_AGE_MILLIS: i64 = 500;
/// Large houses whose maps a process caches, 800 kB each.
pub const SEAT_MAPS_MAX: usize = 16;

/// Holds taken from a shard before the next one checks for expired buckets, so that the item stays below 1 KB.
pub const SHARD_UNSWEPT_MAX: u32 = 32;

/// How long a stake or a place in line outlives the performance's start before TTL may collect it.
pub const STAKE_KEPT_SECONDS: i64 = 30 * 24 * 3_600;

/// Attempts to rebuild rows of a projection, which starts over when another projector was faster.
pub const PROJECTION_ATTEMPTS: u32 = 8;
/// Reservations of a cancelled performance that one `cancel_reservations` message lists. Each is cancelled by its own
/// message.
pub const CANCELLATION_PAGE_ITEMS: u32 = 100;
/// Most writes in one transaction.
pub const TRANSACTION_WRITES_MAX: usize = 100;

/// Attempts to update a wallet, each after a lost race using the returned image.
pub const WALLET_RETRIES: u32 = 24;

/// Age at which a cached copy of a performance or room is refreshed.
pub const COPY_MAX_AGE_MILLIS: i64 = 1_000;
/// As [`COPY_MAX_AGE_MILLIS`], for what lists show beside their items: as old as a cached list may be
/// ([`CATALOGUE_MAX_AGE_SECONDS`]).
pub const LISTED_COPY_MAX_AGE_MILLIS: i64 = 1_000 * CATALOGUE_MAX_AGE_SECONDS as i64;
/// Performances whose copies a process caches.
pub const COPIES_MAX: usize = 1_000;

/// Attempts of a call in all, if it meets conflicts, throttling or lost responses.
pub const RETRY_ATTEMPTS: u32 = 6;
/// First bound of the full-jitter backoff.
pub const RETRY_BASE_MILLIS: u64 = 5;
/// Longest backoff between attempts.
pub const RETRY_CAP_MILLIS: u64 = 100;
/// Most items that DynamoDB reads in one batch.
pub const BATCH_GET_ITEMS: usize = 100;
/// Timeout of one call to DynamoDB, from first byte to last.
pub const DYNAMODB_CALL_MILLIS: u64 = 3_000;

/// The turnstile's lease; longer than the hard timeout of the poll function, so that a dead owner cannot write during
/// the next turn.
pub const TURN_LEASE_SECONDS: i64 = 15;
/// Places granted or deleted at the same time within a turn.
pub const TURN_WRITES_AT_ONCE: usize = 64;
/// Positions that a member may draw in one room.
pub const DRAWS_MAX: u32 = 20;
/// Recent draws that a line remembers, so that its item stays below 1 KB.
pub const DRAWS_REMEMBERED: u8 = 24;
/// A turn starts no more grants after this time, so that a pause or a lowered limit takes effect within 2 s.
pub const TURN_GRANTING_MILLIS: u64 = 1_500;
/// A turn ends itself after this time.
pub const TURN_MAX_MILLIS: u64 = 5_000;
/// A turn starts no grant in this last part of its lease, by its own clock. It covers the clock skew plus the
/// duration of a call, within which two turns could overlap.
pub const TURN_LEASE_MARGIN_SECONDS: i64 = 5;
/// Expired admissions deleted in one turn; the others wait for the next turn and count as live until then.
pub const TURN_MAX_LAPSES: usize = 1_200;
/// Pages read of one partition of admissions in a turn: 64 MB, about 300,000 admissions. With more, nobody is
/// admitted.
pub const ADMISSION_MAX_PAGES: usize = 64;
/// How long the place of a member who missed the call is remembered before TTL may collect it.
pub const MISSED_KEPT_SECONDS: i64 = 30 * 24 * 3_600;
/// How long a room's items outlive their purpose before TTL may collect them.
pub const ROOM_KEPT_SECONDS: i64 = 24 * 3_600;
/// Attempts of a join or leave, which starts over if it meets another one of the same member.
pub const LINE_RETRIES: u32 = 6;

/// Attempts of a reissue or mailing, which starts over if it meets another one of the same reservation.
pub const TICKET_RETRIES: u32 = 12;

/// Steps taken for one message before the rest is left to the next.
pub const CARD_STEPS_MAX: usize = 4;

/// Shards of a category's subscribers; each is announced to by its own message.
pub const ALERT_SHARDS: u8 = 8;
/// Subscribers read in one call.
pub const ANNOUNCED_PAGE_MEMBERS: u32 = 100;
/// How long a member's alert for a show is remembered: longer than any message lives (14 days).
pub const ALERT_KEPT_SECONDS: i64 = 30 * 24 * 3_600;

/// How long a verification that replaced a password is kept, for the confirmation mail.
pub const PASSWORD_MAIL_KEPT_SECONDS: i64 = 3 * 24 * 3_600;
/// Reservations that one message updates.
pub const FOLLOW_PAGE_ITEMS: u32 = 100;

/// Attempts to change the breaker after lost races.
pub const BREAKER_RETRIES: u32 = 8;
