//! What a mail says. One file per mail; its pages are in `templates/`, where all data is escaped.

pub mod alert;
pub mod cancellation;
mod letter;
pub mod password;
pub mod ticket;
pub mod verification;
mod words;

pub use letter::{Letter, Picture};

#[cfg(test)]
mod tests;
