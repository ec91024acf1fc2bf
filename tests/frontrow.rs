//! All tests of the running system. Each starts a stack of its own (ports, table, queues, mails) and speaks HTTP to it.
//!
//! | Module | Holds |
//! |---|---|
//! | [`harness`] | the stack under test, clients, the wire between SDK and engine, the audit after every test |
//! | [`budgets`] | what each operation costs in DynamoDB |
//! | [`following`] | reservations of renamed and deleted members |
//! | [`general`] | many members on a count of places |
//! | [`best_available`] | many members on the best seats |
//! | [`cards`] | payments by card, and a provider that fails in every way |
//! | [`operations`] | what the functions print: request ids, numbers, no secret |
//! | [`projections`] | what is derived from reservations, whatever records come |
//! | [`closing`] | organizers against buyers: moves and deletes while everybody books |
//! | [`announcements`] | a new show is told to ten thousand, each once |
//! | [`large_houses`] | maps of houses of more than 2,000 seats or places: fresh, true, small, fast |
//! | [`preflight`] | what the preflight knows of the template |
//! | [`races`] | many clients at once |
//! | [`cancellations`] | an organizer cancels a performance, whatever comes in between |
//! | [`conditions`] | every condition expression and the test that needs it |
//! | [`memory`] | what a thousand logins leave in memory |
//! | [`contract`] | what holds for every request: what cannot be read is refused, nothing is quoted, answers can be sent back |
//! | [`crowd`] | a simulated crowd in a waiting room, in numbers |
//! | [`restart`] | `kill -9` of a stack that keeps its data |
//! | [`lambda`] | every binary under the Lambda runtime API |
//! | [`security`] | headers of answers, other origins' pages, what is too long |
//! | [`stall`] | a crowd does not slow a payment down |
//! | [`text`] | text from outside, in every spelling |
//! | [`walks`] | the guides' lines, pasted twice |
//! | [`faults`] | seeded faults between SDK and engine |
//! | [`routes`] | a file for each endpoint: happy path, unauthorized, bad input |
//! | [`deployed`] | a platform that runs elsewhere, driven over HTTP |
//! | [`emulated`] | what a deployment on an emulator of AWS shows beyond that: its queues |
//! | [`events`] | the sample events of every function, and what they are answered |
//! | [`drift`] | routes, tests, binaries and documents say the same; who knows whom |
//! | [`scenarios`] | the source documents, S0..S4, step by step |

#![recursion_limit = "256"]

mod announcements;
mod best_available;
mod budgets;
mod cancellations;
mod cards;
mod closing;
mod conditions;
mod contract;
mod crowd;
mod deployed;
mod drift;
mod emulated;
mod events;
mod faults;
mod following;
mod general;
mod harness;
mod lambda;
mod large_houses;
mod memory;
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
