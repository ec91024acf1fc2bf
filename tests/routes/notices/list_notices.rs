//! `GET /notices`.

use crate::{
    harness::{World, book},
    routes::{needs_login, refuses_bad_pages},
};
use serde_json::{Value, json};

fn fields(notices: &[Value], names: [&str; 3]) -> Vec<[Value; 3]> {
    notices.iter().map(|notice| names.map(|name| notice[name].clone())).collect()
}

/// R7: every approval and every cancellation adds a row, newest first.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(200_000).await;
        assert!(person.get("/notices").await.expect(200).items().is_empty());
        let first = book(&person, &performance, &["A-1-1"]).await;
        world.advance_seconds(1);
        let second = book(&person, &performance, &["B-1-1"]).await.text("reservationId");
        world.advance_seconds(1);
        let reservation = first.text("reservationId");
        person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        world.settle().await;

        let page = person.get("/notices").await.expect(200);
        let notices = page.items();
        assert_eq!(
            fields(&notices, ["type", "reservationId", "amount"]),
            [
                [json!("reservation_cancelled"), json!(reservation), json!(50_000)],
                [json!("payment_approved"), json!(second), json!(30_000)],
                [json!("payment_approved"), json!(reservation), json!(50_000)],
            ]
        );
        assert_eq!((&notices[2]["paymentId"], &notices[2]["showTitle"]), (&first.json["paymentId"], &json!("Aida")));
        assert_eq!(notices[2]["createdAt"], first.json["createdAt"]);
        assert_ne!(notices[0]["noticeId"], notices[2]["noticeId"]);
        assert!(page.json["nextCursor"].is_null() && page.header("cache-control") == "no-store");

        let mut paged = Vec::new();
        let mut query = "?limit=1".to_owned();
        while let page = person.get(&format!("/notices{query}")).await.expect(200)
            && !page.items().is_empty()
        {
            paged.extend(page.items());
            let Some(cursor) = page.json["nextCursor"].as_str() else { break };
            query = format!("?limit=1&cursor={cursor}");
        }
        assert_eq!(paged, notices);
        assert!(world.member(0).await.get("/notices").await.items().is_empty());
        refuses_bad_pages(&person, "/notices").await;
    })
    .await;
}

/// The reservation is processed once, after both changes: each of them still has its row.
#[tokio::test]
async fn a_quickly_cancelled_booking_has_both_notices() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        for _ in 0..10 {
            let booked = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
            person.delete(&format!("/reservations/{booked}")).await.expect(200);
        }
        world.settle().await;
        let kinds: Vec<Value> = person.get("/notices").await.items().iter().map(|it| it["type"].clone()).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "payment_approved").count(), 10);
        assert_eq!(kinds.iter().filter(|kind| *kind == "reservation_cancelled").count(), 10);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/notices", None).await).await;
}
