//! `DELETE /holds/{holdId}`.

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
        let held = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201);
        let path = held.header("location");
        world.member(0).await.delete(&path).await.problem(404, "not_found");
        person.delete(&path).await.expect(204);
        person.delete(&path).await.problem(404, "not_found");
        pay(&person, &held.text("holdId")).await.problem(410, "hold_expired");
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
        hold(&person, &performance, &["A-1-2"]).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "DELETE", "/holds/h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", None).await;
    })
    .await;
}
