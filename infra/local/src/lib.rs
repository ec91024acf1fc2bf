//! The whole platform in one process: the very handlers that run on Lambda, behind a gateway, over an embedded DynamoDB,
//! SQS and SES capture.
//!
//! | Module | Holds |
//! |---|---|
//! | [`stack`] | all parts, started and stopped together |
//! | [`gateway`], `routes`, [`cors`] | what API Gateway does |
//! | `event_sources`, `filters`, `mappings`, `checkpoint` | what Lambda's event source mappings do |
//! | [`functions`] | what both call: handlers in this process, or functions that run elsewhere |
//! | `policy` | what IAM does |
//! | [`engine`], [`queues`], [`mailbox`], [`mail`], `secrets` | DynamoDB, SQS, SES, Secrets Manager |
//! | `in_process` | how the SDK calls these without a socket |
//! | `services`, [`variables`] | these at one address; what functions that run elsewhere are told of it |
//! | [`provider`] | a payment provider, which is somebody else |
//! | `local_pages`, `moved_clock`, [`welcome`] | what only the local stack serves: mails, clock, documents, where to begin |
//! | `loopback` | who may ask for that |
//! | `data`, `seeds` | what is kept on disk, what is there at the start |
//!
//! ```text
//! HTTP → gateway → endpoint → engine ─ stream → relay_outbox → queue → ticket_mailer → mailbox
//! ```

mod checkpoint;
pub mod cors;
mod data;
pub mod engine;
mod event_sources;
mod filters;
pub mod functions;
pub mod gateway;
mod in_process;
mod local_pages;
mod loopback;
pub mod mail;
pub mod mailbox;
mod mappings;
mod moved_clock;
mod policy;
pub mod provider;
pub mod queues;
mod routes;
mod secrets;
mod seeds;
mod services;
pub mod stack;
mod thread;
pub mod variables;
pub mod welcome;

pub use functions::Functions;
pub use stack::{Options, Stack};
