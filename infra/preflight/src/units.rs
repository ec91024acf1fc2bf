//! DynamoDB cost of operations. The budget tests write `units.json` from their measurements on the wire.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ops::{Add, Mul, Sub},
};

/// The cost of one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// Sequential calls to DynamoDB.
    pub calls: f64,
    /// Write request units.
    pub writes: f64,
    /// Read request units.
    pub reads: f64,
}

impl Add for Units {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, writes: self.writes + other.writes, reads: self.reads + other.reads }
    }
}

impl Sub for Units {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + other * -1.0
    }
}

impl Mul<f64> for Units {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self { calls: self.calls * times, writes: self.writes * times, reads: self.reads * times }
    }
}

/// The rows of the budget table used here, by name.
pub const ROWS: &[&str] = &[
    "log in",
    "join, first",
    "poll, waiting",
    "poll that turns and claims",
    "poll that claims",
    "copies of a process",
    "copies of a process of looks",
    "copies of a process of polls",
    "seat map of 50, all taken",
    "seat map of 50,000",
    "hold 1",
    "hold 4",
    "hold 2, with a key",
    "hold 1, in a room",
    "top-up, with a key",
    "pay 1",
    "pay 4",
    "pay 2, with a key",
    "pay 1, in a room",
    "card start 1",
    "card start 4",
    "card start 2, with a key",
    "card, start to confirmed",
    "one payment",
    "one reservation",
    "mail of a purchase",
    "projection of a purchase",
    "projection of a map's block",
];

/// Measured costs by row of the budget table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured(pub BTreeMap<String, Units>);

impl Measured {
    /// The costs in `units.json`.
    ///
    /// # Panics
    /// If the file does not have the format that the budget tests write.
    pub fn committed() -> Self {
        serde_json::from_str(include_str!("../units.json")).expect("units.json is written by the budget tests")
    }

    /// The cost in `row` of the budget table.
    ///
    /// # Panics
    /// If the row does not exist; a test reads all [`ROWS`].
    pub fn row(&self, row: &str) -> Units {
        *self.0.get(row).unwrap_or_else(|| panic!("units.json has no row {row:?}"))
    }

    /// `operation` for `seats` in a waiting room and with a key: interpolated from the measurements of one and four seats,
    /// without and with a room and a key.
    fn of_seats(&self, operation: &str, seats: f64) -> Units {
        let one = self.row(&format!("{operation} 1"));
        let seat = (self.row(&format!("{operation} 4")) - one) * (1.0 / 3.0);
        let key = self.row(&format!("{operation} 2, with a key")) - one - seat;
        one + seat * (seats - 1.0) + key
    }

    /// A hold of `seats` in a waiting room, with a key.
    pub fn hold(&self, seats: f64) -> Units {
        self.of_seats("hold", seats) + self.row("hold 1, in a room") - self.row("hold 1")
    }

    /// A payment of `seats` with points in a waiting room, with a key.
    pub fn pay(&self, seats: f64) -> Units {
        self.of_seats("pay", seats) + self.row("pay 1, in a room") - self.row("pay 1")
    }

    /// The request of a card payment of `seats`, in a waiting room and with a key.
    pub fn card_start(&self, seats: f64) -> Units {
        self.of_seats("card start", seats)
    }

    /// The payment worker's part of it; it changes each seat, as the request does.
    pub fn card_worker(&self, seats: f64) -> Units {
        let one = self.row("card start 1");
        let seat = (self.row("card start 4") - one) * (1.0 / 3.0);
        self.row("card, start to confirmed") - one + seat * (seats - 1.0)
    }

    /// A turn of the turnstile that admits nobody.
    pub fn turn(&self) -> Units {
        self.row("poll that turns and claims") - self.row("poll that claims") - Self::GRANT
    }

    /// Additional cost of each admission in a turn, and of each expired admission.
    pub const GRANT: Units = Units { calls: 1.0, writes: 1.0, reads: 0.0 };

    /// A map of `seats`, read from the seats themselves or from a projection.
    pub fn seat_map(&self, seats: f64, is_live: bool) -> Units {
        if is_live {
            let fifty = self.row("seat map of 50, all taken");
            Units { calls: (seats / 1_000.0).ceil(), ..fifty * (seats / 50.0).ceil() }
        } else {
            self.row("seat map of 50,000")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_used_rows_are_measured() {
        let measured = Measured::committed();
        assert!(ROWS.iter().all(|row| measured.0.contains_key(*row)));
        assert_eq!(measured.0.len(), ROWS.len());
    }

    /// Per the design: seats, stake, admission and idempotency record, each at double cost in a transaction.
    #[test]
    fn cost_is_linear_in_seats() {
        let measured = Measured::committed();
        for seats in [1.0, 2.0, 4.0, 10.0] {
            assert!((measured.hold(seats).writes - (2.0 * seats + 6.0)).abs() < 1e-9);
            assert!((measured.pay(seats).writes - (2.0 * seats + 12.0)).abs() < 1e-9);
            assert!((measured.card_start(seats).writes - (2.0 * seats + 8.0)).abs() < 1e-9);
        }
    }
}
