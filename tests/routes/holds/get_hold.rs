//! `GET /holds/{holdId}`.

use crate::{
    harness::{World, hold, pay, performance_details},
    routes::needs_login,
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["B-1-1", "A-1-1"]).await.expect(201);
        assert!(held.json["grade"].is_null(), "it spans two grades");
        let path = held.header("location");
        assert_eq!(person.get(&path).await.expect(200).json, held.json);
        world.member(0).await.get(&path).await.problem(404, "not_found");
        pay(&person, &held.text("holdId")).await.expect(201);
        person.get(&path).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn an_expired_hold_is_not_found() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let path = hold(&person, &performance, &["A-1-1"]).await.expect(201).header("location");
        world.advance_seconds(299);
        person.get(&path).await.expect(200);
        world.advance_seconds(1);
        person.get(&path).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "GET", "/holds/h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", None).await;
        let person = world.member(0).await;
        for odd in [
            "x",
            "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
            "h-.demo",
            "%2e%2e%2e",
            "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
        ] {
            person.get(&format!("/holds/{odd}")).await.problem(404, "not_found");
        }
    })
    .await;
}

/// The organizer moves the end of sales forward: a live hold shows it, alone and in the list, and is useless
/// afterwards.
#[tokio::test]
async fn a_hold_ends_when_sales_close() {
    World::run(async |world| {
        let performance = world.performance(json!({"holdSeconds": 600})).await;
        let person = world.member(100_000).await;
        let path = hold(&person, &performance, &["A-1-1"]).await.expect(201).header("location");
        let close = world.stack.clock().now().plus_seconds(60).to_string();
        let organizer = world.organizer().await;
        let shown = organizer.get(&format!("/performances/{performance}")).await.expect(200);
        let changed = performance_details(
            world.app(),
            json!({"holdSeconds": 600, "salesCloseAt": close, "startsAt": shown.json["startsAt"]}),
        );
        organizer.put(&format!("/performances/{performance}"), changed).await.expect(200);
        world.advance_seconds(2);
        assert_eq!(person.get(&path).await.expect(200).text("expiresAt"), close);
        assert_eq!(person.get("/holds").await.items()[0]["expiresAt"], close);
        world.advance_seconds(60);
        person.get(&path).await.problem(404, "not_found");
        assert!(person.get("/holds").await.items().is_empty());
    })
    .await;
}

/// The same if the performance is cancelled.
#[tokio::test]
async fn a_hold_ends_when_the_performance_is_cancelled() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let path = hold(&person, &performance, &["A-1-1"]).await.expect(201).header("location");
        let cancellation = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&cancellation, json!({"reason": "Snow."})).await.expect(202);
        world.advance_seconds(2);
        person.get(&path).await.problem(404, "not_found");
        assert!(person.get("/holds").await.items().is_empty());
    })
    .await;
}
