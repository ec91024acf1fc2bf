//! `DELETE /reservations/{reservationId}`.

use crate::{
    harness::{World, book, hold},
    routes::needs_login,
};
use serde_json::json;

/// R5: refunded, the seats are free again, a notice is sent; a retry gets the same response.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 2})).await;
        let person = world.member(100_000).await;
        let paid = book(&person, &performance, &["A-1-1", "A-1-2"]).await;
        let path = format!("/reservations/{}", paid.text("reservationId"));
        world.member(0).await.delete(&path).await.problem(404, "not_found");
        let cancelled = person.delete(&path).await.expect(200);
        assert_eq!((cancelled.text("status"), cancelled.text("cancelReason")), ("cancelled".into(), "member".into()));
        assert_eq!(person.get("/points").await.number("balance"), 100_000);
        world.settle().await;
        let again = person.delete(&path).await.expect(200);
        assert_eq!(again.json["cancelledAt"], cancelled.json["cancelledAt"]);
        assert_eq!(person.get("/points").await.number("balance"), 100_000, "a refund is not paid twice");
        assert_eq!(person.get(&format!("/payments/{}", paid.text("paymentId"))).await.text("status"), "cancelled");
        hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn cancelling_after_the_start_is_refused() {
    World::run(async |world| {
        let starts_at = world.stack.clock().now().plus_seconds(3600).to_string();
        let performance = world.performance(json!({"startsAt": starts_at})).await;
        let person = world.member(100_000).await;
        let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
        world.advance_seconds(3600);
        person.delete(&path).await.problem(409, "performance_started");
        assert_eq!(person.get(&path).await.text("status"), "confirmed");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "DELETE", "/reservations/r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", None).await;
    })
    .await;
}
