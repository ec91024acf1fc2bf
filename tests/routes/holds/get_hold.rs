//! `GET /holds/{holdId}`.

use crate::{
    harness::{World, hold, pay},
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
async fn a_lapsed_hold_is_gone() {
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
            "%2e%2e",
            "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo",
        ] {
            person.get(&format!("/holds/{odd}")).await.problem(404, "not_found");
        }
    })
    .await;
}
