//! What waiting members see: the expected wait, the members ahead, and the state of the sale.

use super::room;
use crate::harness::{
    World, hold,
    line::{admit, join, leave, poll, poll_later},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

/// A member is inside for ten minutes: the first in line sees how long that takes, and the second how long after it.
#[tokio::test]
async fn the_first_in_line_sees_the_wait_for_a_place() {
    World::run(async |world| {
        world.stack.clock().stop();
        let performance = room(world, json!({"maxActive": 1})).await;
        admit(world, &world.member(0).await, &performance).await;
        let (first, second) = (world.member(0).await, world.member(0).await);
        let mut one = join(&first, &performance).await.expect(201);
        let mut two = join(&second, &performance).await.expect(201);
        let mut left = 600;
        for _ in 0..11 {
            assert_eq!((one.number("ahead"), two.number("ahead")), (0, 1));
            let shown = [&one, &two].map(|place| place.number("estimatedWaitSeconds"));
            assert_eq!(shown, [left, left + 600]);
            let at_most = [&one, &two].map(|place| place.number("atMostSeconds"));
            assert!(at_most[0] >= shown[0] && at_most[1] >= shown[1] + 300, "{at_most:?}");
            world.advance_seconds(50);
            left -= 50;
            one = poll(&first, &performance, &one).await.expect(200);
            two = poll(&second, &performance, &two).await.expect(200);
        }
        let mut waited = 550;
        while one.text("status") == "waiting" {
            assert!(one.number("estimatedWaitSeconds") >= 1, "{}", one.json);
            one = poll_later(world, &first, &performance, &one).await.expect(200);
            waited += 2;
        }
        assert!((600..=620).contains(&waited), "{waited}");
    })
    .await;
}

/// Waiting members see the state of sales without an additional request.
#[tokio::test]
async fn waiting_members_see_the_state_of_sales() {
    World::run(async |world| {
        world.stack.clock().stop();
        let opens = world.stack.clock().now().plus_seconds(60).to_string();
        let seating = json!({"type": "numbered", "sections": [
            {"name": "A", "grade": "R", "price": 1000, "rows": 1, "seatsPerRow": 3}]});
        let details = json!({"waitingRoom": {"maxActive": 1}, "salesOpenAt": opens, "seating": seating});
        let performance = world.performance(details).await;
        let (buyer, person) = (world.member(10_000).await, world.member(0).await);
        let early = join(&buyer, &performance).await.expect(201);
        assert_eq!((early.text("salesState"), early.text("opensAt")), ("upcoming".into(), opens));
        assert_eq!(early.json["available"], json!(null), "not counted yet");
        assert!((55..=70).contains(&early.number("atMostSeconds")), "{}", early.json);
        world.advance_seconds(61);
        let inside = poll(&buyer, &performance, &early).await.expect(200);
        let shown = ["status", "salesState"].map(|field| inside.text(field));
        assert_eq!((shown, inside.number("available")), (["admitted".into(), "open".into()], 3));
        let client = buyer.with_queue_token(&inside.text("queueToken"));
        let place = join(&person, &performance).await.expect(201);
        hold(&client, &performance, &["A-1-1", "A-1-2"]).await.expect(201);
        world.advance_seconds(3);
        let place = poll(&person, &performance, &place).await.expect(200);
        assert_eq!((place.text("salesState"), place.number("available")), ("open".into(), 1));
        let organizer = world.organizer().await;
        let policy = format!("/performances/{performance}/waiting-room");
        organizer.put(&policy, json!({"maxActive": 1, "paused": true})).await.expect(200);
        let place = poll_later(world, &person, &performance, &place).await.expect(200);
        assert_eq!((place.text("salesState"), &place.json["atMostSeconds"]), ("paused".into(), &json!(null)));
        client
            .delete(&client.get("/holds").await.items()[0]["holdId"].as_str().map(|id| format!("/holds/{id}")).unwrap())
            .await
            .expect(204);
        hold(&client, &performance, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201);
        world.advance_seconds(3);
        let place = poll(&person, &performance, &place).await.expect(200);
        assert_eq!((place.text("salesState"), place.number("available")), ("sold_out".into(), 0));
    })
    .await;
}

/// Adds a crowd that has given up to the line: these positions were drawn, but nobody stands there.
async fn add_given_up_places(world: &World, performance: &str, positions: std::ops::RangeInclusive<u64>) {
    let (client, table) = (world.stack.engine().dynamodb(), world.app().config.table_name.clone());
    let line = client.update_item().table_name(&table);
    let line = line.key("pk", AttributeValue::S(format!("line#{performance}#0")));
    let count = AttributeValue::N((positions.end() - positions.start() + 1).to_string());
    let drawn = line.key("sk", AttributeValue::S("line".into())).update_expression("ADD n :more");
    drawn.expression_attribute_values(":more", count).send().await.expect("the counter can be raised");
    let left = |position: u64| {
        let key = [("pk", format!("left#{performance}#{}", position / 1_024)), ("sk", format!("{position:015}"))];
        key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into()
    };
    world.put_all(&positions.map(left).collect::<Vec<_>>()).await;
}

/// Behind 1,819 given-up places, with one member inside: the wait is that for the one place, which they get next.
#[tokio::test]
async fn given_up_places_add_no_wait() {
    World::run(async |world| {
        world.stack.clock().stop();
        let performance = room(world, json!({"maxActive": 1})).await;
        let first = world.member(0).await;
        admit(world, &first, &performance).await;
        add_given_up_places(world, &performance, 2..=1_820).await;
        let person = world.member(0).await;
        let place = join(&person, &performance).await.expect(201);
        assert_eq!(place.number("position"), 1_821);
        let place = poll_later(world, &person, &performance, &place).await.expect(200);
        assert_eq!((place.number("ahead"), place.text("status")), (0, "waiting".into()));
        assert_eq!(place.number("estimatedWaitSeconds"), 598);
        leave(&first, &performance).await.expect(204);
        assert_eq!(poll_later(world, &person, &performance, &place).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// Given-up places do not use the minute's allowance either.
#[tokio::test]
async fn given_up_places_use_no_allowance() {
    World::run(async |world| {
        world.stack.clock().stop();
        let performance = room(world, json!({"admitPerMinute": 1})).await;
        add_given_up_places(world, &performance, 1..=606).await;
        let person = world.member(0).await;
        let place = join(&person, &performance).await.expect(201);
        assert_eq!(poll_later(world, &person, &performance, &place).await.expect(200).text("status"), "admitted");
    })
    .await;
}
