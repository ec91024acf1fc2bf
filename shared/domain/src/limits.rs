//! Every bound of the system in one place, units last. A bound without a reason beside it is the contract's.

mod breaker;
mod members;

pub use breaker::*;
pub use members::*;

/// That many KiB in bytes.
const fn kib(count: usize) -> usize {
    count * 1_024
}

/// That many hours in seconds.
const fn hours(count: i64) -> i64 {
    count * 3_600
}

/// That many days in seconds.
const fn days(count: i64) -> i64 {
    hours(24 * count)
}

/// Largest request body.
pub const BODY_MAX_BYTES: usize = kib(64);
/// Longest id accepted from outside; ours are at most 110 characters.
pub const ID_MAX_CHARS: usize = 128;
/// Longest id of a key: what a password's hash has room for.
pub const KEY_ID_MAX_CHARS: usize = 8;
/// Shortest key.
pub const KEY_MIN_CHARS: usize = 32;
/// Longest token header read; ours are under 600 characters.
pub const TOKEN_MAX_CHARS: usize = 2048;
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;
/// How long an answer is kept for replay under its `Idempotency-Key`.
pub const IDEMPOTENCY_KEPT_SECONDS: i64 = hours(24);

/// Request line and headers together that API Gateway lets through.
pub const REQUEST_HEAD_MAX_BYTES: usize = 10_240;
/// How long a browser remembers that another origin's page may call. Each time it asks is billed.
pub const CORS_MAX_AGE_SECONDS: u32 = 3_600;

/// Metrics of a stack in CloudWatch, at $0.30 a month each.
pub const METRICS_MAX: usize = 100;

/// Shortest answer that is compressed; a shorter one fits a packet or two.
pub const GZIP_MIN_BYTES: usize = 4_096;
/// Largest body that a function's answer may have as its JSON tells it: Lambda's 6 MB, less 8 kB for the headers.
pub const LAMBDA_ANSWER_MAX_BYTES: usize = kib(6_136);
/// Answers that a process keeps as they are sent: about 6 MB each.
pub const RENDERINGS_MAX: usize = 4;

/// Items of a page when `limit` is not given.
pub const PAGE_DEFAULT_ITEMS: u32 = 20;
/// Most items of a page.
pub const PAGE_MAX_ITEMS: u32 = 100;
/// What of a cursor proves that it is ours.
pub const CURSOR_TAG_BYTES: usize = 16;
/// Longest sort key that DynamoDB takes.
pub const SORT_KEY_MAX_BYTES: usize = 1_024;
/// Longest cursor accepted: the longest sort key in base64.
pub const CURSOR_MAX_CHARS: usize = (CURSOR_TAG_BYTES + SORT_KEY_MAX_BYTES).div_ceil(3) * 4;
/// Pages of the table read to fill one filtered page of an answer, so that no list is unbounded.
pub const PAGE_MAX_READS: usize = 20;

/// How long an access to the catalogue that closes performances may take: they are closed for so long that holds in flight
/// have ended, and that takes longer than other calls.
pub const CLOSING_TIMEOUT_SECONDS: u64 = 25;
/// For how long a performance is closed at most; whoever closed it and died does not keep it from being sold for longer.
pub const CLOSING_LEASE_SECONDS: i64 = 40;
/// A hold's transaction is sent only while what is known of the performance is younger than this; else that is read anew.
pub const LISTING_TRUSTED_MILLIS: u64 = 2_000;
/// After it no hold is in flight that did not know of a closing: the oldest listing that is trusted, and a call's time.
pub const CLOSING_WAIT_MILLIS: u64 = LISTING_TRUSTED_MILLIS + DYNAMODB_CALL_MILLIS;
/// Holds that lapsed so recently may be in a payment that is under way, on a clock that is behind: they are ended for good
/// before a performance is deleted or moved. Longer than a payment may take, and clocks may differ.
pub const LAPSED_PAYABLE_SECONDS: i64 = 60;
/// Of such holds, ended at the same time.
pub const LAPSED_ENDS_AT_ONCE: usize = 16;
/// Times an organizer's change that lost a race starts over.
pub const CATALOGUE_RETRIES: u32 = 24;
/// Most performances of a show, so that it can be moved or deleted as a whole.
pub const SHOW_PERFORMANCES_MAX: u32 = 1_000;
/// Performances deleted in one transaction: four items each, and the show's own five make less than 100.
pub const DELETED_AT_ONCE: usize = 23;
/// Performances closed in one transaction.
pub const CLOSED_AT_ONCE: usize = 100;
/// Performances looked through, and slots taken, at the same time.
pub const CATALOGUE_CALLS_AT_ONCE: usize = 16;
/// Longest keyword of a search.
pub const KEYWORD_MAX_CHARS: usize = 100;
/// Shows of one page of which is asked whether they play within a range of dates.
pub const RANGE_PROBES_MAX: usize = 100;
/// Shows that are looked at in one read for a page of those that a filter leaves: about 150 KB.
pub const SHOWS_READ_ITEMS: u32 = 100;
/// Such reads for one page, each of at most 1 MB.
pub const SHOWS_MAX_READS: usize = 2;

/// How long anybody may keep what shows and dates there are.
pub const CATALOGUE_MAX_AGE_SECONDS: u32 = 5;
/// How long anybody may keep how many seats are left, and which.
pub const SEATS_MAX_AGE_SECONDS: u32 = 1;
/// Longest show title.
pub const TITLE_MAX_CHARS: usize = 200;
/// Longest venue name.
pub const VENUE_MAX_CHARS: usize = 200;
/// Longest show description.
pub const DESCRIPTION_MAX_CHARS: usize = 10_000;
/// What lists of shows keep, and look through, of a description.
pub const DESCRIPTION_LISTED_CHARS: usize = 300;
/// Longest poster address.
pub const POSTER_URL_MAX_CHARS: usize = 2_000;
/// Longest running time of a show: a day.
pub const RUNNING_MAX_MINUTES: u32 = 1_440;
/// Longest reason of an organizer's cancellation.
pub const REASON_MAX_CHARS: usize = 500;

/// Most sections of a house; keeps the layout within one small item.
pub const SECTIONS_MAX: usize = 200;
/// Most grades of a house: what a projection writes of a reservation of all of them is one transaction.
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
/// Seats of a house whose map is read from the seats themselves; a larger one's is a projection.
pub const LIVE_SEATS_MAX: u32 = 2_000;
/// Blocks of seats that are read for a page of performances, for what is left of each.
pub const LISTED_BLOCKS_MAX: u32 = 60;
/// Age at which a process's copy of a large house's map is refreshed: half a second here, one at the client's
/// ([`SEATS_MAX_AGE_SECONDS`]), and the rest of two seconds is left to the stream.
pub const SEAT_MAP_MAX_AGE_MILLIS: i64 = 500;
/// Large houses that a process keeps the map of: 800 kB each.
pub const SEAT_MAPS_MAX: usize = 16;
/// How exactly the map of a large house knows when a hold lapses; 65,535 of these are more than three times the longest hold.
pub const HELD_STEP_MILLIS: i64 = 200;

/// Most areas of a house without numbered seats.
pub const AREAS_MAX: usize = 50;
/// Places of an area from which it gets another stripe.
pub const STRIPE_PLACES: u32 = 500;
/// Most stripes of an area.
pub const STRIPES_PER_AREA_MAX: u32 = 32;
/// Buckets of held places within the life of a hold.
pub const BUCKETS_PER_HOLD: i64 = 10;
/// Narrowest bucket.
pub const BUCKET_MIN_MILLIS: i64 = 1_000;
/// Spared before a bucket's places are given back, so that clocks that differ do not cost a payer his place.
pub const BUCKET_GRACE_SECONDS: i64 = 5;
/// Holds taken from a stripe before the next looks for lapsed buckets, so that the item stays below 1 KB.
pub const STRIPE_UNSWEPT_MAX: u32 = 32;

/// Times a hold of a grade chooses anew when others were faster.
pub const HOLD_ATTEMPTS: u32 = 24;

/// Most seats one member may hold and own of a performance.
pub const SEATS_PER_MEMBER_MAX: u32 = 50;
/// `maxSeatsPerMember` when the organizer does not say.
pub const SEATS_PER_MEMBER_DEFAULT: u32 = 4;
/// `holdSeconds` when the organizer does not say: five minutes.
pub const HOLD_DEFAULT_SECONDS: i64 = 300;
/// Longest hold an organizer may choose.
pub const HOLD_MAX_SECONDS: i64 = 3600;
/// How long an unpaid hold counts; the stake remembers three of them.
pub const UNPAID_HOLDS_WINDOW_SECONDS: i64 = 3_600;
/// A hold that is released so soon does not count as unpaid.
pub const HOLD_FORGIVEN_SECONDS: i64 = 30;
/// Such holds within [`UNPAID_HOLDS_WINDOW_SECONDS`]; those after them count.
pub const HOLDS_FORGIVEN_MAX: u32 = 20;
/// How long a lapsed hold is answered 410 rather than 404.
pub const HOLD_REMEMBERED_SECONDS: i64 = hours(24);
/// How long a stake, and a place in line, outlives its performance's start before TTL may collect it.
pub const STAKE_KEPT_SECONDS: i64 = days(30);

/// Times rows of a projection are made anew when another projector was faster.
pub const PROJECTION_ATTEMPTS: u32 = 8;
/// Characters of a member's name by which a door list is ordered and searched; keeps sort keys and cursors short.
pub const NAME_SORTED_CHARS: usize = 40;
/// Rows of a door list that one read looks through for a booking reference, about the 1 MB that a query reads at most. A request
/// makes at most [`PAGE_MAX_READS`] such reads.
pub const DOOR_SEARCH_ITEMS: u32 = 2_000;
/// Reservations of a cancelled performance that one message of `cancel_reservations` looks up: each is cancelled by a message
/// of its own.
pub const CANCELLATION_PAGE_ITEMS: u32 = 100;
/// Writes of one transaction.
pub const TRANSACTION_WRITES_MAX: usize = 100;

/// Largest top-up, in won.
pub const TOP_UP_MAX_WON: i64 = 10_000_000;
/// Highest balance of a wallet, in won: exact in every JSON reader (2^53).
pub const BALANCE_MAX_WON: i64 = 9_000_000_000_000_000;
/// Times a write that lost the race for a wallet is retried from the returned image.
pub const WALLET_RETRIES: u32 = 24;

/// Age at which a process's copy of a performance or room is refreshed.
pub const COPY_MAX_AGE_MILLIS: i64 = 1_000;
/// The same of a room for those who are far from being let in.
pub const FAR_COPY_MAX_AGE_MILLIS: i64 = 5_000;
/// The same of a performance for those who wait in its line: they are in thousands of processes, and a partition of the table
/// answers 3,000 reads a second.
pub const POLLED_COPY_MAX_AGE_MILLIS: i64 = 2_000;
/// The same of what lists show beside their items: as old as anybody may keep a list ([`CATALOGUE_MAX_AGE_SECONDS`]).
pub const LISTED_COPY_MAX_AGE_MILLIS: i64 = 1_000 * CATALOGUE_MAX_AGE_SECONDS as i64;
/// Performances a process keeps copies of.
pub const COPIES_MAX: usize = 1_000;

/// Times a call that met a conflict, throttling or a hidden answer is sent in all.
pub const RETRY_ATTEMPTS: u32 = 6;
/// First step of the full-jitter wait between attempts.
pub const RETRY_BASE_MILLIS: u64 = 5;
/// Longest wait between attempts.
pub const RETRY_CAP_MILLIS: u64 = 100;
/// Items that DynamoDB gives in one batch.
pub const BATCH_GET_ITEMS: usize = 100;
/// One call to DynamoDB, from first byte to last.
pub const DYNAMODB_CALL_MILLIS: u64 = 3_000;
/// Sending messages to a queue, its retries included.
pub const QUEUE_CALL_MILLIS: u64 = 10_000;
/// Handing a mail to SES.
pub const MAIL_CALL_MILLIS: u64 = 20_000;
/// Reading a secret, its retries included; a function whose event comes meanwhile waits.
pub const SECRET_CALL_MILLIS: u64 = 5_000;

/// Longest admission an organizer may choose.
pub const ADMISSION_MAX_SECONDS: i64 = 3600;
/// `admissionSeconds` when the organizer does not say.
pub const ADMISSION_DEFAULT_SECONDS: i64 = 600;
/// Largest `maxActive` and `admitPerMinute`.
pub const ROOM_RATE_MAX: u32 = 100_000;
/// How long a granted place waits for its owner.
pub const CLAIM_SECONDS: i64 = 60;
/// How long a waiting token outlives its `pollAfterSeconds`.
pub const WAITING_TOKEN_GRACE_SECONDS: i64 = 60;
/// Spared before a lapsed admission is deleted, so that clocks that differ do not cost a payer his place.
pub const ADMISSION_GRACE_SECONDS: i64 = 5;
/// The turnstile's lease; longer than the hard timeout of the poll function, so that a dead owner cannot write under the next.
pub const TICK_LEASE_SECONDS: i64 = 15;
/// Hard timeout of the poll function, in the template and in the local stack.
pub const POLL_TIMEOUT_SECONDS: u64 = 10;
/// Places granted in one turn of the turnstile.
pub const TICK_MAX_GRANTS: u32 = 200;
/// Places granted or deleted at the same time within a turn.
pub const TICK_WRITES_AT_ONCE: usize = 16;
/// Positions a member may draw in one room.
pub const DRAWS_MAX: u32 = 20;
/// Draws that a line remembers, so that its item stays below 1 KB.
pub const DRAWS_REMEMBERED: u8 = 24;
/// Partitions of a room's admissions.
pub const ADMISSION_PARTITIONS: u64 = 8;
/// The turnstile turns at most once in so long.
pub const TICK_INTERVAL_SECONDS: i64 = 1;
/// A turn starts no more grants after so long, so that a pause or a lowered limit holds within 2 s.
pub const TICK_GRANTING_MILLIS: u64 = 1_500;
/// A turn ends itself after so long.
pub const TICK_MAX_MILLIS: u64 = 5_000;
/// A turn starts no grant in the last part of its lease, by its own clock: so far may clocks differ, and a call take,
/// before two turns could overlap.
pub const TICK_LEASE_MARGIN_SECONDS: i64 = 5;
/// Lapsed admissions deleted in one turn; more wait for the next, and count as live until then.
pub const TICK_MAX_LAPSES: usize = 400;
/// Pages read of one partition of admissions in a turn; with more, nobody is let in: 64 MB, about 300,000 admissions.
pub const ADMISSION_MAX_PAGES: usize = 64;
/// How long a room's items outlive their purpose before TTL may collect them.
pub const ROOM_KEPT_SECONDS: i64 = hours(24);
/// Over how long the pace of a line is measured.
pub const PACE_WINDOW_SECONDS: i64 = 20;
/// Shortest `pollAfterSeconds`.
pub const POLL_MIN_SECONDS: i64 = 2;
/// Longest `pollAfterSeconds`.
pub const POLL_MAX_SECONDS: i64 = 20;
/// Part of `pollAfterSeconds` by which a poll may be told to come sooner, so that a crowd spreads.
pub const POLL_JITTER: f64 = 0.2;
/// With fewer ahead one is told to poll at the shortest interval, whatever the pace.
pub const POLL_SOON_AHEAD: u64 = 10;
/// Who has more positions ahead is far from being let in: so many are not called within twice the age of his copy of the room.
pub const POLL_FAR_AHEAD: u64 = 2 * TICK_MAX_GRANTS as u64 * (FAR_COPY_MAX_AGE_MILLIS as u64 / 1_000);
/// How often a turn counts the free seats for those in line.
pub const STOCK_COUNTED_SECONDS: i64 = 2;
/// How long a count is shown to those in line; their copies of the room may be five seconds old.
pub const STOCK_SHOWN_SECONDS: i64 = 10;
/// How long after it is due a turn of the turnstile may begin, where those in line ask as they are told.
pub const TURN_OVERDUE_SECONDS: i64 = 5;
/// Neighbouring positions of which one partition says which were given up.
pub const LEFT_BLOCK_POSITIONS: u64 = 1_024;
/// Blocks of them, from the next to call on, that a turn knows as a whole: so many given-up places it passes over at most.
pub const LEFT_NEAR_BLOCKS: u64 = 4;
/// Blocks behind those whose given-up places one turn counts.
pub const LEFT_FAR_BLOCKS_PER_TURN: usize = 4;
/// Blocks that are looked through for given-up places; beyond, they count as waiting. The counts of so many fit 2 KB of the room.
pub const LEFT_BLOCKS_MAX: u64 = 1_024;
/// Times a join or a leave that met another of the same member starts over.
pub const LINE_RETRIES: u32 = 6;
/// Stripes of a new room whose organizer expects nothing in particular: one keeps exact request order.
pub const STRIPES_DEFAULT: u32 = 1;
/// Joins a second that one stripe takes: the write limit of a DynamoDB partition.
pub const STRIPE_JOINS_PER_SECOND: u32 = 1_000;
/// How much busier than its average the busiest second of a minute is taken to be.
pub const ARRIVALS_PEAK_FACTOR: u32 = 2;
/// Largest `expectedArrivalsPerMinute`.
pub const EXPECTED_ARRIVALS_MAX: u32 = 10_000_000;
/// Most stripes of a line.
pub const STRIPES_MAX: u32 = 32;

/// Longest text taken for a ticket's code; ours are under 330 characters.
pub const TICKET_CODE_MAX_CHARS: usize = 512;
/// Ticket mails that a member may ask for in an hour for one reservation, by mailing or reissuing again.
pub const TICKET_MAILINGS_PER_HOUR: u32 = 10;
/// Ticket mails that a member may ask for in all for one reservation; each leaves a marker on its item.
pub const TICKET_MAILINGS_MAX: u32 = 50;
/// Times a reissue or a mailing that met another of the same reservation starts over.
pub const TICKET_RETRIES: u32 = 12;

/// Lease of a mail's claim: [`WORKER_TIMEOUT_SECONDS`] < lease < [`VISIBILITY_SECONDS`].
pub const MAIL_LEASE_SECONDS: i64 = 60;
/// Receives after which a message is parked in the dead-letter queue.
pub const MAIL_MAX_RECEIVES: u32 = 5;
/// How often a mail is handed to the mail service within one receive, where it says that it was asked too fast.
pub const MAIL_SEND_ATTEMPTS: u32 = 3;
/// About how long is waited then.
pub const MAIL_THROTTLED_MILLIS: u64 = 1_500;
/// Partitions of those who are told of a category's new shows; each is announced to by a message of its own.
pub const ALERT_SHARDS: u8 = 8;
/// Subscribers read in one call.
pub const ANNOUNCED_PAGE_MEMBERS: u32 = 100;
/// Subscribers announced to by one message at most; the rest is handed over to the next.
pub const ANNOUNCED_MAX_MEMBERS: usize = 1_000;
/// A message hands the rest over after so long, well before its function's timeout.
pub const ANNOUNCING_MAX_MILLIS: i64 = 15_000;
/// Batches of mails' messages that are on their way to SQS at the same time.
pub const ANNOUNCED_BATCHES_AT_ONCE: usize = 5;
/// How long it is remembered that a member was told of a show: longer than any message lives (14 days).
pub const ALERT_KEPT_SECONDS: i64 = days(30);
/// Messages that SQS takes in one call.
pub const SQS_BATCH_MESSAGES: usize = 10;
/// Hard timeout of every endpoint but those named otherwise.
pub const ENDPOINT_TIMEOUT_SECONDS: u64 = 10;
/// Hard timeout of every event-triggered function.
pub const WORKER_TIMEOUT_SECONDS: u64 = 30;
/// After so long a message that was not acknowledged is received again: six timeouts, as Lambda advises.
pub const VISIBILITY_SECONDS: u32 = 180;

/// Longest token of the payment provider; Toss Payments' keys are as long at most.
pub const CARD_TOKEN_MAX_CHARS: usize = 200;
/// Attempts to pay one hold, by whatever means; each has its own order at the provider. One digit, which is part of ids.
pub const PAYMENT_ATTEMPTS_MAX: u8 = 9;
/// Attempts of them that may be by card: declined as often, a hold can still be paid with points.
pub const CARD_ATTEMPTS_MAX: u8 = PAYMENT_ATTEMPTS_MAX - 1;
/// A hold whose card was declined can be paid for at least so long after it, as far as sales are open.
pub const DECLINED_HOLD_MIN_SECONDS: i64 = 60;
/// Longest name of an order; Toss Payments takes no more.
pub const ORDER_NAME_MAX_CHARS: usize = 100;
/// How long a card payment may be pending, and keeps its seats.
pub const CARD_DEADLINE_SECONDS: i64 = 600;
/// How long after the deadline of a payment that is off the provider may come to know of it: far longer than any call lasts.
pub const CARD_VOID_SECONDS: i64 = 900;
/// Shortest wait before the provider is asked again.
pub const CARD_WAIT_MIN_SECONDS: i64 = 2;
/// Longest wait before the provider is asked again, and the longest that SQS delays a message.
pub const CARD_WAIT_MAX_SECONDS: i64 = 900;
/// A wait is so small a part of the time that it has lasted already.
pub const CARD_WAIT_SHARE: i64 = 8;
/// Wait of a message while another's probe of the provider is under way.
pub const PROBE_WAIT_SECONDS: i64 = 2;
/// Steps taken for one message before the rest is left to the next.
pub const CARD_STEPS_MAX: usize = 4;
/// One call to the payment provider, from connecting to the last byte. Four of them, which is what one message asks for at
/// most, end within a worker's 30 s.
pub const PROVIDER_CALL_MILLIS: u64 = 7_000;
/// Longest reason that the payment provider takes for giving money back: Toss Payments' `cancelReason`.
pub const PROVIDER_REASON_MAX_CHARS: usize = 200;
/// Part of that limit after which a call counts as slow.
pub const PROVIDER_SLOW_SHARE: u64 = 2;
/// Largest answer of the payment provider that is read.
pub const PROVIDER_ANSWER_MAX_BYTES: usize = kib(64);
/// A hold that an open breaker keeps from being paid lives at most so many times `holdSeconds`.
pub const HOLD_PROLONGED_TIMES: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_what_they_are() {
        assert_eq!((kib(3), hours(3), days(3)), (3_072, 10_800, 259_200));
        assert_eq!(CLOSING_WAIT_MILLIS - LISTING_TRUSTED_MILLIS, DYNAMODB_CALL_MILLIS);
    }
}
