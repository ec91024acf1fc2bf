//! Tickets.

mod get_ticket_qr;
