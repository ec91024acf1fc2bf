//! `GET /holds`.

use crate::{
    harness::{World, hold},
    routes::needs_login,
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let person = world.member(0).await;
        assert!(person.get("/holds").await.expect(200).items().is_empty());
        let mut ids = Vec::new();
        for _ in 0..3 {
            let performance = world.performance(json!({})).await;
            ids.push(hold(&person, &performance, &["A-1-1"]).await.expect(201).json["holdId"].clone());
        }
        ids.reverse();
        let found: Vec<_> = person.get("/holds").await.items().iter().map(|hold| hold["holdId"].clone()).collect();
        assert_eq!(found, ids, "newest first");

        let page = person.get("/holds?limit=2").await.expect(200);
        assert_eq!(page.items().len(), 2);
        let cursor = page.text("nextCursor");
        let rest = person.get(&format!("/holds?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!(rest.items()[0]["holdId"], ids[2]);
        assert!(rest.json["nextCursor"].is_null());

        assert!(
            world.member(0).await.get("/holds").await.items().is_empty(),
            "members do not see other members' holds"
        );
        world.advance_seconds(300);
        assert!(person.get("/holds").await.items().is_empty(), "expired holds are not listed");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/holds", None).await).await;
}

#[tokio::test]
async fn invalid_pages_are_refused() {
    World::run(async |world| {
        let person = world.member(0).await;
        for query in
            ["limit=0", "limit=101", "limit=x", "limit=-1", "cursor=x", "cursor=WyJlbnRyaWVzIiwiYSJd", "page=2"]
        {
            person.get(&format!("/holds?{query}")).await.problem(400, "invalid_request");
        }
    })
    .await;
}
