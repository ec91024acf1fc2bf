//! `GET /performances/{performanceId}/reservations`.

use crate::{
    harness::{
        Person, World, book,
        door::{Tickets, scan},
    },
    routes::{ODD_IDS, needs_organizer, refuses_bad_pages},
};
use frontrow_domain::member::Role;
use serde_json::{Value, json};

async fn named(world: &World, name: &str, address: &str) -> Person {
    let person = world.person(&format!("{address}@example.com"), name, Role::Member).await;
    person.post("/points/top-ups", json!({"amount": 100_000})).await.expect(201);
    person
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["memberName"].as_str().unwrap_or_default()).collect()
}

/// The door list: by name, whatever the order of booking.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let (performance, other) = (world.performance(json!({})).await, world.performance(json!({})).await);
        let organizer = world.organizer().await;
        let path = format!("/performances/{performance}/reservations");
        assert!(organizer.get(&path).await.expect(200).items().is_empty());
        let people = [("김민수", "kim"), ("park Jimin", "park"), ("Anna", "anna"), ("Park", "p2")];
        let mut paid = Vec::new();
        for (index, (name, address)) in people.into_iter().enumerate() {
            let person = named(world, name, address).await;
            let seats = [format!("A-1-{}", index + 1), format!("B-1-{}", index + 1)];
            let seats: Vec<&str> = seats.iter().map(String::as_str).take(if index == 0 { 2 } else { 1 }).collect();
            paid.push((book(&person, &performance, &seats).await, person));
        }
        book(&paid[2].1, &other, &["A-1-1"]).await;
        world.settle().await;
        let all = organizer.get(&path).await.expect(200);
        assert_eq!(all.header("cache-control"), "no-store");
        let items = all.items();
        assert_eq!(names(&items), ["Anna", "Park", "park Jimin", "김민수"]);
        let last = &items[3];
        assert_eq!(last["reservationId"], paid[0].0.json["reservationId"]);
        assert_eq!((&last["seatIds"], &last["quantity"]), (&json!(["A-1-1", "B-1-1"]), &json!(2)));
        assert_eq!((&last["status"], &last["createdAt"]), (&json!("confirmed"), &paid[0].0.json["createdAt"]));

        let one = organizer.get(&format!("{path}?limit=3")).await.expect(200);
        let rest = organizer.get(&format!("{path}?limit=3&cursor={}", one.text("nextCursor"))).await.expect(200);
        assert_eq!([one.items(), rest.items()].concat(), items);
        let elsewhere = format!("/performances/{other}/reservations?cursor={}", one.text("nextCursor"));
        organizer.get(&elsewhere).await.problem(400, "invalid_request");

        let found = organizer.get(&format!("{path}?name=PARK")).await.expect(200).items();
        assert_eq!(names(&found), ["Park", "park Jimin"]);
        let found = organizer.get(&format!("{path}?name=%EA%B9%80")).await.expect(200).items();
        assert_eq!(names(&found), ["김민수"]);
        assert!(organizer.get(&format!("{path}?name=annabelle")).await.expect(200).items().is_empty());

        paid[1].1.delete(&format!("/reservations/{}", paid[1].0.text("reservationId"))).await.expect(200);
        world.settle().await;
        let cancelled = organizer.get(&format!("{path}?status=cancelled")).await.expect(200).items();
        assert_eq!(names(&cancelled), ["park Jimin"]);
        let confirmed = organizer.get(&format!("{path}?status=confirmed&name=p")).await.expect(200).items();
        assert_eq!(names(&confirmed), ["Park"]);
        assert_eq!(organizer.get(&path).await.expect(200).items().len(), 4, "cancelled ones are marked, not left out");
    })
    .await;
}

/// Searching for the reference in a mail, as people type it, finds exactly that reservation.
#[tokio::test]
async fn a_reservation_is_found_by_its_reference() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let organizer = world.organizer().await;
        let path = format!("/performances/{performance}/reservations");
        let mut references = Vec::new();
        for (index, name) in ["Anna", "Berta", "Carla"].into_iter().enumerate() {
            let person = named(world, name, name).await;
            let paid = book(&person, &performance, &[&format!("A-1-{}", index + 1)]).await;
            let reservation = person.get(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
            references.push(reservation.text("bookingReference"));
        }
        world.settle().await;
        for (reference, name) in references.iter().zip(["Anna", "Berta", "Carla"]) {
            let plain = reference.replace('-', "").to_lowercase();
            for typed in [reference.clone(), plain.clone(), format!("{}%20{}%0D", &plain[..3], &plain[3..])] {
                let found = organizer.get(&format!("{path}?reference={typed}&limit=1")).await.expect(200).items();
                assert_eq!(names(&found), [name], "{typed}");
                assert_eq!(found[0]["bookingReference"], reference.as_str());
            }
            let other = organizer.get(&format!("{path}?reference={reference}&name=x")).await.expect(200).items();
            assert!(other.is_empty());
        }
        for odd in ["", "K7QX", "K7QX-4M2PP", "K7QX-4M2U", "%00"] {
            organizer.get(&format!("{path}?reference={odd}")).await.problem(400, "invalid_request");
        }
    })
    .await;
}

/// Used tickets are also shown within two seconds; the door itself checks the reservations.
#[tokio::test]
async fn used_tickets_are_listed() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        let path = format!("/performances/{}/reservations", tickets.performance);
        let used = async || {
            world.settle().await;
            tickets.organizer.get(&path).await.expect(200).items()[0]["checkedIn"].clone()
        };
        assert_eq!(used().await, 0);
        scan(&tickets.organizer, &tickets.performance, &tickets.codes[1]).await.expect(201);
        assert_eq!(used().await, 1);
    })
    .await;
}

#[tokio::test]
async fn bad_input() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        // A path with `..` is another one: the member's own reservations.
        for id in ODD_IDS.into_iter().filter(|id| *id != "%2e%2e%2e") {
            organizer.get(&format!("/performances/{id}/reservations")).await.problem(404, "not_found");
        }
        let path = format!("/performances/{}/reservations", world.performance(json!({})).await);
        refuses_bad_pages(&organizer, &path).await;
        organizer.get(&format!("{path}?status=lost")).await.problem(400, "invalid_request");
        organizer.get(&format!("{path}?name={}", "x".repeat(101))).await.problem(400, "invalid_request");
        organizer.get(&format!("{path}?name=%00%23%F4%8F%BF%BF")).await.expect(200);
        organizer.get(&format!("{path}?name=")).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        needs_organizer(world, "GET", &format!("/performances/{performance}/reservations"), None).await;
    })
    .await;
}
