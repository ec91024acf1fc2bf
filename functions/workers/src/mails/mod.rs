//! What a mail says. One file per mail; its pages are in `templates/`, where all data is escaped.

pub mod alert;
pub mod cancellation;
mod letter;
mod links;
pub mod password;
pub mod ticket;
pub mod verification;
mod words;

pub use letter::{Letter, Picture};
pub use links::Links;

#[cfg(test)]
mod tests;
