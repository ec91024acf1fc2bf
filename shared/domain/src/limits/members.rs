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
/// How long a verification code is valid.
pub const VERIFICATION_SECONDS: i64 = 600;
/// Codes sent to one mailbox in an hour.
pub const VERIFICATIONS_PER_HOUR: u32 = 5;
/// Time window over which codes sent to one mailbox are counted.
pub const VERIFICATION_WINDOW_SECONDS: i64 = 3600;
/// Wrong codes after which a verification is void.
pub const VERIFICATION_MAX_ATTEMPTS: u32 = 5;
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
