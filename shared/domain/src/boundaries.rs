//! The last value on either side of each boundary of time, count and length, and what each small accessor returns.

mod catalogue;
mod line;
mod sale;
mod texts;

use crate::{
    Timestamp,
    hold::Hold,
    ids::MemberId,
    listing::Listing,
    member::{EmailAddress, Language, Name},
    performance::{Performance, PerformanceDetails},
    reservation::{Buyer, Reservation},
    seating::Numbered,
    show::Show,
};
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// The last millisecond before.
const BEFORE: Timestamp = Timestamp::from_millis(1_789_999_999_999);
/// The first millisecond after.
const AFTER: Timestamp = Timestamp::from_millis(1_790_000_000_001);
const MEMBER: MemberId = MemberId(Uuid::from_u128(0x0193_f1b0_7c8a_7d3f_ae52_c1d1_a5b0_c005));

fn moment_after(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.millis() + 1)
}

fn numbered() -> Value {
    json!({"type": "numbered", "sections": [
        {"name": "A", "grade": "VIP", "price": 500, "rows": 1, "seatsPerRow": 4},
        {"name": "B", "grade": "R", "price": 300, "rows": 2, "seatsPerRow": 3},
    ]})
}

fn general() -> Value {
    json!({"type": "general", "areas": [
        {"grade": "Standing", "price": 100, "capacity": 700}, {"grade": "Lawn", "price": 50, "capacity": 5},
    ]})
}

fn details(seating: Value, more: Value) -> Result<PerformanceDetails, serde_json::Error> {
    let mut details = json!({"startsAt": NOW.plus_seconds(1_000).to_string(), "seating": seating});
    if let (Value::Object(details), Value::Object(more)) = (&mut details, more) {
        details.extend(more);
    }
    serde_json::from_value(details)
}

/// A performance that starts in 1,000 s, with holds of 60 s.
fn listing(seating: Value) -> Listing {
    let described = json!({"title": "Aida", "category": "musical", "venue": "Hall"});
    let show = Show::new("s".parse().unwrap(), serde_json::from_value(described).unwrap(), NOW);
    let details = details(seating, json!({"holdSeconds": 60})).unwrap();
    Listing { performance: Performance::new("demo".parse().unwrap(), "s".parse().unwrap(), details, NOW), show }
}

fn house(listing: &Listing) -> &Numbered {
    listing.performance.numbered().unwrap()
}

fn held(listing: &Listing, seats: &[&str]) -> Hold {
    let seats: Vec<String> = seats.iter().map(|seat| (*seat).to_owned()).collect();
    Hold::place(listing, &seats, &MEMBER, Uuid::from_u128(7), NOW).unwrap()
}

fn bought(seats: &[&str]) -> Reservation {
    let listing = listing(numbered());
    let buyer = Buyer {
        member_id: MEMBER,
        email: EmailAddress::try_from("alice@example.com".to_owned()).unwrap(),
        name: Name::try_from("Alice".to_owned()).unwrap(),
        language: Language::En,
        former_names: Vec::new(),
    };
    Reservation::paid_with_points(&held(&listing, seats), &listing, buyer, NOW)
}
