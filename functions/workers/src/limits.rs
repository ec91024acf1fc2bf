//! Bounds of workers: SQS, SES and the payment provider.

use frontrow_domain::limits::ACCESS_TOKEN_SECONDS;

/// Most messages that SQS accepts in one call.
pub const SQS_BATCH_MESSAGES: usize = 10;
/// Hard timeout of every event-triggered function.
pub const WORKER_TIMEOUT_SECONDS: u64 = 30;
/// Visibility timeout of a message that was not acknowledged: six function timeouts, as Lambda recommends.
pub const VISIBILITY_SECONDS: u32 = 180;

/// Wait of a message while another worker's probe of the provider is in flight.
pub const PROBE_WAIT_SECONDS: i64 = 2;
/// Timeout of one call to the payment provider, from connecting to the last byte. One message makes at most four
/// calls, which end within a worker's 30 s.
pub const PROVIDER_CALL_MILLIS: u64 = 7_000;
/// Longest refund reason that the payment provider accepts: Toss Payments' `cancelReason`.
pub const PROVIDER_REASON_MAX_CHARS: usize = 200;
/// A call counts as slow after [`PROVIDER_CALL_MILLIS`] divided by this number.
pub const PROVIDER_SLOW_SHARE: u64 = 2;
/// Largest response of the payment provider that is read.
pub const PROVIDER_ANSWER_MAX_BYTES: usize = 64 * 1_024;

/// Attempts to hand a mail to the mail service within one receive, if the service throttles.
pub const MAIL_SEND_ATTEMPTS: u32 = 3;
/// Approximate wait after throttling.
pub const MAIL_THROTTLED_MILLIS: u64 = 1_500;
/// Most subscribers that one message announces to; the rest is handed over to the next message.
pub const ANNOUNCED_MAX_MEMBERS: usize = 1_000;
/// A message hands the rest over after this time, well before its function's timeout.
pub const ANNOUNCING_MAX_MILLIS: i64 = 15_000;
/// Batches of mail messages sent to SQS at the same time.
pub const ANNOUNCED_BATCHES_AT_ONCE: usize = 5;

/// Interval between two passes over the reservations of a renamed or deleted member: the longest delay of SQS.
pub const MEMBER_FOLLOWED_EVERY_SECONDS: i64 = 900;
/// How long these passes continue: until access tokens from before the change have expired, plus two passes.
pub const MEMBER_FOLLOWED_SECONDS: i64 = ACCESS_TOKEN_SECONDS + 2 * MEMBER_FOLLOWED_EVERY_SECONDS;

/// How often a worker adds the calls that it counted.
pub const BREAKER_COUNT_SECONDS: i64 = 5;
