//! `GET /shows`.

use crate::{
    harness::{World, show_details},
    routes::{needs_no_login, refuses_bad_pages},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let empty = world.anyone().get("/shows").await.expect(200);
        assert_eq!(empty.json, json!({"items": [], "nextCursor": null}));
        assert_eq!(empty.header("cache-control"), "public, max-age=5");

        let organizer = world.organizer().await;
        let mut shows = Vec::new();
        for _ in 0..22 {
            shows.push(organizer.post("/shows", show_details()).await.expect(201).json);
        }
        let ids: Vec<_> = shows.iter().map(|show| show["showId"].as_str().unwrap()).collect();
        assert!(ids.is_sorted(), "ids are time-ordered");
        shows.reverse();

        let page = world.anyone().get("/shows").await.expect(200);
        assert_eq!(page.items(), shows[..20], "newest first, twenty unless asked otherwise");
        let rest = world.anyone().get(&format!("/shows?cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!((rest.items(), &rest.json["nextCursor"]), (shows[20..].to_vec(), &json!(null)));
        assert_eq!(world.anyone().all("/shows").await, shows);
        assert_eq!(world.anyone().get("/shows?limit=1").await.items(), shows[..1]);
        // A page keeps its place where a newer show comes in between.
        organizer.post("/shows", show_details()).await.expect(201);
        let again = world.anyone().get(&format!("/shows?cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!(again.items(), shows[20..]);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_no_login(world, "GET", "/shows", None, 200).await).await;
}

#[tokio::test]
async fn bad_pages_are_refused() {
    World::run(async |world| {
        refuses_bad_pages(&world.anyone(), "/shows").await;
        let organizer = world.organizer().await;
        for _ in 0..2 {
            organizer.post("/shows", show_details()).await.expect(201);
        }
        let cursor = world.anyone().get("/shows?limit=1").await.text("nextCursor");
        for other in [format!("{cursor}A"), cursor[1..].to_owned(), cursor.to_uppercase()] {
            world.anyone().get(&format!("/shows?cursor={other}")).await.problem(400, "invalid_request");
        }
        organizer.get(&format!("/holds?cursor={cursor}")).await.problem(400, "invalid_request");
        organizer.get(&format!("/reservations?cursor={cursor}")).await.problem(400, "invalid_request");
    })
    .await;
}
