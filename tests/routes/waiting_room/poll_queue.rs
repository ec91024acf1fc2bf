//! `GET /performances/{performanceId}/queue`.

use super::room;
use crate::{
    harness::{
        World, book, hold,
        line::{admit, join, leave, poll, poll_later},
        pay,
        wire::Metered,
    },
    routes::{ODD_IDS, needs_login, refuses_others_queue_tokens},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{Timestamp, limits::POLL_FAR_AHEAD};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 120})).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let (one, two) = (join(&first, &performance).await.expect(201), join(&second, &performance).await.expect(201));
        let inside = poll_later(world, &first, &performance, &one).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
        assert_eq!((inside.number("ahead"), inside.number("estimatedWaitSeconds")), (0, 0));
        let lives = Timestamp::parse(&inside.text("expiresAt")).unwrap().seconds_since(world.stack.clock().now());
        assert!((110..=120).contains(&lives), "admissionSeconds, not {lives}");

        let waiting = poll(&second, &performance, &two).await.expect(200);
        assert_eq!((waiting.text("status"), waiting.number("position")), ("waiting".into(), 2));
        assert_eq!(waiting.number("ahead"), 0, "members inside are not ahead");
        assert_ne!(waiting.text("queueToken"), two.text("queueToken"), "renewed");
        assert!(waiting.text("expiresAt") >= two.text("expiresAt"));
        leave(&first, &performance).await.expect(204);
        let inside = poll_later(world, &second, &performance, &waiting).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 2));
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let path = format!("/performances/{performance}/queue");
        needs_login(world, "GET", &path, None).await;
        let person = world.member(0).await;
        refuses_others_queue_tokens(world, &performance, &person, async |client| client.get(&path).await).await;
        // The queue token alone does not identify a member.
        let place = join(&person, &performance).await.expect(201);
        world.anyone().with_queue_token(&place.text("queueToken")).get(&path).await.problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn a_performance_without_a_waiting_room_is_refused() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await.with_queue_token("x");
        person.get(&format!("/performances/{performance}/queue")).await.problem(404, "no_waiting_room");
        for odd in ODD_IDS {
            person.get(&format!("/performances/{odd}/queue")).await.problem(404, "not_found");
        }
    })
    .await;
}

/// Q3: polling keeps the token alive for any time.
#[tokio::test]
async fn polling_renews_the_token() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 3_600})).await;
        admit(world, &world.member(0).await, &performance).await;
        let person = world.member(0).await;
        let mut place = join(&person, &performance).await.expect(201);
        let first = place.clone();
        for _ in 0..6 {
            world.advance_seconds(45);
            place = poll(&person, &performance, &place).await.expect(200);
            assert_eq!((place.text("status"), place.number("position")), ("waiting".into(), 2));
        }
        poll(&person, &performance, &first).await.problem(401, "queue_token_expired");
    })
    .await;
}

/// Polling earlier than instructed is harmless, and never extends an admission.
#[tokio::test]
async fn early_polls_gain_nothing() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let (inside, _) = admit(world, &world.member(0).await, &performance).await;
        let person = world.member(0).await;
        let mut place = join(&person, &performance).await.expect(201);
        for _ in 0..10 {
            place = poll(&person, &performance, &place).await.expect(200);
            assert_eq!(place.text("status"), "waiting");
        }
        assert_eq!(inside.number("position"), 1);
        let owner = world.member(0).await;
        let performance = room(world, json!({"maxActive": 1})).await;
        let (mut admitted, _) = admit(world, &owner, &performance).await;
        let end = admitted.text("expiresAt");
        for _ in 0..5 {
            admitted = poll_later(world, &owner, &performance, &admitted).await.expect(200);
            assert_eq!((admitted.text("status"), admitted.text("expiresAt")), ("admitted".into(), end.clone()));
            assert!((2..=300).contains(&admitted.number("pollAfterSeconds")));
        }
    })
    .await;
}

/// Polls move the line, however often others look at the room in between.
#[tokio::test]
async fn joins_and_reads_do_not_stop_the_line() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        let place = join(&person, &performance).await.expect(201);
        world.advance_seconds(2);
        join(&world.member(0).await, &performance).await.expect(201);
        world.organizer().await.get(&format!("/performances/{performance}/waiting-room")).await.expect(200);
        world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
        assert_eq!(poll(&person, &performance, &place).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// The poll interval grows with the length of the line and is randomized.
#[tokio::test]
async fn poll_intervals_grow_with_the_line() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let mut last = join(&world.member(0).await, &performance).await.expect(201);
        for position in 2..=25 {
            last = join(&world.member(0).await, &performance).await.expect(201);
            let after = last.number("pollAfterSeconds");
            let expected = position * 8 / 5..=position * 2;
            assert!(expected.contains(&after), "{position}: {after}");
        }
        assert_eq!((last.number("ahead"), last.number("estimatedWaitSeconds")), (24, 24 * 600));
    })
    .await;
}

/// Nobody is admitted before `salesOpenAt`.
#[tokio::test]
async fn nobody_is_admitted_before_sales_open() {
    World::run(async |world| {
        let opens = world.stack.clock().now().plus_seconds(120).to_string();
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 5}, "salesOpenAt": opens})).await;
        let person = world.member(0).await;
        let mut place = join(&person, &performance).await.expect(201);
        for _ in 0..3 {
            world.advance_seconds(35);
            place = poll(&person, &performance, &place).await.expect(200);
            assert_eq!(place.text("status"), "waiting");
        }
        world.advance_seconds(20);
        assert_eq!(poll(&person, &performance, &place).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// Once sales have closed nobody waits any more, inside or in line, and leaving still works.
#[tokio::test]
async fn a_line_ends_when_sales_close() {
    World::run(async |world| {
        world.stack.clock().stop();
        let closes = world.stack.clock().now().plus_seconds(60).to_string();
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 1}, "salesCloseAt": closes})).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let (inside, _) = admit(world, &first, &performance).await;
        assert_eq!(inside.text("expiresAt"), closes, "an admission is of no use after the end of sales");
        let waiting = join(&second, &performance).await.expect(201);
        world.advance_seconds(55);
        let waiting = poll(&second, &performance, &waiting).await.expect(200);
        world.advance_seconds(6);
        poll(&second, &performance, &waiting).await.problem(409, "sales_closed");
        poll(&first, &performance, &inside).await.problem(409, "sales_closed");
        leave(&second, &performance).await.expect(204);
        leave(&first, &performance).await.expect(204);
        // The token is checked first.
        poll(&first, &performance, &waiting).await.problem(401, "queue_token_invalid");
        world.advance_seconds(100);
        poll(&second, &performance, &waiting).await.problem(401, "queue_token_expired");
    })
    .await;
}

/// Waiting members see that the performance was cancelled, and why.
#[tokio::test]
async fn a_line_ends_when_the_performance_is_cancelled() {
    World::run(async |world| {
        world.stack.clock().stop();
        let performance = room(world, json!({"maxActive": 1})).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let (inside, _) = admit(world, &first, &performance).await;
        let waiting = join(&second, &performance).await.expect(201);
        let path = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&path, json!({"reason": "The singer is ill."})).await.expect(202);
        world.advance_seconds(2);
        for (person, place) in [(&first, &inside), (&second, &waiting)] {
            let expected = poll(person, &performance, place).await.problem(409, "performance_cancelled");
            assert_eq!(expected.text("reason"), "The singer is ill.");
            leave(person, &performance).await.expect(204);
        }
    })
    .await;
}

/// An admitted token is renewed after its own expiry, as long as a hold keeps the admission alive.
#[tokio::test]
async fn a_hold_extends_the_admission() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 60})).await;
        let (person, next) = (world.member(100_000).await, world.member(0).await);
        let (place, inside) = admit(world, &person, &performance).await;
        let behind = join(&next, &performance).await.expect(201);
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(55);
        let behind = poll(&next, &performance, &behind).await.expect(200);
        world.advance_seconds(40);
        let renewed = poll(&person, &performance, &place).await.expect(200);
        assert_eq!((renewed.text("status"), renewed.text("expiresAt")), ("admitted".into(), held.text("expiresAt")));
        let behind = poll(&next, &performance, &behind).await.expect(200);
        assert_eq!(behind.text("status"), "waiting", "their place inside is still used");
        // Payments check the admission, not the token's expiry.
        pay(&inside, &held.text("holdId")).await.expect(201);
        poll(&person, &performance, &renewed).await.problem(401, "queue_token_expired");
        let behind = poll_later(world, &next, &performance, &behind).await.expect(200);
        assert_eq!(behind.text("status"), "admitted", "the payment freed it");
    })
    .await;
}

/// Without a hold, the admission ends at its expiry, and the next member is admitted.
#[tokio::test]
async fn an_admission_without_a_hold_expires() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 30})).await;
        let (person, next) = (world.member(0).await, world.member(0).await);
        let (place, inside) = admit(world, &person, &performance).await;
        let behind = join(&next, &performance).await.expect(201);
        world.advance_seconds(31);
        poll(&person, &performance, &place).await.problem(401, "queue_token_expired");
        hold(&inside, &performance, &["A-1-1"]).await.problem(401, "queue_token_expired");
        world.advance_seconds(10);
        assert_eq!(poll(&next, &performance, &behind).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// Thousands of processes would read the room each second for members who cannot be admitted yet. If nobody else
/// polls, they still turn the turnstile.
#[tokio::test]
async fn distant_members_read_the_room_rarely() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let (first, far) = (world.member(0).await, world.member(0).await);
        let front = join(&first, &performance).await.expect(201);
        let line = world.stack.engine().dynamodb().update_item().table_name(&world.app().config.table_name);
        let line = line.key("pk", AttributeValue::S(format!("line#{performance}#0")));
        let drawn = line.key("sk", AttributeValue::S("line".into())).update_expression("ADD n :more");
        let more = AttributeValue::N((POLL_FAR_AHEAD + 100).to_string());
        drawn.expression_attribute_values(":more", more).send().await.expect("the counter can be raised");
        let place = join(&far, &performance).await.expect(201);
        assert!(place.number("ahead") > i64::try_from(POLL_FAR_AHEAD).unwrap());

        let place = poll_later(world, &far, &performance, &place).await.expect(200);
        world.settle().await;
        world.advance_seconds(2);
        let (place, cost) = world.wire.meter(poll(&far, &performance, &place)).await;
        assert_eq!(place.expect(200).text("status"), "waiting");
        assert!(!cost.iter().any(|call| call.request.to_string().contains("room#")), "{cost:?}");
        let (place, cost) = world.wire.meter(poll(&first, &performance, &front)).await;
        assert_eq!(place.expect(200).text("status"), "admitted");
        let turns = |cost: &[Metered]| cost.iter().any(|call| call.request.to_string().contains("lease_until"));
        assert!(turns(&cost), "members near admission turn the turnstile each second: {cost:?}");

        world.advance_seconds(6);
        let place = join(&far, &performance).await.expect(200);
        let (place, cost) = world.wire.meter(poll(&far, &performance, &place)).await;
        assert_eq!(place.expect(200).text("status"), "waiting");
        assert!(turns(&cost), "{cost:?}");
    })
    .await;
}

/// While no seat is free, nobody is admitted and polls are rare; a seat that becomes free admits the next member.
#[tokio::test]
async fn a_sold_out_line_waits_for_returned_seats() {
    World::run(async |world| {
        let seating = json!({"type": "numbered", "sections": [
            {"name": "A", "grade": "R", "price": 1_000, "rows": 1, "seatsPerRow": 1}]});
        let id = world.performance(json!({"seating": seating, "waitingRoom": {"maxActive": 5}})).await;
        let (buyer, next) = (world.member(10_000).await, world.member(10_000).await);
        let (_, admitted) = admit(world, &buyer, &id).await;
        let reservation = book(&admitted, &id, &["A-1-1"]).await.text("reservationId");
        let mut place = join(&next, &id).await.expect(201);
        for _ in 0..3 {
            world.advance_seconds(3);
            place = poll(&next, &id, &place).await.expect(200);
        }
        assert_eq!((place.text("status"), place.text("salesState")), ("waiting".to_owned(), "sold_out".to_owned()));
        assert_eq!((&place.json["soldOut"], &place.json["available"]), (&json!(true), &json!(0)));
        assert!((48..=60).contains(&place.number("pollAfterSeconds")), "{}", place.json);
        buyer.delete(&format!("/reservations/{reservation}")).await.expect(200);
        for _ in 0..3 {
            world.advance_seconds(3);
            place = poll(&next, &id, &place).await.expect(200);
        }
        assert_eq!((place.text("status"), &place.json["soldOut"]), ("admitted".to_owned(), &json!(false)));
    })
    .await;
}
