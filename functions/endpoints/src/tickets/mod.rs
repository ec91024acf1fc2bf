//! Tickets: one per seat, each with a QR code that is valid at the door once.

pub mod check_in;
pub mod get_ticket_qr;
pub mod reissue_ticket;
