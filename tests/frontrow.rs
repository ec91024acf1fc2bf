//! All tests of the running system. Each starts its own stack (ports, table, queues, mails) and uses it over HTTP.
//!
//! | Module | Contents |
//! |---|---|
//! | [`harness`] | the stack under test, clients, the wire between SDK and engine, the audit after every test |
//! | [`budgets`] | the cost of each operation in DynamoDB |
//! | [`following`] | reservations of renamed and deleted members |
//! | [`general`] | many members on a number of general admission places |
//! | [`best_available`] | many members on the best seats |
//! | [`cards`] | card payments, and a provider that fails in every way |
//! | [`operations`] | the functions' output: request ids, metrics, no secrets |
//! | [`projections`] | projections of reservations, whatever records arrive |
//! | [`freeze`] | organizers against buyers: moves and deletes while members book |
//! | [`announcements`] | ten thousand subscribers are notified of a new show, each once |
//! | [`large_houses`] | maps of houses of more than 2,000 seats or places: fresh, correct, small, fast |
//! | [`preflight`] | the preflight's data about the template |
//! | [`races`] | many concurrent clients |
//! | [`cancellations`] | an organizer cancels a performance, whatever interferes |
//! | [`conditions`] | every condition expression and the test that needs it |
//! | [`memory`] | memory after a thousand logins |
//! | [`model`] | every run of a small waiting room, explored |
//! | [`contract`] | rules for every request: invalid input is refused, values are not quoted, responses can be sent back |
//! | [`crowd`] | a simulated crowd in a waiting room, with figures |
//! | [`restart`] | `kill -9` of a stack that keeps its data |
//! | [`lambda`] | every binary under the Lambda runtime API |
//! | [`security`] | security headers, pages of other origins, long headers |
//! | [`stall`] | a crowd does not slow down a payment |
//! | [`text`] | text from outside, in every spelling |
//! | [`walks`] | the guides' commands, pasted twice |
//! | [`faults`] | seeded faults between SDK and engine |
//! | [`routes`] | one file per endpoint: happy path, unauthorized, bad input |
//! | [`deployed`] | a platform that runs elsewhere, driven over HTTP |
//! | [`emulated`] | additional checks of a deployment on an emulator of AWS: its queues |
//! | [`events`] | the sample events of every function, and the responses to them |
//! | [`generated`] | files that follow from the lists of functions |
//! | [`drift`] | routes, tests, binaries and documents agree; dependencies between crates |
//! | [`scenarios`] | the source documents, S0..S4, step by step |

#![recursion_limit = "256"]

mod announcements;
mod best_available;
mod budgets;
mod cancellations;
mod cards;
mod conditions;
mod contract;
mod crowd;
mod deployed;
mod drift;
mod emulated;
mod events;
mod faults;
mod following;
mod freeze;
mod general;
mod generated;
mod harness;
mod lambda;
mod large_houses;
mod memory;
mod model;
mod operations;
mod preflight;
mod projections;
mod races;
mod restart;
mod routes;
mod scenarios;
mod security;
mod stall;
mod text;
mod walks;
