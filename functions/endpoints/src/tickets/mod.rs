//! Tickets: one per seat, each with its QR code (T1).

pub mod get_ticket_qr;
