//! Every limit of the system in one place, with the unit at the end of the name. A limit without a stated reason is
//! part of the contract.

mod breaker;
mod mails;
mod members;

pub use breaker::*;
pub use mails::*;
pub use members::*;

/// KiB in bytes.
const fn kib(count: usize) -> usize {
    count * 1_024
}

/// Hours in seconds.
const fn hours(count: i64) -> i64 {
    count * 3_600
}

/// Days in seconds.
const fn days(count: i64) -> i64 {
    hours(24 * count)
}

/// Largest request body.
pub const BODY_MAX_BYTES: usize = kib(64);
/// Longest id accepted from outside; ids of this system have at most 110 characters.
pub const ID_MAX_CHARS: usize = 128;
/// Longest id of a key; a password hash has no room for more.
pub const KEY_ID_MAX_CHARS: usize = 8;
/// Shortest key.
pub const KEY_MIN_CHARS: usize = 32;
/// Longest token header that is read; tokens of this system have fewer than 600 characters.
pub const TOKEN_MAX_CHARS: usize = 2048;
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;
/// How long a response is kept under its `Idempotency-Key`.
pub const IDEMPOTENCY_KEPT_SECONDS: i64 = hours(24);

/// Largest request line and headers together that API Gateway accepts.
pub const REQUEST_HEAD_MAX_BYTES: usize = 10_240;
/// How long a browser caches a CORS preflight response. Each preflight request is billed.
pub const CORS_MAX_AGE_SECONDS: u32 = 3_600;

/// Maximum number of CloudWatch metrics of a stack, at $0.30 a month each.
pub const METRICS_MAX: usize = 100;

/// Shortest response body that is compressed; a shorter one fits a packet or two.
pub const GZIP_MIN_BYTES: usize = 4_096;
/// Largest response body within a function's JSON result: Lambda's 6 MB, less 8 kB for the headers.
pub const LAMBDA_ANSWER_MAX_BYTES: usize = kib(6_136);
/// Rendered response bodies that a process caches, about 6 MB each.
pub const RENDERINGS_MAX: usize = 4;

/// Items in a page when `limit` is absent.
pub const PAGE_DEFAULT_ITEMS: u32 = 20;
/// Most items in a page.
pub const PAGE_MAX_ITEMS: u32 = 100;
/// Length of the tag that authenticates a cursor.
pub const CURSOR_TAG_BYTES: usize = 16;
/// Longest sort key that DynamoDB accepts.
pub const SORT_KEY_MAX_BYTES: usize = 1_024;
/// Longest cursor accepted: the longest sort key in base64.
pub const CURSOR_MAX_CHARS: usize = (CURSOR_TAG_BYTES + SORT_KEY_MAX_BYTES).div_ceil(3) * 4;
/// Maximum number of table pages read to fill one filtered page, so that every list is bounded.
pub const PAGE_MAX_READS: usize = 20;

/// Timeout of catalogue requests that freeze performances. They wait until holds in flight have ended, so they take
/// longer than other requests.
pub const FREEZE_TIMEOUT_SECONDS: u64 = 25;
/// How long a performance is frozen at most: if the request dies, this is when sales can continue.
pub const FREEZE_LEASE_SECONDS: i64 = 40;
/// A hold's transaction is sent only while the cached performance is younger than this; otherwise it is read again
/// first.
pub const LISTING_TRUSTED_MILLIS: u64 = 2_000;
/// After this wait no hold is in flight that did not see the freeze: the age of the oldest trusted listing plus one
/// call.
pub const FREEZE_WAIT_MILLIS: u64 = LISTING_TRUSTED_MILLIS + DYNAMODB_CALL_MILLIS;
/// Holds that expired this recently may belong to a payment in flight with a slow clock, so they are ended for good
/// before a performance is deleted or moved. Longer than a payment plus the clock skew.
pub const LAPSED_PAYABLE_SECONDS: i64 = 60;
/// How many such holds are ended at the same time.
pub const LAPSED_ENDS_AT_ONCE: usize = 16;
/// Attempts of an organizer's change, which starts over after each lost race.
pub const CATALOGUE_RETRIES: u32 = 24;
/// Most performances of a show, so that it can be moved or deleted as a whole.
pub const SHOW_PERFORMANCES_MAX: u32 = 1_000;
/// Performances deleted in one transaction: at four items each, plus the show's own five, fewer than 100.
pub const DELETED_AT_ONCE: usize = 23;
/// Performances frozen in one transaction.
pub const FROZEN_AT_ONCE: usize = 100;
/// Performances checked, or slots taken, at the same time.
pub const CATALOGUE_CALLS_AT_ONCE: usize = 16;
/// Longest search keyword.
pub const KEYWORD_MAX_CHARS: usize = 100;
/// Shows per page whose dates are queried for a date range.
pub const RANGE_PROBES_MAX: usize = 100;
/// Shows per read when a filter is set: about 150 KB.
pub const SHOWS_READ_ITEMS: u32 = 100;
/// Number of such reads for one page, of at most 1 MB each.
pub const SHOWS_MAX_READS: usize = 2;

/// How long shows and dates may be cached by anybody.
pub const CATALOGUE_MAX_AGE_SECONDS: u32 = 5;
/// How long the number of free seats and the seat map may be cached by anybody.
pub const SEATS_MAX_AGE_SECONDS: u32 = 1;
/// Longest show title.
pub const TITLE_MAX_CHARS: usize = 200;
/// Longest venue name.
pub const VENUE_MAX_CHARS: usize = 200;
/// Longest show description.
pub const DESCRIPTION_MAX_CHARS: usize = 10_000;
/// Characters of a description that lists of shows store and search.
pub const DESCRIPTION_LISTED_CHARS: usize = 300;
/// Longest poster address.
pub const POSTER_URL_MAX_CHARS: usize = 2_000;
/// Longest running time of a show: one day.
pub const RUNNING_MAX_MINUTES: u32 = 1_440;
/// Longest reason for an organizer's cancellation.
pub const REASON_MAX_CHARS: usize = 500;

/// Most sections of a house; keeps the layout within one small item.
pub const SECTIONS_MAX: usize = 200;
/// Most grades of a house: the projection of a reservation across all of them fits one transaction.
pub const GRADES_MAX: usize = 40;
/// Longest section name.
pub const SECTION_NAME_MAX_CHARS: usize = 20;
/// Longest grade name.
pub const GRADE_MAX_CHARS: usize = 20;
/// Most rows of a section.
pub const ROWS_MAX: u32 = 200;
/// Most seats of a row.
pub const SEATS_PER_ROW_MAX: u32 = 100;
/// Most seats of a performance.
pub const SEATS_MAX: u32 = 50_000;
/// Highest price of a seat, in won.
pub const PRICE_MAX_WON: i64 = 10_000_000;
/// Seats under one partition key, in layout order.
pub const BLOCK_SEATS: u32 = 1_000;
/// Blocks of a house read at the same time.
pub const BLOCK_READS_AT_ONCE: usize = 10;
/// Largest house whose map is read from the seats themselves; a larger one's map is a projection.
pub const LIVE_SEATS_MAX: u32 = 2_000;
/// Blocks of seats read to count the free seats for one page of performances.
pub const LISTED_BLOCKS_MAX: u32 = 60;
/// Age at which a cached map of a large house is refreshed. Half a second here and one second at the client
/// ([`SEATS_MAX_AGE_SECONDS`]) leave the rest of two seconds to the stream.
pub const SEAT_MAP_MAX_AGE_MILLIS: i64 = 500;
/// Large houses whose maps a process caches, 800 kB each.
pub const SEAT_MAPS_MAX: usize = 16;
/// Resolution of hold expiry times in the map of a large house; 65,535 steps are more than three times the longest
/// hold.
pub const HELD_STEP_MILLIS: i64 = 200;

/// Most areas of a general admission house.
pub const AREAS_MAX: usize = 50;
/// Places of an area per shard, up to [`SHARDS_PER_AREA_MAX`] shards.
pub const SHARD_PLACES: u32 = 500;
/// Most shards of an area.
pub const SHARDS_PER_AREA_MAX: u32 = 32;
/// Buckets of held places within the lifetime of a hold.
pub const BUCKETS_PER_HOLD: i64 = 10;
/// Shortest time span of a bucket.
pub const BUCKET_MIN_MILLIS: i64 = 1_000;
/// Grace period before a bucket's places are given back, so that clock skew does not cost a payer their place.
pub const BUCKET_GRACE_SECONDS: i64 = 5;
/// Holds taken from a shard before the next one checks for expired buckets, so that the item stays below 1 KB.
pub const SHARD_UNSWEPT_MAX: u32 = 32;

/// Attempts of a hold of a grade, which chooses again after each lost race.
pub const HOLD_ATTEMPTS: u32 = 24;

/// Most seats of a performance that one member may hold and own.
pub const SEATS_PER_MEMBER_MAX: u32 = 50;
/// Default of `maxSeatsPerMember`.
pub const SEATS_PER_MEMBER_DEFAULT: u32 = 4;
/// Default of `holdSeconds`: five minutes.
pub const HOLD_DEFAULT_SECONDS: i64 = 300;
/// Longest hold an organizer may choose.
pub const HOLD_MAX_SECONDS: i64 = 3600;
/// How long an unpaid hold counts. The stake remembers three of them.
pub const UNPAID_HOLDS_WINDOW_SECONDS: i64 = 3_600;
/// A hold released within this time does not count as unpaid.
pub const HOLD_FORGIVEN_SECONDS: i64 = 30;
/// How many such holds within [`UNPAID_HOLDS_WINDOW_SECONDS`] do not count; later ones do.
pub const HOLDS_FORGIVEN_MAX: u32 = 20;
/// How long an expired hold gets a 410 response rather than 404.
pub const HOLD_REMEMBERED_SECONDS: i64 = hours(24);
/// How long a stake or a place in line outlives the performance's start before TTL may collect it.
pub const STAKE_KEPT_SECONDS: i64 = days(30);

/// Attempts to rebuild rows of a projection, which starts over when another projector was faster.
pub const PROJECTION_ATTEMPTS: u32 = 8;
/// Characters of a member's name used to order and search a door list; keeps sort keys and cursors short.
pub const NAME_SORTED_CHARS: usize = 40;
/// Rows of a door list that one read searches for a booking reference: about 1 MB, the most that a query reads. A
/// request makes at most [`PAGE_MAX_READS`] such reads.
pub const DOOR_SEARCH_ITEMS: u32 = 2_000;
/// Reservations of a cancelled performance that one `cancel_reservations` message lists. Each is cancelled by its own
/// message.
pub const CANCELLATION_PAGE_ITEMS: u32 = 100;
/// Most writes in one transaction.
pub const TRANSACTION_WRITES_MAX: usize = 100;

/// Largest top-up, in won.
pub const TOP_UP_MAX_WON: i64 = 10_000_000;
/// Highest balance of a wallet, in won: less than 2^53, so it is exact in every JSON parser.
pub const BALANCE_MAX_WON: i64 = 9_000_000_000_000_000;
/// Attempts to update a wallet, each after a lost race using the returned image.
pub const WALLET_RETRIES: u32 = 24;

/// Age at which a cached copy of a performance or room is refreshed.
pub const COPY_MAX_AGE_MILLIS: i64 = 1_000;
/// As [`COPY_MAX_AGE_MILLIS`], of a room for members who are far from admission.
pub const FAR_COPY_MAX_AGE_MILLIS: i64 = 5_000;
/// As [`COPY_MAX_AGE_MILLIS`], of a performance for members waiting in its line: they are spread over thousands of
/// processes, and a partition of the table serves 3,000 reads a second.
pub const POLLED_COPY_MAX_AGE_MILLIS: i64 = 2_000;
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
/// Timeout of sending messages to a queue, including retries.
pub const QUEUE_CALL_MILLIS: u64 = 10_000;
/// Timeout of handing a mail to SES.
pub const MAIL_CALL_MILLIS: u64 = 20_000;
/// Timeout of reading a secret, including retries; an event that arrives meanwhile waits.
pub const SECRET_CALL_MILLIS: u64 = 5_000;

/// Longest admission an organizer may choose.
pub const ADMISSION_MAX_SECONDS: i64 = 3600;
/// Default of `admissionSeconds`.
pub const ADMISSION_DEFAULT_SECONDS: i64 = 600;
/// Largest `maxActive` and `admitPerMinute`.
pub const ROOM_RATE_MAX: u32 = 100_000;
/// How long a called place can be claimed by its owner.
pub const CLAIM_SECONDS: i64 = 60;
/// How long a waiting token outlives its `pollAfterSeconds`.
pub const WAITING_TOKEN_GRACE_SECONDS: i64 = 60;
/// Grace period before an expired admission is deleted, so that clock skew does not cost a payer their place.
pub const ADMISSION_GRACE_SECONDS: i64 = 5;
/// The turnstile's lease; longer than the hard timeout of the poll function, so that a dead owner cannot write during
/// the next turn.
pub const TURN_LEASE_SECONDS: i64 = 15;
/// Hard timeout of the poll function, in the template and in the local stack.
pub const POLL_TIMEOUT_SECONDS: u64 = 10;
/// Places granted in one turn of the turnstile.
pub const TURN_MAX_GRANTS: u32 = 200;
/// Places granted or deleted at the same time within a turn.
pub const TURN_WRITES_AT_ONCE: usize = 16;
/// Positions that a member may draw in one room.
pub const DRAWS_MAX: u32 = 20;
/// Recent draws that a line remembers, so that its item stays below 1 KB.
pub const DRAWS_REMEMBERED: u8 = 24;
/// Partitions of a room's admissions.
pub const ADMISSION_PARTITIONS: u64 = 8;
/// Shortest time between two turns of the turnstile.
pub const TURN_INTERVAL_SECONDS: i64 = 1;
/// A turn starts no more grants after this time, so that a pause or a lowered limit takes effect within 2 s.
pub const TURN_GRANTING_MILLIS: u64 = 1_500;
/// A turn ends itself after this time.
pub const TURN_MAX_MILLIS: u64 = 5_000;
/// A turn starts no grant in this last part of its lease, by its own clock. It covers the clock skew plus the
/// duration of a call, within which two turns could overlap.
pub const TURN_LEASE_MARGIN_SECONDS: i64 = 5;
/// Expired admissions deleted in one turn; the others wait for the next turn and count as live until then.
pub const TURN_MAX_LAPSES: usize = 400;
/// Pages read of one partition of admissions in a turn: 64 MB, about 300,000 admissions. With more, nobody is
/// admitted.
pub const ADMISSION_MAX_PAGES: usize = 64;
/// How long a room's items outlive their purpose before TTL may collect them.
pub const ROOM_KEPT_SECONDS: i64 = hours(24);
/// Time span over which the pace of a line is measured.
pub const PACE_WINDOW_SECONDS: i64 = 20;
/// Shortest `pollAfterSeconds`.
pub const POLL_MIN_SECONDS: i64 = 2;
/// Longest `pollAfterSeconds`.
pub const POLL_MAX_SECONDS: i64 = 20;
/// Maximum share by which `pollAfterSeconds` is shortened at random, so that a crowd spreads.
pub const POLL_JITTER: f64 = 0.2;
/// Members with fewer positions ahead poll at the shortest interval, whatever the pace.
pub const POLL_SOON_AHEAD: u64 = 10;
/// Members with more positions ahead are far from admission: that many are not called within twice the age of their
/// cached room.
pub const POLL_FAR_AHEAD: u64 = 2 * TURN_MAX_GRANTS as u64 * (FAR_COPY_MAX_AGE_MILLIS as u64 / 1_000);
/// How often a turn counts the free seats for the line.
pub const STOCK_COUNTED_SECONDS: i64 = 2;
/// How long a count is shown to the line; cached rooms may be five seconds old.
pub const STOCK_SHOWN_SECONDS: i64 = 10;
/// How late a due turn of the turnstile may begin if waiting members poll as instructed.
pub const TURN_OVERDUE_SECONDS: i64 = 5;
/// Neighbouring positions whose given-up places are stored in one partition.
pub const LEFT_BLOCK_POSITIONS: u64 = 1_024;
/// Blocks, from the next position to call on, whose given-up places a turn reads in full. At most that many blocks
/// can be skipped in one turn.
pub const LEFT_NEAR_BLOCKS: u64 = 4;
/// Blocks after those whose given-up places one turn counts.
pub const LEFT_FAR_BLOCKS_PER_TURN: usize = 4;
/// Blocks that are checked for given-up places; beyond them, given-up places count as waiting. The counts of that
/// many blocks fit 2 KB of the room's item.
pub const LEFT_BLOCKS_MAX: u64 = 1_024;
/// Attempts of a join or leave, which starts over if it meets another one of the same member.
pub const LINE_RETRIES: u32 = 6;
/// Shards of a new room without expected arrivals: one shard keeps the exact request order.
pub const SHARDS_DEFAULT: u32 = 1;
/// Joins a second that one shard can take: the write limit of a DynamoDB partition.
pub const SHARD_JOINS_PER_SECOND: u32 = 1_000;
/// Assumed ratio between the busiest second of a minute and the average one.
pub const ARRIVALS_PEAK_FACTOR: u32 = 2;
/// Largest `expectedArrivalsPerMinute`.
pub const EXPECTED_ARRIVALS_MAX: u32 = 10_000_000;
/// Most shards of a line.
pub const SHARDS_MAX: u32 = 32;

/// Longest text accepted as a ticket's code; codes of this system have fewer than 330 characters.
pub const TICKET_CODE_MAX_CHARS: usize = 512;
/// Ticket mails that a member may request in an hour for one reservation, by mailing or reissuing again.
pub const TICKET_MAILINGS_PER_HOUR: u32 = 10;
/// Ticket mails that a member may request in all for one reservation; each leaves a marker on its item.
pub const TICKET_MAILINGS_MAX: u32 = 50;
/// Attempts of a reissue or mailing, which starts over if it meets another one of the same reservation.
pub const TICKET_RETRIES: u32 = 12;

/// Most messages that SQS accepts in one call.
pub const SQS_BATCH_MESSAGES: usize = 10;
/// Hard timeout of every endpoint without a timeout of its own.
pub const ENDPOINT_TIMEOUT_SECONDS: u64 = 10;
/// Hard timeout of every event-triggered function.
pub const WORKER_TIMEOUT_SECONDS: u64 = 30;
/// Visibility timeout of a message that was not acknowledged: six function timeouts, as Lambda recommends.
pub const VISIBILITY_SECONDS: u32 = 180;

/// Longest token of the payment provider; keys of Toss Payments have at most this length.
pub const CARD_TOKEN_MAX_CHARS: usize = 200;
/// Attempts to pay one hold, by any method. Each is a separate order at the provider. One digit, because it is part
/// of ids.
pub const PAYMENT_ATTEMPTS_MAX: u8 = 9;
/// How many of these attempts may be by card: if all are declined, the hold can still be paid with points.
pub const CARD_ATTEMPTS_MAX: u8 = PAYMENT_ATTEMPTS_MAX - 1;
/// A hold whose card was declined can be paid for at least this long afterwards, if sales are open.
pub const DECLINED_HOLD_MIN_SECONDS: i64 = 60;
/// Longest name of an order; Toss Payments accepts no more.
pub const ORDER_NAME_MAX_CHARS: usize = 100;
/// How long a card payment may be pending and keep its seats.
pub const CARD_DEADLINE_SECONDS: i64 = 600;
/// How long after the deadline the provider may still learn of a payment that was called off: far longer than any
/// call lasts.
pub const CARD_VOID_SECONDS: i64 = 900;
/// Shortest wait before the provider is called again.
pub const CARD_WAIT_MIN_SECONDS: i64 = 2;
/// Longest wait before the provider is called again; also the longest delay of an SQS message.
pub const CARD_WAIT_MAX_SECONDS: i64 = 900;
/// A wait is this fraction (one eighth) of the time that has passed.
pub const CARD_WAIT_SHARE: i64 = 8;
/// Wait of a message while another worker's probe of the provider is in flight.
pub const PROBE_WAIT_SECONDS: i64 = 2;
/// Steps taken for one message before the rest is left to the next.
pub const CARD_STEPS_MAX: usize = 4;
/// Timeout of one call to the payment provider, from connecting to the last byte. One message makes at most four
/// calls, which end within a worker's 30 s.
pub const PROVIDER_CALL_MILLIS: u64 = 7_000;
/// Longest refund reason that the payment provider accepts: Toss Payments' `cancelReason`.
pub const PROVIDER_REASON_MAX_CHARS: usize = 200;
/// A call counts as slow after [`PROVIDER_CALL_MILLIS`] divided by this number.
pub const PROVIDER_SLOW_SHARE: u64 = 2;
/// Largest response of the payment provider that is read.
pub const PROVIDER_ANSWER_MAX_BYTES: usize = kib(64);
/// A hold that an open breaker keeps from being paid lives at most `holdSeconds` times this number.
pub const HOLD_PROLONGED_TIMES: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_exactly() {
        assert_eq!((kib(3), hours(3), days(3)), (3_072, 10_800, 259_200));
        assert_eq!(FREEZE_WAIT_MILLIS - LISTING_TRUSTED_MILLIS, DYNAMODB_CALL_MILLIS);
    }
}
