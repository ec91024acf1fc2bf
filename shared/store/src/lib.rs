//! The only crate that calls DynamoDB. Every write is conditional, every list is bounded, and every call has a retry
//! rule.
//!
//! | Module | Contents |
//! |---|---|
//! | [`keys`] | entity chart, access patterns, every key string and attribute name |
//! | [`conditions`] | every condition expression, named, with what it protects |
//! | [`table`] | the definition of the table: keys, stream, TTL |
//! | `db`, `write`, `page` | single calls: sending, retrying, evaluating cancellations; pages |
//! | `idempotency` | responses stored under an `Idempotency-Key` |
//! | `members`, `sessions`, `alerts` | members and verifications; sessions; subscribers to new shows |
//! | `accounts` | renaming and deleting accounts |
//! | `catalogue`, `cache` | shows and performances, freezing them; their cached copies |
//! | `waiting_room`, `admission` | waiting rooms: line, places, turnstile; what a booking does to its admission |
//! | `inventory`, `seats`, `holds` | what a hold takes, as writes; taken seats of a house; holding and releasing |
//! | `seat_maps` | the seat map: read live, or from a large house's projection |
//! | `wallets`, `payments`, `reservations` | points; paying; purchases and their cancellation |
//! | `door` | tickets after the sale: check-in, reissue, mailing again |
//! | `cards`, `breaker` | paying by card; the circuit breaker for the payment provider |
//! | `changes` | changes of items, as the stream delivers them |
//! | `projections` | rows derived from a reservation: notices, my page, door list, sums |
//! | `cancellations` | an organizer's cancellation of a performance, and the affected reservations |
//! | `mails` | the markers that keep a mail from being sent twice |

mod accounts;
mod admission;
mod alerts;
mod breaker;
mod cache;
mod cancellations;
mod cards;
mod catalogue;
mod changes;
pub mod conditions;
mod db;
mod door;
mod holds;
mod idempotency;
mod inventory;
pub mod keys;
pub mod limits;
mod mails;
mod members;
mod page;
mod payments;
mod projections;
mod reservations;
mod seat_maps;
mod seats;
mod sessions;
pub mod table;
mod waiting_room;
mod wallets;
mod write;

pub use accounts::{Account, is_upcoming};
pub use cards::Confirmed;
pub use changes::{Change, Changed, Images, Profile};
pub use db::{Entropy, Store};
pub use holds::Holder;
pub use idempotency::{IdempotencyRecord, PendingRecord, StoredAnswer};
pub use mails::{Claim, Claimed, MailJob, Marker};
pub use members::{Attempts, Credentials};
pub use page::{NOT_A_CURSOR, PageOf, PageRequest};
pub use payments::{Paid, Payable};
pub use projections::{DirtyReservation, SalesOfDay, SalesOfGrade};
pub use reservations::Booked;
pub use sessions::Renewal;
pub use waiting_room::{Crowd, Joined, PolledRoom, RoomView};
