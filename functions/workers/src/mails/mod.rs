//! The content of mails. One file per mail; the pages are in `templates/`, which escape all data.

pub mod alert;
pub mod cancellation;
mod email;
mod links;
pub mod password;
mod texts;
pub mod ticket;
pub mod verification;

pub use email::{Email, Picture};
pub use links::Links;

#[cfg(test)]
mod tests;
