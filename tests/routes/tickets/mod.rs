//! Tickets.

mod check_in;
mod get_ticket_qr;
mod reissue_ticket;
