//! `GET /performances/{performanceId}/waiting-room`.

use super::room;
use crate::{
    harness::{
        World, hold,
        line::{admit, join, leave, poll_later},
        pay,
    },
    routes::{ODD_IDS, needs_organizer},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2, "admissionSeconds": 60})).await;
        let organizer = world.organizer().await;
        let view = async || {
            let view = organizer.get(&format!("/performances/{performance}/waiting-room")).await.expect(200);
            ["issued", "serving", "active", "waiting"].map(|field| view.number(field))
        };
        assert_eq!(view().await, [0, 0, 0, 0]);
        let mut people = Vec::new();
        for _ in 0..5 {
            let person = world.member(100_000).await;
            let place = join(&person, &performance).await.expect(201);
            people.push((person, place));
        }
        assert_eq!(view().await, [5, 0, 0, 5]);
        leave(&people[4].0, &performance).await.expect(204);
        assert_eq!(view().await, [5, 0, 0, 4], "members who gave up do not wait");
        let (person, place) = &people[0];
        let inside = poll_later(world, person, &performance, place).await.expect(200);
        assert_eq!(view().await, [5, 2, 2, 2], "one claimed, one called");
        let inside = person.with_queue_token(&inside.text("queueToken"));
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&inside, &held).await.expect(201);
        assert_eq!(view().await, [5, 2, 1, 2], "a payment frees its place");
        world.advance_seconds(21);
        assert_eq!(view().await, [5, 2, 0, 2], "a called place is taken back after 20 s");

        let full = organizer.get(&format!("/performances/{performance}/waiting-room")).await.expect(200);
        assert_eq!(full.json["paused"], false);
        let policy = json!({"maxActive": 2, "admitPerMinute": null, "admissionSeconds": 60, "paused": false});
        assert_eq!(full.json["policy"], policy);
        assert_eq!(full.header("cache-control"), "no-store");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        needs_organizer(world, "GET", &format!("/performances/{performance}/waiting-room"), None).await;
    })
    .await;
}

#[tokio::test]
async fn a_performance_without_a_waiting_room_is_not_found() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let performance = world.performance(json!({})).await;
        organizer.get(&format!("/performances/{performance}/waiting-room")).await.problem(404, "no_waiting_room");
        for odd in ODD_IDS {
            organizer.get(&format!("/performances/{odd}/waiting-room")).await.problem(404, "not_found");
        }
    })
    .await;
}

/// `active` includes members whose hold outlives their admission.
#[tokio::test]
async fn a_member_with_a_live_hold_counts_as_active() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1, "admissionSeconds": 20})).await;
        let organizer = world.organizer().await;
        let (_, inside) = admit(world, &world.member(0).await, &performance).await;
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        let path = format!("/performances/{performance}/waiting-room");
        world.advance_seconds(100);
        assert_eq!(organizer.get(&path).await.expect(200).number("active"), 1);
        world.advance_seconds(200);
        assert_eq!(organizer.get(&path).await.expect(200).number("active"), 0);
    })
    .await;
}
