//! Capacity requirements and costs of an announced on-sale.
//!
//! | Module | Holds |
//! |---|---|
//! | [`announced`] | the organizer's input: people, seats, minutes, and properties of the crowd |
//! | [`crowd`] | derived figures: admissions, and polls of the line |
//! | [`units`] | DynamoDB cost of operations, as measured by the budget tests |
//! | [`calls`] | how often each function is called, and how long a call takes |
//! | [`prices`] | the price list, quotas and assumptions of `prices.json` |
//! | [`bill`] | usage × price |
//! | [`quotas`] | requirements, AWS's default quotas, and where to raise them |
//! | [`template`] | figures of the template that affect the cost |
//! | [`report`] | the result as a table or as JSON |

pub mod announced;
pub mod bill;
pub mod calls;
pub mod crowd;
mod number;
pub mod prices;
pub mod quotas;
pub mod report;
pub mod template;
pub mod units;
