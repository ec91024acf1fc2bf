//! `GET /shows/{showId}`.

use crate::{
    harness::{World, show_details},
    routes::{ODD_IDS, needs_no_login},
};

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let show = world.organizer().await.post("/shows", show_details()).await.expect(201);
        let found = world.anyone().get(&show.header("location")).await.expect(200);
        assert_eq!(found.json, show.json);
        assert_eq!(found.header("cache-control"), "public, max-age=5");
        assert_eq!(found.header("content-type"), "application/json");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let show = world.organizer().await.post("/shows", show_details()).await.expect(201);
        needs_no_login(world, "GET", &show.header("location"), None, 200).await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_show_is_not_found() {
    World::run(async |world| {
        for odd in ODD_IDS {
            world.anyone().get(&format!("/shows/{odd}")).await.problem(404, "not_found");
        }
        world.anyone().get(&format!("/shows/{}", "x".repeat(500))).await.problem(404, "not_found");
        world.anyone().get("/shows/x?fields=all").await.problem(400, "invalid_request");
    })
    .await;
}
