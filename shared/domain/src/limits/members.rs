//! Limits of members: addresses, names, passwords, codes and sessions.

use super::{days, hours};

/// Longest e-mail address (RFC 5321 path).
pub const EMAIL_MAX_CHARS: usize = 254;
/// Longest name of a member.
pub const NAME_MAX_CHARS: usize = 100;
/// Shortest password.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// Longest password; also limits the input of the hash.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Digits of a verification code.
pub const VERIFICATION_CODE_DIGITS: usize = 6;
/// Requests that wait for a password hash in one process; the next one gets 503 with `Retry-After`.
pub const HASHES_WAITING_MAX: usize = 256;
/// How long a request waits for its turn to hash a password: half of [`super::ENDPOINT_TIMEOUT_SECONDS`].
pub const HASH_WAIT_MILLIS: u64 = 5_000;
/// How long a verification code is valid.
pub const VERIFICATION_SECONDS: i64 = 600;
/// Codes sent to one mailbox in an hour.
pub const VERIFICATIONS_PER_HOUR: u32 = 5;
/// Time window over which codes sent to one mailbox are counted.
pub const VERIFICATION_WINDOW_SECONDS: i64 = 3600;
/// Wrong codes after which a verification is void.
pub const VERIFICATION_MAX_ATTEMPTS: u32 = 5;
/// How long a verification that replaced a password is kept, for the confirmation mail.
pub const PASSWORD_MAIL_KEPT_SECONDS: i64 = days(3);
/// Failed logins for one address within the window before further ones are refused.
pub const LOGIN_MAX_FAILURES: u32 = 10;
/// Time window over which failed logins are counted.
pub const LOGIN_WINDOW_SECONDS: i64 = 900;
/// Wrong codes for one address in a day, over all its verifications: 20 guesses at a million codes.
pub const WRONG_CODES_PER_DAY: u32 = 20;
/// Time window over which wrong codes for one address are counted.
pub const WRONG_CODES_WINDOW_SECONDS: i64 = hours(24);
/// Lifetime of an access token, which logging out does not end.
pub const ACCESS_TOKEN_SECONDS: i64 = 1_800;
/// Lifetime of an unused refresh token.
pub const REFRESH_TOKEN_SECONDS: i64 = days(14);
/// How long a used refresh token still gets its successor, for a client that lost the response.
pub const REFRESH_RETRY_SECONDS: i64 = 60;
/// Changes of name of a member in a day.
pub const RENAMES_PER_DAY: u32 = 10;
/// Time window over which changes of name are counted.
pub const RENAMES_WINDOW_SECONDS: i64 = hours(24);
/// Interval between two passes over the reservations of a renamed or deleted member: the longest delay of SQS.
pub const MEMBER_FOLLOWED_EVERY_SECONDS: i64 = 900;
/// How long these passes continue: until access tokens from before the change have expired, plus two passes.
pub const MEMBER_FOLLOWED_SECONDS: i64 = ACCESS_TOKEN_SECONDS + 2 * MEMBER_FOLLOWED_EVERY_SECONDS;
/// Reservations that one message updates.
pub const FOLLOW_PAGE_ITEMS: u32 = 100;
/// Attempts of a refresh, which starts over if it meets another one of the same session.
pub const REFRESH_ATTEMPTS: u32 = 6;
