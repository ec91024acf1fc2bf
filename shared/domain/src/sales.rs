//! Sales: what a performance sold of each grade, in all and per day. A cancelled reservation is subtracted from the
//! day on which it was paid, so that the sums are what the organizer keeps.

use crate::{
    money::Won,
    reservation::{Reservation, ReservationStatus},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seats of one grade that were sold on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The calendar day of the approval in the show's time zone: `2026-12-24`.
    pub day: String,
    /// The grade's name.
    pub grade: String,
    /// Number of seats; negative to reduce the sums.
    pub seats: i64,
    /// Total price of the seats.
    pub amount: Won,
}

impl Sale {
    /// The contribution of `reservation` to the sums, by grade; empty unless it is confirmed.
    pub fn all_of(reservation: &Reservation) -> Vec<Self> {
        let approved_at = reservation.approved_at().filter(|_| reservation.status == ReservationStatus::Confirmed);
        let Some(approved_at) = approved_at else { return Vec::new() };
        let day = reservation.sold.time_zone.local(approved_at).date().to_string();
        let mut grades: BTreeMap<&str, (i64, Won)> = BTreeMap::new();
        for seat in &reservation.seats {
            let (seats, amount) = grades.entry(&seat.grade).or_default();
            *seats += 1;
            *amount = *amount + seat.price;
        }
        let sale =
            |(grade, (seats, amount)): (&str, _)| Self { day: day.clone(), grade: grade.to_owned(), seats, amount };
        grades.into_iter().map(sale).collect()
    }

    /// The same sale with negative numbers, to subtract it.
    #[must_use]
    pub fn undone(&self) -> Self {
        Self { seats: -self.seats, amount: -self.amount, ..self.clone() }
    }
}
