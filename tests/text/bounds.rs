//! No list has an upper bound that a name could pass: neither the door list nor sums nor titles.

use crate::harness::{World, book, show_details};
use frontrow_domain::member::Role;
use serde_json::json;

/// The last characters of Unicode, those next to the surrogates, and some common ones.
const NAMES: [&str; 7] = ["Zoë", "~", "힣", "\u{d7ff}\u{e000}", "🎫", "\u{10ffff}", "\u{10ffff}\u{10ffff}\u{10ffff}"];

/// Every member with a ticket is on the door list, and everybody on the door list is refunded.
#[tokio::test]
async fn members_with_any_name_are_listed_and_refunded() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}");
        let mut people = Vec::new();
        for (number, name) in NAMES.into_iter().enumerate() {
            let person = world.person(&format!("name{number}@example.com"), name, Role::Member).await;
            person.post("/points/top-ups", json!({"amount": 50_000})).await.expect(201);
            book(&person, &performance, &[&format!("A-1-{}", number + 1)]).await;
            people.push(person);
        }
        world.settle().await;
        let listed = organizer.all(&format!("{path}/reservations")).await;
        let names: Vec<_> = listed.iter().map(|entry| entry["memberName"].as_str().unwrap()).collect();
        assert_eq!(names, NAMES, "in the order of their characters");
        let found = organizer.get(&format!("{path}/reservations?name=%F4%8F%BF%BF")).await.expect(200).items();
        assert_eq!(found.len(), 2);
        let one = organizer.get(&format!("{path}/reservations?limit=6")).await.expect(200).text("nextCursor");
        let rest = organizer.get(&format!("{path}/reservations?cursor={one}")).await.expect(200).items();
        assert_eq!(rest[0]["memberName"], NAMES[6]);

        organizer.post(&format!("{path}/cancellation"), json!({"reason": "Rain"})).await.expect(202);
        world.settle().await;
        for person in people {
            let balance = person.get("/points").await.expect(200).number("balance");
            assert_eq!(balance, 50_000, "{:?} is refunded", person.identity.name);
        }
    })
    .await;
}

#[tokio::test]
async fn grades_and_titles_with_any_name_are_listed() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut details = show_details();
        details["title"] = json!("\u{10ffff}\u{10ffff}");
        organizer.post("/shows", details).await.expect(201);
        let areas: Vec<_> = NAMES.iter().map(|grade| json!({"grade": grade, "price": 1_000, "capacity": 10})).collect();
        let performance = world.performance(json!({"seating": {"type": "general", "areas": areas}})).await;
        let shows = organizer.get("/shows?sort=title").await.expect(200).items();
        assert_eq!(shows.last().unwrap()["title"], "\u{10ffff}\u{10ffff}");

        for grade in NAMES {
            let person = world.member(1_000).await;
            let body = json!({"grade": grade, "quantity": 1});
            let held = person.post(&format!("/performances/{performance}/holds"), body).await.expect(201);
            crate::harness::pay(&person, &held.text("holdId")).await.expect(201);
        }
        world.settle().await;
        let sales = organizer.get(&format!("/performances/{performance}/sales")).await.expect(200);
        assert_eq!((sales.number("seats"), sales.number("amount")), (7, 7_000));
        assert_eq!(sales.items().len(), 7, "and by day");
    })
    .await;
}
