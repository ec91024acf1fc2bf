//! `POST /performances/{performanceId}/holds`.

use crate::{
    harness::{World, book, hold, pay},
    routes::{needs_login, refuses_malformed_bodies},
};
use serde_json::json;

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
        let unknown =
            hold(&person, &performance, &["A-1-1", "A-9-9", "Z-1-1", "A-01-1"]).await.problem(404, "seat_not_found");
        assert_eq!(unknown.json["seatIds"], json!(["A-9-9", "Z-1-1", "A-01-1"]));
        for unknown in ["nope", "a%20b", &"x".repeat(300)] {
            person
                .post(&format!("/performances/{unknown}/holds"), json!({"seatIds": ["A-1-1"]}))
                .await
                .problem(404, "not_found");
        }
        assert!(person.get("/holds").await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn one_live_hold_and_no_more_seats_than_allowed() {
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
async fn the_sales_window_is_kept() {
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
async fn an_idempotency_key_tells_the_first_answer_again() {
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
