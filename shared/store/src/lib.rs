//! The only crate that speaks to DynamoDB. Every write is conditional, every list bounded, every call retried with a rule.
//!
//! | Module | Holds |
//! |---|---|
//! | [`keys`] | entity chart, access patterns, every key text and attribute name |
//! | [`conditions`] | every condition expression, named, with what it protects |
//! | [`table`] | what a caller needs to make the table: keys, stream, TTL |
//! | `db`, `write`, `page` | one call: sending, retrying, judging cancellations, pages |
//! | `receipts` | answers kept under an `Idempotency-Key` |
//! | `members`, `sessions`, `alerts` | members, verifications; logins that last; who is told of new shows |
//! | `accounts` | renaming and deleting accounts |
//! | `catalogue`, `copies` | shows and performances, closing them; the once-a-second copies |
//! | `rooms` | waiting rooms: line, places, admissions, turnstile |
//! | `claims`, `seats`, `holds` | what a hold claims, as writes; what is taken of a house; holding and releasing |
//! | `seat_maps` | what a house shows as taken: read live, or a large house's projection |
//! | `wallets`, `payments`, `reservations` | points; paying; purchases and their cancellation |
//! | `door` | tickets after the sale: used, reissued, mailed again |
//! | `cards`, `breaker` | paying by card; whether the payment provider may be asked |
//! | `projections` | what follows from a reservation: notices, my page, door list, sums |
//! | `cancellations` | an organizer's cancellation of a performance, and whom it concerns |
//! | `mails` | the markers that keep a mail from being sent twice |

mod accounts;
mod alerts;
mod breaker;
mod cancellations;
mod cards;
mod catalogue;
mod claims;
pub mod conditions;
mod copies;
mod db;
mod door;
mod holds;
pub mod keys;
mod mails;
mod members;
mod page;
mod payments;
mod projections;
mod receipts;
mod reservations;
mod rooms;
mod seat_maps;
mod seats;
mod sessions;
pub mod table;
mod wallets;
mod write;

pub use accounts::{Account, is_upcoming};
pub use cards::Confirmed;
pub use db::{Entropy, Store};
pub use holds::Holder;
pub use mails::{Claim, Claimed, Mail, Marker};
pub use members::{Attempts, Credentials};
pub use page::{NOT_A_CURSOR, PageOf, PageRequest};
pub use payments::{Paid, Payable};
pub use projections::{DirtyReservation, SalesOfDay, SalesOfGrade};
pub use receipts::{Receipt, Receipted, StoredAnswer};
pub use reservations::{Booked, reservation_of};
pub use rooms::{Crowd, Joined, PolledRoom, RoomView};
pub use sessions::Renewal;
