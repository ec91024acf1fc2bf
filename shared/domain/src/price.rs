//! Prices of seats and places, and the totals of a grade.

use crate::{limits::PRICE_MAX_WON, money::Won, number::Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Price of a seat: 1 to 10,000,000 won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schemars(inline, with = "Whole<1, PRICE_MAX_WON>")]
pub struct Price(Won);

impl Price {
    /// The price as an amount.
    pub fn won(self) -> Won {
        self.0
    }
}

impl TryFrom<i64> for Price {
    type Error = String;

    /// # Errors
    /// If the price is not within 1 to 10,000,000 won.
    fn try_from(won: i64) -> Result<Self, String> {
        if (1..=PRICE_MAX_WON).contains(&won) {
            Ok(Self(Won(won)))
        } else {
            Err(format!("expected a whole number from 1 to {PRICE_MAX_WON}"))
        }
    }
}

impl From<Price> for i64 {
    fn from(price: Price) -> Self {
        price.0.0
    }
}

/// Number of seats of a grade, and the price of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeTotal {
    /// The grade's name.
    pub grade: String,
    /// Price of one seat.
    pub price: Won,
    /// Total number of seats.
    pub total: u32,
}
