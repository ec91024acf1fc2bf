//! `POST /performances/{performanceId}/holds`.

mod unpaid;

use crate::{
    general::area,
    harness::{World, audit::Snapshot, book, hold, hold_of_grade, pay},
    routes::{complaint, needs_login, refuses_malformed_bodies},
};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-7", "A-2-1"]).await.expect(201);
        assert_eq!(held.json["performanceId"], performance.as_str());
        assert_eq!(held.json["grade"], "VIP");
        assert_eq!(held.json["seatIds"], json!(["A-1-7", "A-2-1"]));
        assert_eq!((held.number("quantity"), held.number("totalPrice")), (2, 100_000));
        let id = held.text("holdId");
        assert_eq!(held.header("location"), format!("/holds/{id}"));
        let time = |field: &str| frontrow_domain::Timestamp::parse(&held.text(field)).unwrap().millis();
        assert_eq!(time("expiresAt") - time("createdAt"), 300_000, "five minutes, not twice that");
        assert_eq!(person.get(&format!("/holds/{id}")).await.expect(200).json, held.json);

        let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        let held: Vec<_> =
            map.json["seats"].as_array().unwrap().iter().filter(|seat| seat["status"] == "held").collect();
        assert_eq!(held.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}/holds");
        needs_login(world, "POST", &path, Some(r#"{"seatIds":["A-1-1"]}"#)).await;
    })
    .await;
}

#[tokio::test]
async fn bad_input_holds_nothing() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let path = format!("/performances/{performance}/holds");
        refuses_malformed_bodies(&person, "POST", &path, &json!({"seatIds": ["A-1-1"]})).await;
        for seats in [json!([]), json!(["A-1-1", "A-1-1"]), json!([7]), json!(null), json!(vec!["A-1-1"; 101])] {
            person.post(&path, json!({"seatIds": seats})).await.problem(400, "invalid_request");
        }
        person.with_key("").post(&path, json!({"seatIds": ["A-1-1"]})).await.problem(400, "invalid_request");
        person
            .with_key(&"k".repeat(256))
            .post(&path, json!({"seatIds": ["A-1-1"]}))
            .await
            .problem(400, "invalid_request");
        refuses_malformed_bodies(&person, "POST", &path, &json!({"grade": "R", "quantity": 2})).await;
        for (field, body) in [
            ("seatIds", json!({})),
            ("seatIds", json!({"seatIds": null, "grade": null, "quantity": null})),
            ("seatIds", json!({"seatIds": ["A-1-1"], "grade": "R", "quantity": 1})),
            ("seatIds", json!({"seatIds": ["A-1-1"], "quantity": 1})),
            ("seatIds", json!({"seatIds": ["A-1-1"], "grade": "VIP"})),
            ("quantity", json!({"grade": "R"})),
            ("grade", json!({"quantity": 1})),
            ("quantity", json!({"grade": "R", "quantity": 0})),
            ("quantity", json!({"grade": "R", "quantity": -1})),
            ("quantity", json!({"grade": "R", "quantity": 1.5})),
            ("quantity", json!({"grade": "R", "quantity": "2"})),
            ("quantity", json!({"grade": "R", "quantity": 50_001})),
            ("quantity", json!({"grade": "R", "quantity": 1e30})),
            ("grade", json!({"grade": "", "quantity": 1})),
            ("grade", json!({"grade": "x".repeat(21), "quantity": 1})),
            ("grade", json!({"grade": 7, "quantity": 1})),
        ] {
            let reply = person.post(&path, body.clone()).await;
            assert_eq!(complaint(reply), field, "{body}");
        }
        let places = area(world, 10, json!({})).await;
        assert_eq!(complaint(hold(&person, &places, &["A-1-1"]).await), "seatIds");
        for performance in [&performance, &places] {
            hold_of_grade(&person, performance, "Balcony", 1).await.problem(404, "grade_not_found");
        }
        let unknown =
            hold(&person, &performance, &["A-1-1", "A-9-9", "Z-1-1", "A-01-1"]).await.problem(404, "seat_not_found");
        assert_eq!(unknown.json["seatIds"], json!(["A-9-9", "Z-1-1", "A-01-1"]));
        for unknown in ["nope", "a%20b", &"x".repeat(300)] {
            for body in [json!({"seatIds": ["A-1-1"]}), json!({"grade": "R", "quantity": 1})] {
                person.post(&format!("/performances/{unknown}/holds"), body).await.problem(404, "not_found");
            }
        }
        assert!(person.get("/holds").await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_member_has_one_live_hold_within_the_seat_limit() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 3})).await;
        let person = world.member(1_000_000).await;
        let first = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201).text("holdId");
        let exists = hold(&person, &performance, &["A-1-3"]).await.problem(409, "hold_exists");
        assert_eq!(exists.json["holdId"], first.as_str());
        let five = ["A-1-3", "A-1-4", "A-1-5", "A-1-6", "A-1-7"];
        hold(&person, &performance, &five).await.problem(409, "hold_exists");
        pay(&person, &first).await.expect(201);
        assert_eq!(
            hold(&person, &performance, &["A-1-3", "A-1-4"]).await.problem(422, "too_many_seats").json["max"],
            3
        );
        assert_eq!(hold(&person, &performance, &five).await.problem(422, "too_many_seats").json["max"], 3);
        book(&person, &performance, &["A-1-3"]).await;
    })
    .await;
}

#[tokio::test]
async fn holds_need_open_sales() {
    World::run(async |world| {
        let now = world.stack.clock().now();
        let window = json!({
            "salesOpenAt": now.plus_seconds(60).to_string(), "salesCloseAt": now.plus_seconds(3600).to_string(),
        });
        let performance = world.performance(window).await;
        let person = world.member(0).await;
        hold(&person, &performance, &["A-1-1"]).await.problem(409, "sales_closed");
        world.advance_seconds(3600 - 120);
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        assert_eq!(held.text("expiresAt"), now.plus_seconds(3600).to_string(), "never past the close");
        world.advance_seconds(121);
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.problem(409, "sales_closed");
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_returns_the_first_response() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let member = world.member(0).await;
        let person = member.with_key("my-key");
        let first = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        let again = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        assert_eq!((again.json.clone(), again.header("location")), (first.json.clone(), first.header("location")));
        hold(&person, &performance, &["A-1-2"]).await.problem(422, "idempotency_key_reused");
        assert_eq!(person.get("/holds").await.items().len(), 1);
        world.advance_seconds(24 * 3600);
        let person = world.log_in_again(&member).with_key("my-key");
        let later = hold(&person, &performance, &["A-1-2"]).await.expect(201);
        assert_ne!(later.json["holdId"], first.json["holdId"], "a key is kept for a day");
    })
    .await;
}

/// H4, C5: a number of places of a grade, from hold to refund.
#[tokio::test]
async fn general_admission_places_are_held_paid_and_refunded() {
    World::run(async |world| {
        let performance = area(world, 100, json!({"holdSeconds": 60})).await;
        let person = world.member(100_000).await;
        let held = hold_of_grade(&person, &performance, "Standing", 3).await.expect(201);
        assert_eq!(held.json["seatIds"], json!([]));
        assert_eq!(
            (held.text("grade"), held.number("quantity"), held.number("totalPrice")),
            ("Standing".into(), 3, 3_000)
        );
        let id = held.text("holdId");
        assert_eq!(person.get(&format!("/holds/{id}")).await.expect(200).json, held.json);
        let left = async || {
            let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
            assert_eq!(map.json["seats"], json!([]));
            let reply = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
            assert_eq!(reply.json["grades"], map.json["grades"]);
            let grade = &map.json["grades"][0];
            assert_eq!(
                (&grade["grade"], &grade["price"], &grade["total"]),
                (&json!("Standing"), &json!(1_000), &json!(100))
            );
            grade["available"].as_i64().expect("a count")
        };
        assert_eq!(left().await, 97);
        let paid = pay(&person, &id).await.expect(201);
        assert_eq!(left().await, 97);
        let path = format!("/reservations/{}", paid.text("reservationId"));
        let reservation = person.get(&path).await.expect(200).json;
        assert_eq!((&reservation["seatIds"], &reservation["quantity"]), (&json!([]), &json!(3)));
        let tickets = reservation["tickets"].as_array().expect("tickets");
        assert!(tickets.len() == 3 && tickets.iter().all(|one| one["seatId"].is_null() && one["grade"] == "Standing"));
        let mails = world.mails_to(person.identity.email.as_str()).await;
        assert!(mails[0]["text"].as_str().expect("a text").matches("Standing").count() == 3, "{}", mails[0]);
        person.delete(&path).await.expect(200);
        assert_eq!(left().await, 100);

        let released = hold_of_grade(&person, &performance, "Standing", 50).await.expect(201);
        assert_eq!(left().await, 50);
        let none = hold_of_grade(&world.member(0).await, &performance, "Standing", 50).await.expect(201);
        let refused = hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await;
        assert_eq!(refused.problem(409, "not_enough_seats").number("available"), 0);
        person.delete(&released.header("location")).await.expect(204);
        assert_eq!(left().await, 50);
        let refused = hold_of_grade(&person, &performance, "Standing", 51).await;
        assert_eq!(refused.problem(422, "too_many_seats").number("max"), 50);
        assert_eq!(none.number("quantity"), 50);
        world.advance_seconds(60 + 6 + 6);
        assert_eq!(left().await, 100, "a lapsed hold gives its places back without anything having to run");
        hold_of_grade(&person, &performance, "Standing", 50).await.expect(201);
        hold_of_grade(&world.member(0).await, &performance, "Standing", 50).await.expect(201);
    })
    .await;
}

/// The contract's order: the member's seat limit is reported before the free seats, and their live hold before both.
#[tokio::test]
async fn refusals_of_a_grade_follow_the_documented_order() {
    World::run(async |world| {
        let places = area(world, 5, json!({"maxSeatsPerMember": 6})).await;
        let sections = json!([{"name": "A", "grade": "Standing", "price": 1_000, "rows": 1, "seatsPerRow": 5}]);
        let seating = json!({"type": "numbered", "sections": sections});
        let seats = world.performance(json!({"maxSeatsPerMember": 6, "seating": seating})).await;
        for performance in [&places, &seats] {
            let person = world.member(100_000).await;
            let hold = async |quantity| hold_of_grade(&person, performance, "Standing", quantity).await;
            assert_eq!(hold(200).await.problem(422, "too_many_seats").number("max"), 6);
            assert_eq!(hold(6).await.problem(409, "not_enough_seats").number("available"), 5);
            let held = hold(3).await.expect(201).text("holdId");
            for quantity in [1, 6, 200] {
                assert_eq!(hold(quantity).await.problem(409, "hold_exists").text("holdId"), held);
            }
            pay(&person, &held).await.expect(201);
            for quantity in [4, 6, 200] {
                assert_eq!(hold(quantity).await.problem(422, "too_many_seats").number("max"), 6);
            }
            assert_eq!(hold(3).await.problem(409, "not_enough_seats").number("available"), 2);
            hold(2).await.expect(201);
        }
        let closed =
            area(world, 5, json!({"salesOpenAt": world.stack.clock().now().plus_seconds(60).to_string()})).await;
        hold_of_grade(&world.member(0).await, &closed, "Balcony", 60).await.problem(409, "sales_closed");
        hold_of_grade(&world.member(0).await, &places, "Balcony", 60).await.problem(404, "grade_not_found");
    })
    .await;
}

/// The best seats of a grade: side by side if there are enough, otherwise in few pieces.
#[tokio::test]
async fn a_hold_by_grade_gets_the_best_seats() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 30})).await;
        let person = world.member(1_000_000).await;
        let held = hold_of_grade(&person, &performance, "R", 4).await.expect(201);
        let seats: Vec<String> = serde_json::from_value(held.json["seatIds"].clone()).expect("seats");
        let numbers = seats.iter().map(|seat| seat.rsplit_once('-').expect("an id"));
        let numbers: Vec<(&str, u32)> = numbers.map(|(row, number)| (row, number.parse().expect("a number"))).collect();
        assert_eq!((seats.len(), held.text("grade"), held.number("totalPrice")), (4, "R".into(), 120_000));
        assert!(numbers.windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 + 1 == pair[1].1), "{seats:?}");
        assert!(numbers[0].0.starts_with("B-"));
        pay(&person, &held.text("holdId")).await.expect(201);
        // The rest of three rows of ten: two whole rows, and six seats around those four.
        let rest = hold_of_grade(&world.member(0).await, &performance, "R", 24).await.expect(201);
        assert_eq!(rest.number("quantity"), 24);
        let all: BTreeSet<String> = serde_json::from_value(rest.json["seatIds"].clone()).expect("seats");
        assert!(all.len() == 20 + 4 && seats.iter().all(|seat| !all.contains(seat)));
        let refused = hold_of_grade(&world.member(0).await, &performance, "R", 3).await;
        assert_eq!(refused.problem(409, "not_enough_seats").number("available"), 2);
        world.advance_seconds(300);
        let lapsed = hold_of_grade(&world.member(0).await, &performance, "R", 26).await.expect(201);
        assert_eq!(lapsed.number("quantity"), 26);
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_returns_the_first_hold_by_grade() {
    World::run(async |world| {
        let numbered = world.performance(json!({})).await;
        let places = area(world, 10, json!({})).await;
        for (performance, grade) in [(&numbered, "R"), (&places, "Standing")] {
            let person = world.member(0).await.with_key("my-key");
            let first = hold_of_grade(&person, performance, grade, 2).await.expect(201);
            let again = hold_of_grade(&person, performance, grade, 2).await.expect(201);
            assert_eq!((again.json.clone(), again.header("location")), (first.json.clone(), first.header("location")));
            hold_of_grade(&person, performance, grade, 3).await.problem(422, "idempotency_key_reused");
            assert_eq!(person.get("/holds").await.items().len(), 1);
        }
        let taken: usize = Snapshot::of(world).await.items.iter().filter(|item| item.contains_key("unswept")).count();
        assert_eq!(taken, 1, "one shard was written");
    })
    .await;
}
