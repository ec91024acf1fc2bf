//! Keys of members, e-mail addresses, sessions and per-address counters.

use super::Key;
use frontrow_domain::{
    ids::{MemberId, SessionId, VerificationId},
    member::EmailAddress,
};

/// The partition of everything that belongs to one member.
pub(crate) fn member_partition(member: &MemberId) -> String {
    format!("member#{member}")
}

pub(crate) fn member(member: &MemberId) -> Key {
    Key::new(member_partition(member), "profile")
}

pub(crate) fn email(email: &EmailAddress) -> Key {
    Key::new(format!("email#{email}"), "email")
}

pub(crate) fn verification(id: &VerificationId) -> Key {
    Key::new(format!("verification#{id}"), "verification")
}

/// Prefix of a member's sessions.
pub(crate) const SESSION_PREFIX: &str = "session#";

pub(crate) fn session(member: &MemberId, id: &SessionId) -> Key {
    Key::new(member_partition(member), format!("{SESSION_PREFIX}{id}"))
}

/// An item in a member's partition, by its sort key.
pub(crate) fn in_member(member: &MemberId, sort_key: String) -> Key {
    Key::new(member_partition(member), sort_key)
}

/// The counter `what` of one address or mailbox in one time window; with a `device`, of that device alone. An address
/// and a mailbox both end with their domain, which contains no `#`.
pub(crate) fn rate(what: &str, address: &str, device: Option<&SessionId>, window: i64) -> Key {
    let device = device.map(|device| format!("#{device}")).unwrap_or_default();
    Key::new(format!("rate#{what}#{address}{device}"), window.to_string())
}
