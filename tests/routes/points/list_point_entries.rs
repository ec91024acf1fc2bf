//! `GET /points/entries`.

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
        let reservation = book(&person, &performance, &["B-1-1"]).await.text("reservationId");
        person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        let entries = person.get("/points/entries").await.expect(200).items();
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry["type"].clone(), entry["amount"].clone(), entry["balance"].clone()))
            .collect();
        assert_eq!(
            shown,
            [
                (json!("refund"), json!(30_000), json!(100_000)),
                (json!("payment"), json!(-30_000), json!(70_000)),
                (json!("top_up"), json!(100_000), json!(100_000)),
            ]
        );
        assert_eq!(entries[1]["reservationId"], reservation.as_str());
        assert!(entries[2].get("reservationId").is_none());

        let page = person.get("/points/entries?limit=2").await.expect(200);
        let rest = person.get(&format!("/points/entries?limit=2&cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!((rest.items()[0].clone(), rest.json["nextCursor"].is_null()), (entries[2].clone(), true));
        let cursor = page.text("nextCursor");
        person.get(&format!("/payments?cursor={cursor}")).await.problem(400, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/points/entries", None).await).await;
}
