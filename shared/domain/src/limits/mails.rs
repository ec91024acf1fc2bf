//! Limits of mails and of announcing new shows.

use super::days;

/// Lease of a mail's claim: [`super::WORKER_TIMEOUT_SECONDS`] < lease < [`super::VISIBILITY_SECONDS`].
pub const MAIL_LEASE_SECONDS: i64 = 60;
/// Receives after which a message moves to the dead-letter queue.
pub const MAIL_MAX_RECEIVES: u32 = 5;
/// Attempts to hand a mail to the mail service within one receive, if the service throttles.
pub const MAIL_SEND_ATTEMPTS: u32 = 3;
/// Approximate wait after throttling.
pub const MAIL_THROTTLED_MILLIS: u64 = 1_500;
/// Shards of a category's subscribers; each is announced to by its own message.
pub const ALERT_SHARDS: u8 = 8;
/// Subscribers read in one call.
pub const ANNOUNCED_PAGE_MEMBERS: u32 = 100;
/// Most subscribers that one message announces to; the rest is handed over to the next message.
pub const ANNOUNCED_MAX_MEMBERS: usize = 1_000;
/// A message hands the rest over after this time, well before its function's timeout.
pub const ANNOUNCING_MAX_MILLIS: i64 = 15_000;
/// Batches of mail messages sent to SQS at the same time.
pub const ANNOUNCED_BATCHES_AT_ONCE: usize = 5;
/// How long a member's alert for a show is remembered: longer than any message lives (14 days).
pub const ALERT_KEPT_SECONDS: i64 = days(30);
