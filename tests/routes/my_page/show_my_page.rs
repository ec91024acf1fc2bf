//! `GET /my-page`.

use crate::{
    harness::{World, book},
    routes::{needs_login, refuses_bad_pages},
};
use serde_json::{Value, json};
use std::time::Duration;

const READ_EVERY: Duration = Duration::from_millis(20);

/// Type, status and reservation of each row.
fn columns(rows: &[Value]) -> Vec<[Value; 3]> {
    rows.iter().map(|row| ["type", "status", "reservationId"].map(|field| row[field].clone())).collect()
}

/// R8, with the numbers of S2: two bookings, one cancelled, are three rows.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
        let person = world.member(200_000).await;
        assert!(person.get("/my-page").await.expect(200).items().is_empty());
        let first = book(&person, &performance, &["A-1-1", "A-1-2"]).await;
        let first_id = first.text("reservationId");
        world.advance_seconds(1);
        let second = book(&person, &performance, &["B-1-1"]).await.text("reservationId");
        world.settle().await;
        let items = person.get("/my-page").await.expect(200).items();
        let approved = |id: &str| [json!("reservation"), json!("payment_approved"), json!(id)];
        assert_eq!(columns(&items), [approved(&second), approved(&first_id)]);

        world.advance_seconds(1);
        let cancelled = person.delete(&format!("/reservations/{first_id}")).await.expect(200);
        world.settle().await;
        let page = person.get("/my-page").await.expect(200);
        let items = page.items();
        let cancellation = [json!("cancellation"), json!("payment_cancelled"), json!(first_id)];
        assert_eq!(columns(&items), [cancellation, approved(&second), approved(&first_id)]);
        assert_eq!((&items[0]["amount"], &items[0]["quantity"]), (&json!(100_000), &json!(2)));
        assert_eq!(items[0]["createdAt"], cancelled.json["cancelledAt"]);
        assert_eq!(items[2]["createdAt"], first.json["createdAt"]);
        assert_eq!(items[2]["updatedAt"], first.json["createdAt"]);
        for (field, expected) in [("paymentId", &first.json["paymentId"]), ("showTitle", &json!("Aida"))] {
            assert_eq!((&items[0][field], &items[2][field]), (expected, expected));
        }
        assert_eq!(items[0]["startsAt"], cancelled.json["startsAt"]);
        assert_eq!(items[0]["timeZone"], "Asia/Seoul");
        assert_ne!(items[0]["entryId"], items[2]["entryId"]);
        assert_eq!(page.header("cache-control"), "no-store");

        let one = person.get("/my-page?limit=1").await.expect(200);
        let rest = person.get(&format!("/my-page?cursor={}", one.text("nextCursor"))).await.expect(200);
        assert_eq!([one.items(), rest.items()].concat(), items);
        person.get(&format!("/notices?cursor={}", one.text("nextCursor"))).await.problem(400, "invalid_request");
        assert!(world.member(0).await.get("/my-page").await.items().is_empty());
        refuses_bad_pages(&person, "/my-page").await;
    })
    .await;
}

/// Without waiting for anything else: at most two seconds behind. On a slow machine, the limit is the number of reads
/// that take two seconds on another.
#[tokio::test]
async fn it_is_at_most_two_seconds_behind() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(200_000).await;
        let mut reads = Vec::new();
        for round in 1..=4 {
            book(&person, &performance, &[&format!("A-1-{round}")]).await;
            let mut late = 0;
            while person.get("/my-page").await.expect(200).items().len() < round {
                late += 1;
                assert!(late < 3_000, "my page never shows it");
                tokio::time::sleep(READ_EVERY).await;
            }
            reads.push(late);
        }
        reads.sort_unstable();
        assert!(READ_EVERY * reads[1] < Duration::from_secs(2), "this many reads of my page do not show it: {reads:?}");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "GET", "/my-page", None).await).await;
}
