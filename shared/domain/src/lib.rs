//! Ticketing rules and their types. Pure: no AWS, no I/O, no clock, no randomness, no async; `now` and fresh ids are
//! arguments.
//!
//! | Module | Contents |
//! |---|---|
//! | [`limits`] | the bounds of rules; the unit ends the name |
//! | [`text`] | normalization of typed text before it is stored, compared and hashed |
//! | [`ids`], [`time`], [`money`], [`number`] | small basic types |
//! | [`error`] | every failure, as the caller sees it |
//! | [`member`], [`verification`], [`session`] | e-mail addresses, passwords, names, roles, languages; verification codes; sessions |
//! | [`show`], [`performance`], [`listing`], [`seating`], [`price`] | the catalogue: shows, their dates, seats and prices |
//! | [`best_available`] | choosing the best free seats |
//! | [`general_admission`] | general admission areas, their shards and buckets |
//! | [`seat_map`] | the state of every seat, and the packed form of a large house's map |
//! | [`waiting_room`] | positions, shards, turnstile arithmetic |
//! | [`hold`] | seats kept for a few minutes, and the stake that limits them |
//! | [`wallet`] | points and their ledger |
//! | [`reservation`] | a purchase, its tickets and its payment |
//! | [`door`], [`mailing`] | tickets after the sale: check-in, reissue, mailing again |
//! | [`notice`], [`my_page`], [`door_list`], [`sales`] | rows derived from a reservation, for its member and its organizer |
//! | [`ticket_code`] | the text inside a ticket's QR code |
//! | [`card`] | a card payment and its next step |
//! | [`breaker`] | the circuit breaker for the payment provider |

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
pub mod general_admission;
pub mod hold;
pub mod ids;
pub mod limits;
pub mod listing;
pub mod mailing;
pub mod member;
pub mod money;
pub mod my_page;
pub mod notice;
pub mod number;
pub mod performance;
pub mod price;
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
