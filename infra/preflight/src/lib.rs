//! What an announced on-sale needs beforehand and what it costs.
//!
//! | Module | Holds |
//! |---|---|
//! | [`announced`] | what the organizer says: people, seats, minutes, and what the crowd is like |
//! | [`crowd`] | what follows from it: how many are let in, how often those in line poll |
//! | [`units`] | what operations cost in DynamoDB, as the budget tests measured it |
//! | [`calls`] | how often each function is called, and what a call takes |
//! | [`prices`] | the price list, quotas and assumptions of `prices.json` |
//! | [`bill`] | usage × price |
//! | [`quotas`] | what is asked of AWS, what it gives by itself, and where to have it raised |
//! | [`template`] | what the template says of what costs |
//! | [`report`] | all of it, as a table or as JSON |

pub mod announced;
pub mod bill;
pub mod calls;
pub mod crowd;
pub mod prices;
pub mod quotas;
pub mod report;
pub mod template;
pub mod units;
