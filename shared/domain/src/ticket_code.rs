//! The text inside a ticket's QR code: `FR1:<key id>:<ticket id>:<signature>`, signed with Ed25519 over everything before
//! the last colon, so a forged or altered one is refused without a read.

use crate::ids::TicketId;

/// Version of the format; the first part of every code.
const VERSION: &str = "FR1";
/// Separates the four parts; ids and base64url never hold it.
const SEPARATOR: char = ':';

/// The part of a code that is signed.
pub fn signed_part(key_id: &str, ticket_id: &TicketId) -> String {
    format!("{VERSION}{SEPARATOR}{key_id}{SEPARATOR}{ticket_id}")
}

/// The whole code, with the signature as base64url.
pub fn code(signed_part: &str, signature: &str) -> String {
    format!("{signed_part}{SEPARATOR}{signature}")
}
