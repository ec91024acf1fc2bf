//! Functions triggered by the table's stream and by queues, and the mails that they send.
//!
//! | Module | Holds |
//! |---|---|
//! | [`relay_outbox`] | the table's stream → messages |
//! | [`project`] | the table's stream → notices, my page, door lists, sums |
//! | [`cancel_reservations`] | messages → the end of a cancelled performance's reservations |
//! | `batch` | the messages of one batch, side by side |
//! | [`queue`] | the queues, and sending to them |
//! | [`message`] | what a message says: kind and ids |
//! | [`announce_show`] | a new show → a mail's message for each who asked for alerts |
//! | [`ticket_mailer`] | messages → mails, each sent once |
//! | [`payment_worker`] | messages → purchases by card, settled with the payment provider |
//! | [`provider`] | the payment provider, over HTTP |
//! | [`mails`] | what a mail says, in Korean and English, as MIME |

pub mod announce_show;
mod batch;
pub mod cancel_reservations;
pub mod mails;
pub mod message;
pub mod payment_worker;
pub mod project;
pub mod provider;
pub mod queue;
mod records;
pub mod relay_outbox;
pub mod ticket_mailer;

pub use announce_show::AnnounceShow;
pub use cancel_reservations::CancelReservations;
pub use payment_worker::PaymentWorker;
pub use project::Project;
pub use relay_outbox::RelayOutbox;
pub use ticket_mailer::TicketMailer;

#[cfg(test)]
mod fakes;
