//! Holds.

mod get_hold;
mod hold_seats;
mod list_holds;
mod release_hold;
