//! `DELETE /performances/{performanceId}/queue`.

use super::room;
use crate::{
    harness::{
        World, hold,
        line::{admit, join, leave, poll, poll_later},
        pay,
    },
    routes::{ODD_IDS, needs_login},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let people = [world.member(0).await, world.member(0).await, world.member(0).await];
        let mut places = Vec::new();
        for person in &people {
            places.push(join(person, &performance).await.expect(201));
        }
        // The first member gives up before being called: nobody waits for them.
        leave(&people[0], &performance).await.expect(204);
        let inside = poll_later(world, &people[1], &performance, &places[1]).await.expect(200);
        assert_eq!(inside.text("status"), "admitted");
        poll(&people[0], &performance, &places[0]).await.problem(401, "queue_token_expired");

        // The second gives up inside, with a hold: seat and place are free at once.
        let client = people[1].with_queue_token(&inside.text("queueToken"));
        let held = hold(&client, &performance, &["A-1-1"]).await.expect(201);
        leave(&people[1], &performance).await.expect(204);
        people[1].get(&held.header("location")).await.problem(404, "not_found");
        pay(&client, &held.text("holdId")).await.problem(410, "hold_expired");
        hold(&client, &performance, &["A-1-1"]).await.problem(401, "queue_token_expired");
        let third = poll_later(world, &people[2], &performance, &places[2]).await.expect(200);
        assert_eq!(third.text("status"), "admitted");
        let third = people[2].with_queue_token(&third.text("queueToken"));
        hold(&third, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        needs_login(world, "DELETE", &format!("/performances/{performance}/queue"), None).await;
        // Nobody gives up another member's place: the login decides whose it is.
        let (person, other) = (world.member(0).await, world.member(0).await);
        let place = join(&person, &performance).await.expect(201);
        leave(&other.with_queue_token(&place.text("queueToken")), &performance).await.expect(204);
        assert_eq!(join(&person, &performance).await.expect(200).number("position"), 1);
    })
    .await;
}

#[tokio::test]
async fn leaving_without_a_place_changes_nothing() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        leave(&person, &performance).await.expect(204);
        join(&person, &performance).await.expect(201);
        leave(&person, &performance).await.expect(204);
        leave(&person, &performance).await.expect(204);
        let open = world.performance(json!({})).await;
        leave(&person, &open).await.problem(404, "no_waiting_room");
        for odd in ODD_IDS {
            leave(&person, odd).await.problem(404, "not_found");
        }
    })
    .await;
}

/// A called place that was not claimed yet is also given up.
#[tokio::test]
async fn a_called_place_can_be_given_up() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let (called, waker, third) = (world.member(0).await, world.member(0).await, world.member(0).await);
        let place = join(&called, &performance).await.expect(201);
        admit(world, &waker, &performance).await;
        let behind = join(&third, &performance).await.expect(201);
        assert_eq!(poll_later(world, &third, &performance, &behind).await.expect(200).text("status"), "waiting");
        leave(&called, &performance).await.expect(204);
        poll(&called, &performance, &place).await.problem(401, "queue_token_expired");
        assert_eq!(poll_later(world, &third, &performance, &behind).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// A paid reservation stays: leaving only gives up the place.
#[tokio::test]
async fn leaving_keeps_a_reservation() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(100_000).await;
        let (_, inside) = admit(world, &person, &performance).await;
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let paid = pay(&inside, &held).await.expect(201);
        leave(&person, &performance).await.expect(204);
        let kept = person.get(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        assert_eq!(kept.text("status"), "confirmed");
    })
    .await;
}
