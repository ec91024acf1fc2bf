//! `POST /points/top-ups`.

use crate::{
    harness::World,
    routes::{needs_login, refuses_malformed_bodies},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let person = world.member(0).await;
        let first = person.post("/points/top-ups", json!({"amount": 10_000_000})).await.expect(201);
        assert_eq!((first.number("amount"), first.number("balance")), (10_000_000, 10_000_000));
        assert!(!first.text("entryId").is_empty() && !first.header("location").is_empty());
        let second = person.post("/points/top-ups", json!({"amount": 1})).await.expect(201);
        assert_eq!(second.number("balance"), 10_000_001);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "POST", "/points/top-ups", Some(r#"{"amount":1}"#)).await).await;
}

/// P1: zero and negative amounts are refused.
#[tokio::test]
async fn invalid_amounts_change_nothing() {
    World::run(async |world| {
        let person = world.member(0).await;
        refuses_malformed_bodies(&person, "POST", "/points/top-ups", &json!({"amount": 1})).await;
        for amount in
            [json!(0), json!(-1), json!(10_000_001), json!(1.5), json!("1"), json!(1e30), json!(i64::MIN), json!(null)]
        {
            let refused =
                person.post("/points/top-ups", json!({"amount": amount})).await.problem(400, "invalid_request");
            assert_eq!(refused.json["errors"][0]["field"], "amount");
        }
        assert_eq!(person.get("/points").await.number("balance"), 0);
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_tops_up_once() {
    World::run(async |world| {
        let person = world.member(0).await.client.with_key("k");
        let first = person.post("/points/top-ups", json!({"amount": 500})).await.expect(201);
        let again = person.send("POST", "/points/top-ups", Some(b" { \"amount\" : 500 } ".to_vec())).await.expect(201);
        assert_eq!(again.json, first.json);
        person.post("/points/top-ups", json!({"amount": 501})).await.problem(422, "idempotency_key_reused");
        assert_eq!(person.get("/points").await.number("balance"), 500);
        let other = world.member(0).await.client.with_key("k");
        assert_eq!(other.post("/points/top-ups", json!({"amount": 501})).await.expect(201).number("balance"), 501);
    })
    .await;
}
