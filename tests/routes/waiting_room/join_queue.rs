//! `POST /performances/{performanceId}/queue`.

use super::room;
use crate::{
    conditions::interlude::Interlude,
    harness::{
        World, hold,
        line::{admit, join, leave, poll, poll_later},
        pay,
        wire::{Answering, Execute, Interceptor},
    },
    routes::{ODD_IDS, needs_login},
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use frontrow_domain::Timestamp;
use serde_json::{Value, json};
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let people = [world.member(0).await, world.member(0).await, world.member(0).await];
        for (person, position) in people.iter().zip(1..) {
            let place = join(person, &performance).await.expect(201);
            assert_eq!(place.header("location"), format!("/performances/{performance}/queue"));
            assert_eq!((place.text("status"), place.number("position")), ("waiting".into(), position));
            assert_eq!(place.number("ahead"), position - 1);
            assert_eq!(
                place.number("estimatedWaitSeconds"),
                (position - 1) * 600,
                "a place inside for each ten minutes"
            );
            assert!((position..=2 * position).contains(&place.number("pollAfterSeconds")), "few are ahead");
            let lives = Timestamp::parse(&place.text("expiresAt")).unwrap().seconds_since(world.stack.clock().now());
            assert!((60..=68).contains(&lives), "60 s past the next poll, not {lives}");
            assert!(!place.text("queueToken").is_empty());
        }
        // Joining again keeps the place.
        let again = join(&people[1], &performance).await.expect(200);
        assert_eq!((again.text("status"), again.number("position")), ("waiting".into(), 2));
        assert!(again.header("location").is_empty());
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        needs_login(world, "POST", &format!("/performances/{performance}/queue"), None).await;
    })
    .await;
}

#[tokio::test]
async fn a_performance_without_a_waiting_room_is_refused() {
    World::run(async |world| {
        let person = world.member(0).await;
        let performance = world.performance(json!({})).await;
        join(&person, &performance).await.problem(404, "no_waiting_room");
        for odd in ODD_IDS {
            join(&person, odd).await.problem(404, "not_found");
        }
        let performance = room(world, json!({"maxActive": 1})).await;
        person
            .post(&format!("/performances/{performance}/queue?fast=1"), Value::Null)
            .await
            .problem(400, "invalid_request");
        // A body is ignored.
        person.post(&format!("/performances/{performance}/queue"), json!({"position": 1})).await.expect(201);
    })
    .await;
}

/// Joining again once inside: admitted at once, position kept.
#[tokio::test]
async fn an_admitted_member_rejoins_admitted() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        let (place, _) = admit(world, &person, &performance).await;
        let again = join(&person, &performance).await.expect(200);
        for field in ["status", "position", "ahead", "expiresAt"] {
            assert_eq!(again.json[field], place.json[field]);
        }
        assert_eq!(again.number("ahead"), 0);
        let inside = person.with_queue_token(&again.text("queueToken"));
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}

/// A token expires if its owner stops polling; the place does not.
#[tokio::test]
async fn a_place_survives_its_expired_token() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        admit(world, &world.member(0).await, &performance).await;
        let person = world.member(0).await;
        let place = join(&person, &performance).await.expect(201);
        world.advance_seconds(50);
        let place = poll(&person, &performance, &place).await.expect(200);
        world.advance_seconds(70);
        poll(&person, &performance, &place).await.problem(401, "queue_token_expired");
        let again = join(&person, &performance).await.expect(200);
        assert_eq!((again.text("status"), again.number("position")), ("waiting".into(), 2));
        poll_later(world, &person, &performance, &again).await.expect(200);
    })
    .await;
}

/// Called and not claimed for 20 s: the place inside is given to others, and the place in line is kept.
#[tokio::test]
async fn a_called_place_is_kept_when_its_time_to_claim_is_over() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let (sleeper, waker) = (world.member(0).await, world.member(0).await);
        join(&sleeper, &performance).await.expect(201);
        // This member's polls call both.
        admit(world, &waker, &performance).await;
        let kept = join(&sleeper, &performance).await.expect(200);
        assert_eq!((kept.text("status"), kept.number("position")), ("waiting".into(), 1));
        // No turn has taken it back: no clock decides.
        world.advance_seconds(25);
        assert_eq!(join(&sleeper, &performance).await.expect(200).number("position"), 1);
        // The next poll turns the turnstile, which takes the place back, and returns the member to the line.
        let back = poll(&sleeper, &performance, &kept).await.expect(200);
        assert_eq!((back.text("status"), back.number("position")), ("waiting".into(), 1));
        let inside = poll_later(world, &sleeper, &performance, &back).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
    })
    .await;
}

/// A called place can also be claimed by the poll that follows a rejoin.
#[tokio::test]
async fn a_called_place_can_be_claimed_after_a_rejoin() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let (sleeper, waker) = (world.member(0).await, world.member(0).await);
        join(&sleeper, &performance).await.expect(201);
        admit(world, &waker, &performance).await;
        world.advance_seconds(15);
        let kept = join(&sleeper, &performance).await.expect(200);
        let inside = poll(&sleeper, &performance, &kept).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
    })
    .await;
}

/// Spent, given-up and expired places are finished: the next place is at the end of the line.
#[tokio::test]
async fn after_a_finished_place_a_member_joins_at_the_end() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 120})).await;
        let person = world.member(100_000).await;
        let (_, inside) = admit(world, &person, &performance).await;
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&inside, &held).await.expect(201);
        assert_eq!(join(&person, &performance).await.expect(201).number("position"), 2, "spent");
        leave(&person, &performance).await.expect(204);
        assert_eq!(join(&person, &performance).await.expect(201).number("position"), 3, "given up while waiting");
        admit(world, &person, &performance).await;
        leave(&person, &performance).await.expect(204);
        assert_eq!(join(&person, &performance).await.expect(201).number("position"), 4, "given up inside");
        admit(world, &person, &performance).await;
        world.advance_seconds(130);
        assert_eq!(join(&person, &performance).await.expect(201).number("position"), 5, "lapsed");
    })
    .await;
}

/// Joining is allowed until sales close, and also before they open.
#[tokio::test]
async fn joining_is_allowed_until_sales_close() {
    World::run(async |world| {
        let now = world.stack.clock().now();
        let window = json!({"waitingRoom": {"maxActive": 1}, "salesOpenAt": now.plus_seconds(600).to_string(),
            "salesCloseAt": now.plus_seconds(1_200).to_string()});
        let performance = world.performance(window).await;
        let (early, late) = (world.member(0).await, world.member(0).await);
        let place = join(&early, &performance).await.expect(201);
        let wait = place.number("estimatedWaitSeconds");
        assert!((550..=600).contains(&wait), "until sales open: {wait}");
        world.advance_seconds(1_200);
        join(&early, &performance).await.problem(409, "sales_closed");
        join(&late, &performance).await.problem(409, "sales_closed");
    })
    .await;
}

/// Nobody floods the line with places of their own.
#[tokio::test]
async fn a_member_draws_at_most_twenty_places() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        for position in 1..=20 {
            assert_eq!(join(&person, &performance).await.expect(201).number("position"), position);
            leave(&person, &performance).await.expect(204);
        }
        join(&person, &performance).await.problem(429, "too_many_requests");
        assert_eq!(join(&world.member(0).await, &performance).await.expect(201).number("position"), 21);
    })
    .await;
}

/// A member who joins twice concurrently has one place, and nobody waits for the other place drawn for them.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_leave_no_abandoned_place() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 600})).await;
        let (person, next) = (world.member(0).await, world.member(0).await);
        let (same, id) = (person.clone(), performance.clone());
        world.wire.intercept(Some(Interlude::before("UpdateItem", async move {
            join(&same, &id).await.expect(201);
        })));
        assert_eq!(join(&person, &performance).await.expect(200).number("position"), 1);
        world.wire.intercept(None);
        let mut place = join(&next, &performance).await.expect(201);
        assert_eq!(place.number("position"), 2, "one place was drawn for both");
        admit(world, &person, &performance).await;
        leave(&person, &performance).await.expect(204);
        for _ in 0..5 {
            place = poll_later(world, &next, &performance, &place).await.expect(200);
        }
        assert_eq!(place.text("status"), "admitted");
    })
    .await;
}

/// A member who joins as often as possible has one place, and those behind wait for only one.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_joins_get_one_place() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        let mut joining = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (person, performance) = (person.clone(), performance.clone());
            joining.spawn(async move { join(&person, &performance).await });
        }
        let replies = joining.join_all().await;
        let positions: std::collections::BTreeSet<i64> =
            replies.iter().filter(|replies| replies.status < 300).map(|replies| replies.number("position")).collect();
        assert_eq!(positions.len(), 1, "{positions:?}");
        assert!(replies.iter().any(|replies| replies.status == 201));
        let path = format!("/performances/{performance}/waiting-room");
        assert_eq!(world.organizer().await.get(&path).await.expect(200).number("issued"), 1);
        assert_eq!(join(&world.member(0).await, &performance).await.expect(201).number("position"), 2);
    })
    .await;
}

/// A draw whose response was lost does not leave a place without an owner: the next join finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_draw_with_a_lost_response_is_found_by_the_next_join() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        world.wire.intercept(Some(Arc::new(OnlyDraws)));
        join(&person.once(), &performance).await.problem(503, "busy");
        world.wire.intercept(None);
        assert_eq!(join(&person, &performance).await.expect(201).number("position"), 1);
    })
    .await;
}

/// Draws succeed and get responses; later calls do not reach the engine.
struct OnlyDraws;

impl Interceptor for OnlyDraws {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let of_place = request["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("place#"));
        let reached = !(operation == "UpdateItem" && of_place);
        Box::pin(async move {
            if reached { execute().await } else { Err(ConnectorError::timeout("the request is lost".into())) }
        })
    }
}

/// If a line has several shards, two concurrent joins may draw from two of them: the lost draw counts as drawn, and
/// nobody waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn draws_lost_in_a_race_count() {
    World::run(async |world| {
        let policy = json!({"maxActive": 1, "expectedArrivalsPerMinute": 60_000});
        let performance = room(world, policy).await;
        let person = world.member(0).await;
        let (same, id) = (person.clone(), performance.clone());
        world.wire.intercept(Some(Interlude::before("UpdateItem", async move {
            join(&same, &id).await.expect(201);
        })));
        join(&person, &performance).await.expect(200);
        world.wire.intercept(None);
        for _ in 3..=20 {
            leave(&person, &performance).await.expect(204);
            join(&person, &performance).await.expect(201);
        }
        leave(&person, &performance).await.expect(204);
        join(&person, &performance).await.problem(429, "too_many_requests");
    })
    .await;
}

/// The first draw succeeds without a response, and then something else happens.
struct LostDraw(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Interceptor for LostDraw {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let of_place = request["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("place#"));
        let first =
            (operation == "UpdateItem" && of_place).then(|| self.0.lock().expect("unpoisoned").take()).flatten();
        Box::pin(async move {
            let answer = execute().await;
            let Some(then) = first else { return answer };
            then.await;
            Err(ConnectorError::timeout("the response is lost".into()))
        })
    }
}

/// The member leaves in another window before the first one gets its place: the place does not come back, because it
/// would be skipped.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_given_up_meanwhile_stays_given_up() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        let (same, id) = (person.clone(), performance.clone());
        let leaving = async move { drop(leave(&same, &id).await.expect(204)) };
        world.wire.intercept(Some(Arc::new(LostDraw(Mutex::new(Some(Box::pin(leaving)))))));
        join(&person.once(), &performance).await.problem(503, "busy");
        world.wire.intercept(None);
        let place = join(&person, &performance).await.expect(201);
        assert_eq!(place.number("position"), 2);
        assert_eq!(poll_later(world, &person, &performance, &place).await.expect(200).text("status"), "admitted");
    })
    .await;
}
