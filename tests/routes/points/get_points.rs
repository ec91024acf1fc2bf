//! `GET /points`.

use crate::{harness::World, routes::needs_login};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let person = world.member(0).await;
        let reply = person.get("/points").await.expect(200);
        assert_eq!(reply.json, json!({"balance": 0, "currency": "KRW"}));
        assert_eq!(reply.header("cache-control"), "no-store");
        person.post("/points/top-ups", json!({"amount": 5})).await.expect(201);
        assert_eq!(person.get("/points").await.json, json!({"balance": 5, "currency": "KRW"}));
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/points", None).await).await;
}
