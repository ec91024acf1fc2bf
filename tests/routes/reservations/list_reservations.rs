//! `GET /reservations`.

use crate::{
    harness::{World, book},
    routes::needs_login,
};
use serde_json::json;

/// R4: cancelled ones included and marked; the view without them is `?status=confirmed`.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(200_000).await;
        assert!(person.get("/reservations").await.expect(200).items().is_empty());
        let first = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
        let second = book(&person, &performance, &["B-1-1"]).await.text("reservationId");
        person.delete(&format!("/reservations/{first}")).await.expect(200);
        let ids = async |query: &str| -> Vec<String> {
            let found = person.get(&format!("/reservations{query}")).await.expect(200).items();
            found.iter().map(|one| one["reservationId"].as_str().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(ids("").await, [second.clone(), first.clone()]);
        assert_eq!(ids("?status=confirmed").await, [second]);
        assert_eq!(ids("?status=cancelled").await, [first]);
        assert!(ids("?status=pending").await.is_empty());
        person.get("/reservations?status=lost").await.problem(400, "invalid_request");
        let cursor = person.get("/reservations?limit=1").await.text("nextCursor");
        person.get(&format!("/reservations?status=confirmed&cursor={cursor}")).await.problem(400, "invalid_request");
        assert_eq!(ids(&format!("?limit=1&cursor={cursor}")).await.len(), 1);
        assert!(world.member(0).await.get("/reservations").await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/reservations", None).await).await;
}
