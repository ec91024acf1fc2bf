//! The organizer's input.

use clap::{Args, builder::RangedU64ValueParser};
use frontrow_domain::limits::{HOLD_ATTEMPTS, SEATS_MAX, SEATS_PER_MEMBER_MAX};
use serde::Serialize;

/// Maximum number of people.
const PEOPLE_MAX: u64 = 10_000_000;
/// Longest on-sale in minutes: a day.
const MINUTES_MAX: u64 = 24 * 60;
/// Longest visit, in minutes.
const STAY_MAX_MINUTES: u64 = 60;

fn up_to(most: u64) -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=most)
}

fn percent() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(0..=100)
}

/// An announced on-sale, and the assumed properties of its crowd.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Announced {
    /// Number of people who come
    #[arg(long, value_parser = up_to(PEOPLE_MAX))]
    pub people: u32,
    /// Number of seats for sale
    #[arg(long, value_parser = up_to(SEATS_MAX.into()))]
    pub seats: u32,
    /// Minutes from the opening until the last seat is to be sold
    #[arg(long, default_value_t = 60, value_parser = up_to(MINUTES_MAX))]
    pub minutes: u32,
    /// Percentage of the people who come within the busiest minute
    #[arg(long, default_value_t = 50, value_parser = up_to(100))]
    pub busiest_minute_percent: u32,
    /// Percentage of the admitted people who buy
    #[arg(long, default_value_t = 80, value_parser = up_to(100))]
    pub buyers_percent: u32,
    /// Seats per purchase
    #[arg(long, default_value_t = 2, value_parser = up_to(SEATS_PER_MEMBER_MAX.into()))]
    pub seats_per_purchase: u32,
    /// Percentage of the purchases that are paid by card; the others use points, topped up before
    #[arg(long, default_value_t = 80, value_parser = percent())]
    pub card_percent: u32,
    /// Holds that a buyer tries until one succeeds
    #[arg(long, default_value_t = 2, value_parser = up_to(HOLD_ATTEMPTS.into()))]
    pub holds_per_purchase: u32,
    /// Minutes that a buyer stays inside
    #[arg(long, default_value_t = 4, value_parser = up_to(STAY_MAX_MINUTES))]
    pub stay_minutes: u32,
    /// Minutes after which people who are not admitted give up; by default, all stay to the end
    #[arg(long, value_parser = up_to(MINUTES_MAX))]
    pub patience_minutes: Option<u32>,
    /// Percentage of the people who log in for the on-sale
    #[arg(long, default_value_t = 100, value_parser = percent())]
    pub logins_percent: u32,
}

impl Announced {
    /// People of the busiest minute: the room's `expectedArrivalsPerMinute`.
    pub fn busiest_minute(&self) -> u32 {
        let people = u64::from(self.people) * u64::from(self.busiest_minute_percent);
        u32::try_from(people.div_ceil(100)).expect("not more than all people")
    }
}
