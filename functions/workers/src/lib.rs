//! Functions triggered by the table's stream and by queues, and the mails that they send. [`WORKERS`] is the only list of
//! them.
//!
//! | Module | Holds |
//! |---|---|
//! | [`relay_outbox`] | the table's stream → messages |
//! | [`projector`] | the table's stream → notices, my page, door lists, sales, maps |
//! | [`cancel_reservations`] | messages → cancelled or updated reservations |
//! | `batch` | handling the messages of a batch concurrently |
//! | [`queue`] | sending to queues |
//! | [`message`] | message bodies: kind and ids |
//! | [`announce_show`] | a new show → one mail message per subscriber |
//! | [`ticket_mailer`] | messages → mails, each sent once |
//! | [`payment_worker`] | messages → card payments, settled with the payment provider |
//! | [`provider`] | HTTP client of the payment provider |
//! | [`mails`] | content of mails, in Korean and English, as MIME |

pub mod announce_show;
mod batch;
pub mod cancel_reservations;
pub mod limits;
pub mod mails;
pub mod message;
pub mod payment_worker;
pub mod projector;
pub mod provider;
pub mod queue;
mod records;
pub mod relay_outbox;
pub mod ticket_mailer;

pub use announce_show::AnnounceShow;
pub use cancel_reservations::CancelReservations;
pub use payment_worker::PaymentWorker;
pub use projector::Projector;
pub use relay_outbox::RelayOutbox;
pub use ticket_mailer::TicketMailer;

use frontrow_edge::worker::WorkerDescriptor;

/// All workers.
pub const WORKERS: &[WorkerDescriptor] = &[
    WorkerDescriptor::of::<RelayOutbox>(),
    WorkerDescriptor::of::<Projector>(),
    WorkerDescriptor::of::<TicketMailer>(),
    WorkerDescriptor::of::<PaymentWorker>(),
    WorkerDescriptor::of::<AnnounceShow>(),
    WorkerDescriptor::of::<CancelReservations>(),
];

#[cfg(test)]
mod fakes;
