//! Bounds of HTTP, Lambda, credentials, and calls to AWS.

use frontrow_store::limits::SORT_KEY_MAX_BYTES;

/// Largest request body.
pub const BODY_MAX_BYTES: usize = 64 * 1_024;
/// Longest id of a key; a password hash has no room for more.
pub const KEY_ID_MAX_CHARS: usize = 8;
/// Shortest key.
pub const KEY_MIN_CHARS: usize = 32;
/// Longest token header that is read; tokens of this system have fewer than 600 characters.
pub const TOKEN_MAX_CHARS: usize = 2048;
/// Longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;

/// Largest request line and headers together that API Gateway accepts.
pub const REQUEST_HEAD_MAX_BYTES: usize = 10_240;
/// How long a browser caches a CORS preflight response. Each preflight request is billed.
pub const CORS_MAX_AGE_SECONDS: u32 = 3_600;

/// Shortest response body that is compressed; a shorter one fits into a few TCP packets.
pub const GZIP_MIN_BYTES: usize = 4_096;
/// Largest response body within a function's JSON result: Lambda's 6 MB, less 8 kB for the headers.
pub const LAMBDA_ANSWER_MAX_BYTES: usize = 6_136 * 1_024;
/// Rendered response bodies that a process caches, about 6 MB each.
pub const RENDERINGS_MAX: usize = 4;

/// Items in a page when `limit` is absent.
pub const PAGE_DEFAULT_ITEMS: u32 = 20;
/// Length of the tag that authenticates a cursor.
pub const CURSOR_TAG_BYTES: usize = 16;
/// Longest cursor accepted: the longest sort key in base64.
pub const CURSOR_MAX_CHARS: usize = (CURSOR_TAG_BYTES + SORT_KEY_MAX_BYTES).div_ceil(3) * 4;

/// Timeout of sending messages to a queue, including retries.
pub const QUEUE_CALL_MILLIS: u64 = 10_000;
/// Timeout of handing a mail to SES.
pub const MAIL_CALL_MILLIS: u64 = 20_000;
/// Timeout of reading a secret, including retries; an event that arrives meanwhile waits.
pub const SECRET_CALL_MILLIS: u64 = 5_000;

/// Hard timeout of every endpoint without a timeout of its own.
pub const ENDPOINT_TIMEOUT_SECONDS: u64 = 10;

/// Lease of a mail's claim: a worker's timeout < lease < the visibility timeout.
pub const MAIL_LEASE_SECONDS: i64 = 60;
/// Receives after which a message moves to the dead-letter queue.
pub const MAIL_MAX_RECEIVES: u32 = 5;

/// Requests that wait for a password hash in one process; the next one gets 503 with `Retry-After`.
pub const HASHES_WAITING_MAX: usize = 256;
/// How long a request waits for its turn to hash a password: half of [`ENDPOINT_TIMEOUT_SECONDS`].
pub const HASH_WAIT_MILLIS: u64 = 5_000;
