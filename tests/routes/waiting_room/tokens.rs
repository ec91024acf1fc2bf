//! Q5: queue tokens for holds and payments in a performance with a waiting room. Those for seats are tested in the
//! endpoint's own file.

use super::room;
use crate::{
    harness::{
        World, hold,
        line::{admit, join, poll_later},
        pay,
    },
    routes::refuses_others_queue_tokens,
};
use serde_json::json;

#[tokio::test]
async fn holds_need_an_admitted_token() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(0).await;
        let take = async |client: &crate::harness::client::Client| hold(client, &performance, &["A-1-1"]).await;
        refuses_others_queue_tokens(world, &performance, &person, take).await;
        let place = join(&person, &performance).await.expect(201);
        let waiting = person.with_queue_token(&place.text("queueToken"));
        take(&waiting).await.problem(403, "not_admitted");
        world.advance_seconds(70);
        take(&waiting).await.problem(401, "queue_token_expired");
        assert!(person.get("/holds").await.items().is_empty());

        // The order of checks: faults of the token come before faults of the seats.
        hold(&person, &performance, &["Z-9-9"]).await.problem(401, "queue_token_missing");
        let body = json!({"seatIds": []});
        person.post(&format!("/performances/{performance}/holds"), body).await.problem(400, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn payments_need_an_admitted_token() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let person = world.member(50_000).await;
        let place = join(&person, &performance).await.expect(201);
        let waiting = person.with_queue_token(&place.text("queueToken"));
        let admitted = poll_later(world, &person, &performance, &place).await.expect(200);
        let inside = person.with_queue_token(&admitted.text("queueToken"));
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");

        refuses_others_queue_tokens(world, &performance, &person, async |client| pay(client, &held).await).await;
        pay(&waiting, &held).await.problem(403, "not_admitted");
        world.advance_seconds(70);
        pay(&waiting, &held).await.problem(401, "queue_token_expired");
        assert_eq!(person.get("/points").await.number("balance"), 50_000);
        assert!(person.get("/payments").await.items().is_empty());

        let paid = pay(&inside, &held).await.expect(201);
        // The member's own paid hold is reported before the token is checked.
        for client in [&inside, &waiting, &person.client, &person.with_queue_token("forged")] {
            assert_eq!(pay(client, &held).await.expect(200).json, paid.json);
        }
    })
    .await;
}

/// A spent token books nothing more; other members' admitted tokens never did.
#[tokio::test]
async fn a_payment_spends_the_token() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let (person, other) = (world.member(100_000).await, world.member(100_000).await);
        let (place, inside) = admit(world, &person, &performance).await;
        admit(world, &other, &performance).await;
        let stolen = other.with_queue_token(&place.text("queueToken"));
        hold(&stolen, &performance, &["A-1-1"]).await.problem(401, "queue_token_invalid");
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&inside, &held).await.expect(201);
        hold(&inside, &performance, &["A-1-2"]).await.problem(401, "queue_token_expired");
        assert_eq!(person.get("/holds").await.items().len(), 0);
    })
    .await;
}

/// The sales window is checked after the token.
#[tokio::test]
async fn closed_sales_are_reported_after_a_valid_token() {
    World::run(async |world| {
        let closes = world.stack.clock().now().plus_seconds(100).to_string();
        let details = json!({"waitingRoom": {"maxActive": 1}, "salesCloseAt": closes});
        let performance = world.performance(details).await;
        let person = world.member(100_000).await;
        let (_, inside) = admit(world, &person, &performance).await;
        world.advance_seconds(100);
        hold(&person, &performance, &["A-1-1"]).await.problem(401, "queue_token_missing");
        hold(&inside, &performance, &["A-1-1"]).await.problem(409, "sales_closed");
    })
    .await;
}
