//! `GET /payments/{paymentId}`.

use crate::{
    harness::{World, book},
    routes::needs_login,
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let paid = book(&person, &performance, &["A-1-1"]).await;
        let path = paid.header("location");
        let found = person.get(&path).await.expect(200);
        assert_eq!(found.json, paid.json);
        assert_eq!(found.header("cache-control"), "no-store", "never served to another member");
        world.member(0).await.get(&path).await.problem(404, "not_found");
        person.get("/payments/p-x").await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "GET", "/payments/p-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", None).await;
    })
    .await;
}
