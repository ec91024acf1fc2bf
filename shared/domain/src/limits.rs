//! The bounds of rules, with the unit at the end of the name. A limit without a stated reason is part of the contract.
//! Other bounds: DynamoDB and caches in `shared/store/src/limits.rs`; HTTP, Lambda and credentials in
//! `shared/edge/src/limits.rs`; SQS, SES and the payment provider in `functions/workers/src/limits.rs`.

mod breaker;

mod members;

pub use breaker::*;

pub use members::*;

/// Hours in seconds.
const fn hours(count: i64) -> i64 {
    count * 3_600
}

/// Days in seconds.
const fn days(count: i64) -> i64 {
    hours(24 * count)
}

/// Longest id accepted from outside; ids of this system have at most 110 characters.
pub const ID_MAX_CHARS: usize = 128;
/// Maximum number of CloudWatch metrics of a stack, at $0.30 a month each.
pub const METRICS_MAX: usize = 100;

/// Holds that expired this recently may belong to a payment in flight with a slow clock, so they are ended for good
/// before a performance is deleted or moved. Longer than a payment plus the clock skew.
pub const LAPSED_PAYABLE_SECONDS: i64 = 60;
/// Most performances of a show, so that it can be moved or deleted as a whole.
pub const SHOW_PERFORMANCES_MAX: u32 = 1_000;
/// Longest search keyword.
pub const KEYWORD_MAX_CHARS: usize = 100;

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
/// Largest house whose map is read from the seats themselves; a larger one's map is a projection.
pub const LIVE_SEATS_MAX: u32 = 2_000;
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

/// Characters of a member's name used to order and search a door list; keeps sort keys and cursors short.
pub const NAME_SORTED_CHARS: usize = 40;

/// Largest top-up, in won.
pub const TOP_UP_MAX_WON: i64 = 10_000_000;
/// Highest balance of a wallet, in won: less than 2^53, so it is exact in every JSON parser.
pub const BALANCE_MAX_WON: i64 = 9_000_000_000_000_000;

/// Age at which a cached room is refreshed for members who are far from admission.
pub const FAR_COPY_MAX_AGE_MILLIS: i64 = 5_000;
/// Age at which a cached performance is refreshed for members waiting in its line: they are spread over thousands of
/// processes, and a partition of the table serves 3,000 reads a second.
pub const POLLED_COPY_MAX_AGE_MILLIS: i64 = 2_000;

/// Longest admission an organizer may choose.
pub const ADMISSION_MAX_SECONDS: i64 = 3600;
/// Default of `admissionSeconds`.
pub const ADMISSION_DEFAULT_SECONDS: i64 = 600;
/// Largest `maxActive` and `admitPerMinute`.
pub const ROOM_RATE_MAX: u32 = 100_000;
/// How long a called place uses a place inside before its owner claims it. Ten times the interval at which members
/// near the front poll.
pub const CLAIM_SECONDS: i64 = 20;
/// The same for a member who missed the call and came back: a browser may run the timers of a hidden tab once a
/// minute.
pub const RECALL_SECONDS: i64 = 90;
/// How long a waiting token outlives its `pollAfterSeconds`.
pub const WAITING_TOKEN_GRACE_SECONDS: i64 = 60;
/// Grace period before an expired admission is deleted, so that clock skew does not cost a payer their place. A place
/// that was only called needs none: its owner loses nothing if it is taken back a few seconds early.
pub const ADMISSION_GRACE_SECONDS: i64 = 5;
/// Places granted in one turn of the turnstile: a thousand a second, although turns begin some milliseconds late.
pub const TURN_MAX_GRANTS: u32 = 1_200;
/// Partitions of a room's admissions.
pub const ADMISSION_PARTITIONS: u64 = 8;
/// Shortest time between two turns of the turnstile.
pub const TURN_INTERVAL_SECONDS: i64 = 1;
/// Time span over which the pace of a line is measured.
pub const PACE_WINDOW_SECONDS: i64 = 20;
/// Shortest `pollAfterSeconds`.
pub const POLL_MIN_SECONDS: i64 = 2;
/// Longest `pollAfterSeconds`.
pub const POLL_MAX_SECONDS: i64 = 300;
/// `pollAfterSeconds` of a paused room, of which nobody knows how long it waits.
pub const POLL_PAUSED_SECONDS: i64 = 30;
/// Shortest `pollAfterSeconds` of a sold-out performance.
pub const POLL_SOLD_OUT_SECONDS: i64 = 60;
/// Seconds that a place ahead adds to the longest `pollAfterSeconds` of an open sale: the front polls often enough to
/// notice at once that somebody left early.
pub const POLL_PER_AHEAD_SECONDS: u64 = 2;
/// A short visit inside, which decides how soon waiting members poll while nobody knows yet how fast members leave.
pub const SHORT_VISIT_SECONDS: u64 = 10;
/// Maximum share by which `pollAfterSeconds` is shortened at random, so that a crowd spreads.
pub const POLL_JITTER: f64 = 0.2;
/// Members with more positions ahead are far from admission: that many are not called within twice the age of their
/// cached room.
pub const POLL_FAR_AHEAD: u64 = 2 * TURN_MAX_GRANTS as u64 * (FAR_COPY_MAX_AGE_MILLIS as u64 / 1_000);
/// How often a turn counts the free seats for the line.
pub const STOCK_COUNTED_SECONDS: i64 = 2;
/// How many members may be inside for each free seat: some of them leave without buying.
pub const INSIDE_PER_FREE_SEAT: u64 = 2;
/// How far ahead an opening must lie when it is brought forward while members wait: longer than the longest
/// `pollAfterSeconds`, so that everybody learns of it in time.
pub const OPENING_NOTICE_SECONDS: i64 = 360;
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

/// Longest token of the payment provider; keys of Toss Payments have at most this length.
pub const CARD_TOKEN_MAX_CHARS: usize = 200;
/// Attempts to pay one hold, by any method. Each is a separate order at the provider. One digit, because it is part
/// of ids.
pub const PAYMENT_ATTEMPTS_MAX: u8 = 9;
/// How many of these attempts may be by card: if all are declined, the hold can still be paid with points.
pub const CARD_ATTEMPTS_MAX: u8 = PAYMENT_ATTEMPTS_MAX - 1;
/// A hold whose card was declined can be paid for at least this long afterwards, if sales are open.
pub const DECLINED_HOLD_MIN_SECONDS: i64 = 60;
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
/// A hold that an open breaker keeps from being paid lives at most `holdSeconds` times this number.
pub const HOLD_PROLONGED_TIMES: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_exactly() {
        assert_eq!((hours(3), days(3)), (10_800, 259_200));
    }
}
