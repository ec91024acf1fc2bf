//! S1: the anime-OST concert, diagram by diagram, then its list of errors and its notes for testers.

use crate::harness::{
    Person, World, hold,
    line::{admit, join, poll, poll_later},
    pay, show_details,
};
use serde_json::{Value, json};

/// The concert: seats 1 to 50, five minutes to pay, a waiting room with this policy (`null` for none).
async fn concert(world: &World, room: Value) -> String {
    let seats = json!([{"name": "A", "grade": "R", "price": 80_000, "rows": 1, "seatsPerRow": 50}]);
    world.performance(json!({"seating": {"type": "numbered", "sections": seats}, "waitingRoom": room})).await
}

async fn balance(person: &Person) -> i64 {
    person.get("/points").await.expect(200).number("balance")
}

/// Diagram 1: a token is issued from the member and the state of the line.
#[tokio::test]
async fn q1_a_queue_token_is_issued() {
    World::run(async |world| {
        let concert = concert(world, json!({"maxActive": 1})).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        join(&first, &concert).await.expect(201);
        let place = join(&second, &concert).await.expect(201);
        assert_eq!((place.number("position"), place.number("ahead")), (2, 1));
        assert_eq!(place.number("estimatedWaitSeconds"), 600);
        let claims = world.app().tokens.open_queue(&place.text("queueToken")).expect("our token");
        assert_eq!((claims.member_id, claims.position), (second.identity.member_id, 2), "it carries the member");
        assert_eq!(claims.performance_id.as_str(), concert);
    })
    .await;
}

/// Diagram 2: each poll is a health check; polling ends with the token, or with "go in".
#[tokio::test]
async fn q3_polling_ends_with_admission_or_with_an_expired_token() {
    World::run(async |world| {
        let concert = concert(world, json!({"maxActive": 1})).await;
        let (first, second) = (world.member(80_000).await, world.member(0).await);
        let (_, inside) = admit(world, &first, &concert).await;
        let mut place = join(&second, &concert).await.expect(201);
        for _ in 0..3 {
            world.advance_seconds(40);
            let renewed = poll(&second, &concert, &place).await.expect(200);
            assert_eq!(renewed.text("status"), "waiting", "9-2: the state of the line");
            assert!(renewed.text("expiresAt") > place.text("expiresAt"), "5: the token lives on");
            place = renewed;
        }
        let stopped = place.clone();
        world.advance_seconds(70);
        poll(&second, &concert, &stopped).await.problem(401, "queue_token_expired");
        let place = join(&second, &concert).await.expect(200);
        let held = hold(&inside, &concert, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&inside, &held).await.expect(201);
        let place = poll_later(world, &second, &concert, &place).await.expect(200);
        assert_eq!(place.text("status"), "admitted", "9-1: go in");
    })
    .await;
}

/// Diagram 2's tips: a number in a given time; a number at once.
#[tokio::test]
async fn q4_both_limits_are_policies() {
    World::run(async |world| {
        for policy in
            [json!({"maxActive": 2}), json!({"admitPerMinute": 2}), json!({"maxActive": 2, "admitPerMinute": 9})]
        {
            let concert = concert(world, policy.clone()).await;
            // At the beginning of a minute, so that all polls are within it.
            let into_minute = world.stack.clock().now().millis().div_euclid(1000).rem_euclid(60);
            world.advance_seconds(u32::try_from(60 - into_minute).unwrap());
            let mut line = Vec::new();
            for _ in 0..4 {
                let person = world.member(0).await;
                let place = join(&person, &concert).await.expect(201);
                line.push((person, place));
            }
            world.advance_seconds(2);
            let mut statuses = Vec::new();
            for (person, place) in &line {
                statuses.push(poll(person, &concert, place).await.expect(200).text("status"));
            }
            assert_eq!(statuses, ["admitted", "admitted", "waiting", "waiting"], "{policy}");
        }
    })
    .await;
}

/// Diagram 3: the dates, then the seats 1 to 50 of one of them; no dates are `[]`, an unknown performance is 404.
#[tokio::test]
async fn c4_c5_dates_and_seats_are_separate_endpoints() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).text("showId");
        let path = format!("/shows/{show}/performances");
        let none = world.anyone().get(&path).await.expect(200);
        assert_eq!(none.items(), Vec::<Value>::new(), "error 1.1: a date that was not made");
        let seats = json!([{"name": "A", "grade": "R", "price": 80_000, "rows": 1, "seatsPerRow": 50}]);
        let start = world.stack.clock().now().plus_seconds(24 * 3600);
        let body = json!({"startsAt": start.to_string(), "seating": {"type": "numbered", "sections": seats}});
        let made = organizer.post(&path, body).await.expect(201).text("performanceId");

        let dates = world.anyone().get(&path).await.expect(200).items();
        assert_eq!((dates.len(), &dates[0]["performanceId"]), (1, &json!(made)));
        let next_day = format!("{path}?from={}", start.plus_seconds(1));
        assert!(world.anyone().get(&next_day).await.expect(200).items().is_empty());
        let map = world.anyone().get(&format!("/performances/{made}/seats")).await.expect(200).json;
        let numbers: Vec<_> =
            map["seats"].as_array().unwrap().iter().map(|seat| seat["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
        world.anyone().get("/performances/unknown/seats").await.problem(404, "not_found");
    })
    .await;
}

/// Diagram 4: a free seat belongs to the member for five minutes; a taken one is refused.
#[tokio::test]
async fn h1_h2_a_seat_is_held_for_five_minutes() {
    World::run(async |world| {
        let concert = concert(world, Value::Null).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let held = hold(&first, &concert, &["A-1-50"]).await.expect(201);
        assert_eq!(held.json["seatIds"], json!(["A-1-50"]));
        let refused = hold(&second, &concert, &["A-1-50"]).await.problem(409, "seats_taken");
        assert_eq!(refused.json["seatIds"], json!(["A-1-50"]));
        world.advance_seconds(280);
        hold(&second, &concert, &["A-1-50"]).await.problem(409, "seats_taken");
        world.advance_seconds(20);
        hold(&second, &concert, &["A-1-50"]).await.expect(201);
    })
    .await;
}

/// Diagram 5: balance, top-up, history.
#[tokio::test]
async fn p1_points_are_topped_up_and_recorded() {
    World::run(async |world| {
        let person = world.member(0).await;
        assert_eq!(balance(&person).await, 0);
        assert_eq!(
            person.post("/points/top-ups", json!({"amount": 30_000})).await.expect(201).number("balance"),
            30_000
        );
        assert_eq!(balance(&person).await, 30_000);
        let history = person.get("/points/entries").await.expect(200).items();
        assert_eq!(history.len(), 1);
        assert_eq!((&history[0]["type"], &history[0]["amount"]), (&json!("top_up"), &json!(30_000)));
        // Error 3.3: zero and negative amounts.
        for amount in [0, -1] {
            person.post("/points/top-ups", json!({"amount": amount})).await.problem(400, "invalid_request");
        }
        assert_eq!(person.get("/points/entries").await.items().len(), 1);
    })
    .await;
}

/// Diagram 6, steps 2 to 18: all of it or nothing.
#[tokio::test]
async fn r1_q6_a_payment_sells_the_seat_and_spends_the_token() {
    World::run(async |world| {
        let concert = concert(world, json!({"maxActive": 1})).await;
        let person = world.member(100_000).await;
        let (place, inside) = admit(world, &person, &concert).await;
        let held = hold(&inside, &concert, &["A-1-7"]).await.expect(201).text("holdId");
        let paid = pay(&inside, &held).await.expect(201);
        assert_eq!((paid.text("status"), paid.number("amount")), ("approved".into(), 80_000));
        assert_eq!(balance(&person).await, 20_000, "6: points fall");
        let entry = person.get("/points/entries").await.items()[0].clone();
        assert_eq!((&entry["type"], &entry["amount"]), (&json!("payment"), &json!(-80_000)), "7: history");
        assert_eq!(entry["reservationId"], paid.json["reservationId"]);
        let reservation = person.get(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        assert_eq!((reservation.text("status"), &reservation.json["seatIds"]), ("confirmed".into(), &json!(["A-1-7"])));
        assert_eq!(person.get("/payments").await.items()[0], paid.json, "5: the payment");
        assert!(person.get("/holds").await.items().is_empty(), "10: no hold is left");
        poll(&person, &concert, &place).await.problem(401, "queue_token_expired");
        hold(&inside, &concert, &["A-1-8"]).await.problem(401, "queue_token_expired");
        let view = world.organizer().await.get(&format!("/performances/{concert}/waiting-room")).await.expect(200);
        assert_eq!(view.number("active"), 0, "16: its place is free");
    })
    .await;
}

/// Error 2.2: an expired or invalid token books nothing.
#[tokio::test]
async fn q5_a_token_without_admission_books_nothing() {
    World::run(async |world| {
        let concert = concert(world, json!({"maxActive": 1, "admissionSeconds": 60})).await;
        let person = world.member(0).await;
        hold(&person, &concert, &["A-1-1"]).await.problem(401, "queue_token_missing");
        hold(&person.with_queue_token("forged"), &concert, &["A-1-1"]).await.problem(401, "queue_token_invalid");
        let waiting = join(&person, &concert).await.expect(201);
        let waiting = person.with_queue_token(&waiting.text("queueToken"));
        hold(&waiting, &concert, &["A-1-1"]).await.problem(403, "not_admitted");
        let (_, inside) = admit(world, &person, &concert).await;
        world.advance_seconds(61);
        hold(&inside, &concert, &["A-1-1"]).await.problem(401, "queue_token_expired");
        assert!(person.get("/holds").await.items().is_empty());
    })
    .await;
}

/// Errors 3.2 and 4.1, and note 3.1: too few points are refused, the hold stays, and a top-up helps.
#[tokio::test]
async fn r2_p2_too_few_points_keep_the_hold_for_a_top_up() {
    World::run(async |world| {
        let concert = concert(world, Value::Null).await;
        let person = world.member(79_999).await;
        let held = hold(&person, &concert, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&person, &held).await.problem(409, "insufficient_points");
        assert_eq!(balance(&person).await, 79_999);
        person.get(&format!("/holds/{held}")).await.expect(200);
        person.post("/points/top-ups", json!({"amount": 1})).await.expect(201);
        pay(&person, &held).await.expect(201);
        assert_eq!(balance(&person).await, 0);
    })
    .await;
}

/// Error 4.2 and note 3.2: after five minutes the seat is lost, but the points are not.
#[tokio::test]
async fn r3_an_expired_hold_cannot_be_paid() {
    World::run(async |world| {
        let concert = concert(world, Value::Null).await;
        let person = world.member(80_000).await;
        let held = hold(&person, &concert, &["A-1-1"]).await.expect(201).text("holdId");
        world.advance_seconds(300);
        pay(&person, &held).await.problem(410, "hold_expired");
        assert_eq!(balance(&person).await, 80_000);
        assert!(person.get("/reservations").await.items().is_empty());
        hold(&world.member(0).await, &concert, &["A-1-1"]).await.expect(201);
    })
    .await;
}
