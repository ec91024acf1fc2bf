//! Reservations.

mod cancel_reservation;
mod get_reservation;
mod list_reservations;
mod mail_tickets;
