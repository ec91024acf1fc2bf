//! The whole platform in one process: the very handlers that run on Lambda, behind a gateway, over an embedded DynamoDB,
//! SQS and SES capture.
//!
//! | Module | Holds |
//! |---|---|
//! | [`stack`] | all parts, started and stopped together |
//! | `gateway`, `routes` | what API Gateway does |
//! | `event_sources`, `checkpoint` | what Lambda's event source mappings do |
//! | [`engine`], [`queues`], [`mailbox`], [`mail`] | DynamoDB, SQS, SES |
//! | [`provider`] | a payment provider, which is somebody else |
//! | `local_pages`, `moved_clock` | what only the local stack serves: mails, clock, documents |
//! | `data`, `seeds` | what is kept on disk, what is there at the start |
//!
//! ```text
//! HTTP → gateway → endpoint → engine ─ stream → relay_outbox → queue → ticket_mailer → mailbox
//! ```

mod checkpoint;
mod data;
pub mod engine;
mod event_sources;
mod gateway;
mod local_pages;
pub mod mail;
pub mod mailbox;
mod moved_clock;
pub mod provider;
pub mod queues;
mod routes;
mod seeds;
pub mod stack;
mod thread;

pub use stack::{Options, Stack};
