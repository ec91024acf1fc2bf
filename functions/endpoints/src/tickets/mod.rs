//! Tickets: one per seat, each with its QR code (T1), used at the door once.

pub mod check_in;
pub mod get_ticket_qr;
pub mod reissue_ticket;
