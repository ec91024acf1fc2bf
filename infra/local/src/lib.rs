//! The whole platform in one process: the same handlers that run on Lambda, behind a gateway, over an embedded DynamoDB, SQS
//! and SES capture.
//!
//! | Module | Holds |
//! |---|---|
//! | [`stack`] | all parts, started and stopped together |
//! | [`gateway`], `routes`, [`cors`] | emulation of API Gateway |
//! | `event_sources`, `filters`, `mappings`, `checkpoint` | emulation of Lambda's event source mappings |
//! | [`functions`] | the functions behind both: handlers in this process, or functions that run elsewhere |
//! | `policy` | emulation of IAM |
//! | [`engine`], [`queues`], [`mailbox`], [`mail`], `secrets` | DynamoDB, SQS, SES, Secrets Manager |
//! | `in_process` | calls from the SDK to these without a socket |
//! | `services`, [`variables`] | these at one address, and environment variables for functions that run elsewhere |
//! | [`provider`] | a simulated payment provider |
//! | `local_pages`, `moved_clock`, [`welcome`] | the local stack's own pages: mails, clock, API documentation, welcome page |
//! | `loopback` | access control of these pages |
//! | `data`, `seeds` | data on disk, seed data |
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
mod http;
mod in_process;
mod local_pages;
mod loopback;
pub mod mail;
pub mod mailbox;
mod mappings;
mod moved_clock;
mod options;
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
pub mod wire;

pub use functions::Functions;
pub use options::Options;
pub use stack::Stack;

/// The allocator of Rust and, by its feature `override`, of SQLite. The system's allocator slows down as mails and table
/// pages fragment its memory: after 50,000 bookings, a booking takes twice the CPU time. `cargo bench -p frontrow-local`
/// measures it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
