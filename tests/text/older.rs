//! Data stored by an older version stays readable under its key, even if it would be refused or changed today.

use crate::{
    harness::{
        World,
        audit::{Snapshot, text},
        book, show_details,
    },
    routes::complaint,
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

/// Rewrites the table's items, with `from` replaced by `to` in every text, including keys.
async fn respell(world: &World, from: &str, to: &str) {
    fn respelled(value: AttributeValue, from: &str, to: &str) -> AttributeValue {
        match value {
            AttributeValue::S(text) => AttributeValue::S(text.replace(from, to)),
            AttributeValue::L(list) => {
                AttributeValue::L(list.into_iter().map(|value| respelled(value, from, to)).collect())
            }
            AttributeValue::M(map) => {
                AttributeValue::M(map.into_iter().map(|(key, value)| (key, respelled(value, from, to))).collect())
            }
            other => other,
        }
    }
    let (client, table) = (world.stack.engine().dynamodb(), world.app().config.table_name.clone());
    for item in Snapshot::of(world).await.items {
        let key = |name: &str| AttributeValue::S(text(&item, name).to_owned());
        let old = (key("pk"), key("sk"));
        let AttributeValue::M(new) = respelled(AttributeValue::M(item.clone()), from, to) else { unreachable!() };
        if new != item {
            client.delete_item().table_name(&table).key("pk", old.0).key("sk", old.1).send().await.unwrap();
            client.put_item().table_name(&table).set_item(Some(new)).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_older_show_can_be_read_renamed_and_deleted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut details = show_details();
        (details["title"], details["venue"]) = (json!("Seen"), json!("Seen Hall"));
        let show = organizer.post("/shows", details.clone()).await.expect(201).header("location");
        respell(world, "Seen", "\u{200b}").await;
        respell(world, "seen", "\u{200b}").await;
        assert_eq!(organizer.get(&show).await.expect(200).text("title"), "\u{200b}");
        let listed = organizer.get("/shows?sort=title").await.expect(200).items();
        assert_eq!(listed[0]["venue"], "\u{200b} Hall");
        let mut same = details.clone();
        same["title"] = json!("\u{200b}");
        assert_eq!(complaint(organizer.put(&show, same).await), "title");
        assert_eq!(organizer.put(&show, details).await.expect(200).text("title"), "Seen");
        assert_eq!(organizer.get("/shows?sort=title").await.expect(200).items().len(), 1);
        organizer.delete(&show).await.expect(204);
        assert!(organizer.get("/shows?sort=title").await.expect(200).items().is_empty());
    })
    .await;
}

/// A row of the door list is found by the stored name, so that a change of the reservation updates the same row and
/// is counted once. New purchases have the name as it is stored today.
#[tokio::test]
async fn an_older_member_keeps_their_rows_and_seats() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let section = json!({"name": "가", "grade": "R", "price": 1_000, "rows": 1, "seatsPerRow": 10});
        let performance = world.performance(json!({"seating": {"type": "numbered", "sections": [section]}})).await;
        let member = world.member(10_000).await;
        let reservation = book(&member, &performance, &["가-1-1"]).await.text("reservationId");
        world.settle().await;
        respell(world, "Member 1", "Zoe\u{308}\u{202e}").await;
        respell(world, "member 1", "zoe\u{308}\u{202e}").await;
        respell(world, "가", "\u{1100}\u{1161}").await;
        let path = format!("/performances/{performance}");
        world.advance_seconds(2);
        member.post(&format!("/reservations/{reservation}/ticket-mail"), json!(null)).await.expect(202);
        book(&member, &performance, &["가-1-2"]).await;
        world.settle().await;
        member.delete(&format!("/reservations/{reservation}")).await.expect(200);
        world.settle().await;
        let listed = organizer.get(&format!("{path}/reservations")).await.expect(200).items();
        assert_eq!(listed.len(), 2);
        let sales = organizer.get(&format!("{path}/sales")).await.expect(200);
        assert_eq!((sales.number("seats"), sales.number("amount")), (1, 1_000));
    })
    .await;
}
