//! `GET /payments`.

use crate::{
    harness::{World, book},
    routes::needs_login,
};
use serde_json::json;

/// R7: a cancelled payment changes its row.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(200_000).await;
        assert!(person.get("/payments").await.expect(200).items().is_empty());
        let first = book(&person, &performance, &["A-1-1"]).await;
        let second = book(&person, &performance, &["B-1-1"]).await;
        let listed = person.get("/payments").await.expect(200);
        assert_eq!(listed.items(), [second.json.clone(), first.json.clone()]);
        person.delete(&format!("/reservations/{}", first.text("reservationId"))).await.expect(200);
        let listed = person.get("/payments").await.expect(200).items();
        assert_eq!((listed.len(), &listed[1]["status"]), (2, &json!("cancelled")));
        assert!(listed[1]["cancelledAt"].is_string());
        assert!(world.member(0).await.get("/payments").await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/payments", None).await).await;
}
