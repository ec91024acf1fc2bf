//! `DELETE /holds/{holdId}`.

use crate::{
    harness::{World, hold, line::admit, pay},
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

/// A released hold does not keep its member's place inside: the next in line is admitted when the admission expires.
#[tokio::test]
async fn a_release_ends_the_extension_of_the_admission() {
    World::run(async |world| {
        let room = json!({"maxActive": 1, "admissionSeconds": 60});
        let performance = world.performance(json!({"waitingRoom": room, "holdSeconds": 3600})).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let (_, inside) = admit(world, &first, &performance).await;
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).header("location");
        inside.delete(&held).await.expect(204);
        hold(&inside, &performance, &["A-1-2"]).await.expect(201);
        inside
            .delete(&inside.get("/holds").await.items()[0]["holdId"].as_str().map(|id| format!("/holds/{id}")).unwrap())
            .await
            .expect(204);
        world.advance_seconds(70);
        let (place, _) = admit(world, &second, &performance).await;
        assert_eq!(place.text("status"), "admitted");
        hold(&inside, &performance, &["A-1-1"]).await.problem(401, "queue_token_expired");
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
