//! Ticketing rules and the types they speak of. Pure: no AWS, no I/O, no clock, no randomness, no async;
//! `now` and fresh ids are arguments.
//!
//! | Module | Holds |
//! |---|---|
//! | [`limits`] | every bound of the system, units last |
//! | [`text`] | what people and machines type, as it is stored, compared and hashed |
//! | [`ids`], [`time`], [`money`], [`number`] | the small types everything is made of |
//! | [`error`] | what can go wrong, as the caller sees it |
//! | [`member`], [`verification`], [`session`] | e-mail addresses, passwords, names, roles, languages; the code mailed before sign-up; logins |
//! | [`show`], [`performance`], [`seating`] | the catalogue: what is sold, when, and which seats there are |
//! | [`best_available`] | which seats are the best of those that are free |
//! | [`general`] | areas without numbered seats, their stripes and buckets |
//! | [`seat_map`] | which seats are taken, and how the map of a large house is packed |
//! | [`waiting_room`] | positions, stripes, turnstile arithmetic |
//! | [`hold`] | a claim on seats for minutes, and the stake that limits it |
//! | [`wallet`] | points and their ledger |
//! | [`reservation`] | a purchase, its tickets and its payment |
//! | [`door`], [`mailing`] | what becomes of tickets after the sale: used, reissued, mailed again |
//! | [`notice`], [`my_page`], [`door_list`], [`sales`] | what a reservation shows its member and its organizer, derived from it |
//! | [`ticket_code`] | the text inside a ticket's QR code |
//! | [`card`] | a payment by card: what is to be done next about it |
//! | [`breaker`] | when the payment provider is asked, and when it is left alone |

pub mod best_available;
pub mod booking_reference;
#[cfg(test)]
mod boundaries;
pub mod breaker;
pub mod card;
mod common_passwords;
pub mod door;
pub mod door_list;
pub mod error;
pub mod general;
pub mod hold;
pub mod ids;
pub mod limits;
pub mod mailing;
pub mod member;
pub mod money;
pub mod my_page;
pub mod notice;
pub mod number;
pub mod performance;
pub mod reservation;
pub mod sales;
pub mod seat_map;
pub mod seating;
pub mod session;
pub mod show;
pub mod text;
pub mod ticket_code;
pub mod time;
pub mod verification;
pub mod waiting_room;
pub mod wallet;

pub use error::{Error, FieldError, FieldErrors, Result, UNKNOWN_FIELD};
pub use time::Timestamp;
