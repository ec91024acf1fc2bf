//! The content of mails. One file per mail; the pages are in `templates/`, which escape all data.

pub mod alert;
pub mod cancellation;
mod letter;
mod links;
pub mod password;
mod texts;
pub mod ticket;
pub mod verification;

pub use letter::{Letter, Picture};
pub use links::Links;

#[cfg(test)]
mod tests;
