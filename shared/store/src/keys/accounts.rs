//! Members, their addresses and sessions, and what is counted per address.

use super::Key;
use frontrow_domain::{
    ids::{MemberId, SessionId, VerificationId},
    member::Email,
};

/// The partition of everything that is one member's own.
pub(crate) fn member_partition(member: &MemberId) -> String {
    format!("member#{member}")
}

pub(crate) fn member(member: &MemberId) -> Key {
    Key::new(member_partition(member), "profile")
}

pub(crate) fn email(email: &Email) -> Key {
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

/// An item of a member, by its sort key.
pub(crate) fn in_member(member: &MemberId, sort_key: String) -> Key {
    Key::new(member_partition(member), sort_key)
}

/// A counter of `what` for one address or mailbox in one window of time; with a `device`, of what it did alone. Both end with
/// their domain, which has no `#`.
pub(crate) fn rate(what: &str, address: &str, device: Option<&SessionId>, window: i64) -> Key {
    let device = device.map(|device| format!("#{device}")).unwrap_or_default();
    Key::new(format!("rate#{what}#{address}{device}"), window.to_string())
}
