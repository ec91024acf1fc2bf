//! `POST /payments`.

use crate::{
    cards::pay_by_card,
    harness::{World, hold, pay},
    routes::{complaint, needs_login, refuses_malformed_bodies},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1", "B-1-1"]).await.expect(201).text("holdId");
        let paid = pay(&person, &held).await.expect(201);
        assert_eq!(paid.json["holdId"], held.as_str());
        assert_eq!(
            (paid.text("method"), paid.text("status"), paid.number("amount")),
            ("points".into(), "approved".into(), 80_000)
        );
        assert!(paid.json["cancelledAt"].is_null());
        assert_eq!(paid.header("location"), format!("/payments/{}", paid.text("paymentId")));
        assert_eq!(person.get("/points").await.number("balance"), 20_000);
        let again = pay(&person, &held).await.expect(200);
        assert_eq!(again.json, paid.json);
        let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        let sold: Vec<_> =
            map.json["seats"].as_array().unwrap().iter().filter(|seat| seat["status"] == "sold").collect();
        assert_eq!(sold.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let body = r#"{"holdId":"h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo","method":"points"}"#;
        needs_login(world, "POST", "/payments", Some(body)).await;
    })
    .await;
}

#[tokio::test]
async fn bad_input_pays_nothing() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        refuses_malformed_bodies(&person, "POST", "/payments", &json!({"holdId": held, "method": "points"})).await;
        person.post("/payments", json!({"holdId": held, "method": "gold"})).await.problem(400, "invalid_request");
        // The server sets the price: naming one is an unknown field.
        person
            .post("/payments", json!({"holdId": held, "method": "points", "amount": 1}))
            .await
            .problem(400, "invalid_request");
        assert_eq!(person.get("/points").await.number("balance"), 100_000);
    })
    .await;
}

/// R6: accepted at once; paying again, by any method, returns the first payment.
#[tokio::test]
async fn a_card_payment_is_accepted() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-1", "B-1-1"]).await.expect(201).text("holdId");
        let paid = pay_by_card(&person.with_key("k"), &held, "tok_visa").await.expect(202);
        assert_eq!(paid.json["holdId"], held.as_str());
        assert_eq!(
            (paid.text("method"), paid.text("status"), paid.number("amount")),
            ("card".into(), "pending".into(), 80_000)
        );
        assert!(!String::from_utf8_lossy(&paid.bytes).contains("tok_visa"));
        assert_eq!(pay_by_card(&person.with_key("k"), &held, "tok_visa").await.expect(202).json, paid.json);
        let again = pay_by_card(&person, &held, "tok_other").await.expect(200);
        assert_eq!(again.json["paymentId"], paid.json["paymentId"]);
        assert_eq!(pay(&person, &held).await.expect(200).json["method"], "card");
        let found = person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
        assert_eq!(found.json["createdAt"], paid.json["createdAt"]);
    })
    .await;
}

/// A card requires a token, whose length is limited.
#[tokio::test]
async fn a_card_needs_a_token_and_points_refuse_one() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let valid = json!({"holdId": held, "method": "card", "cardToken": "tok"});
        refuses_malformed_bodies(&person, "POST", "/payments", &valid).await;
        for (method, token) in [
            ("card", json!(null)),
            ("points", json!("tok")),
            ("card", json!("")),
            ("card", json!("a b")),
            ("card", json!("카드")),
            ("card", json!("a".repeat(201))),
        ] {
            let body = json!({"holdId": held, "method": method, "cardToken": token});
            let refused = person.post("/payments", body).await;
            assert!(
                token
                    .as_str()
                    .is_none_or(|token| token.len() < 3 || !String::from_utf8_lossy(&refused.bytes).contains(token))
            );
            assert_eq!(complaint(refused), "cardToken");
        }
        // Before the login.
        world
            .anyone()
            .post("/payments", json!({"holdId": held, "method": "card"}))
            .await
            .problem(400, "invalid_request");
        pay(&person, &held).await.expect(201);
    })
    .await;
}

/// Another member's hold is not found.
#[tokio::test]
async fn another_members_hold_cannot_be_paid() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let held = hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let other = world.member(100_000).await;
        pay(&other, &held).await.problem(404, "not_found");
        pay(&other, "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo").await.problem(404, "not_found");
        assert_eq!(other.get("/points").await.number("balance"), 100_000);
    })
    .await;
}

/// R2: refused, and the hold stays; after a top-up it is paid.
#[tokio::test]
async fn too_few_points_keep_the_hold() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(49_999).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let refused = pay(&person, &held).await.problem(409, "insufficient_points");
        assert_eq!((refused.number("balance"), refused.number("required")), (49_999, 50_000));
        assert_eq!(refused.text("currency"), "KRW");
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.problem(409, "seats_taken");
        person.post("/points/top-ups", json!({"amount": 1})).await.expect(201);
        pay(&person, &held).await.expect(201);
    })
    .await;
}

/// R3, H2: five minutes on the test clock; nothing had to be swept.
#[tokio::test]
async fn an_expired_hold_cannot_be_paid_and_its_seat_is_free() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        world.advance_seconds(300);
        pay(&person, &held).await.problem(410, "hold_expired");
        let other = world.member(100_000).await;
        let taken = hold(&other, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&person, &held).await.problem(410, "hold_expired");
        pay(&other, &taken).await.expect(201);
        assert_eq!(person.get("/points").await.number("balance"), 100_000);
        world.advance_seconds(24 * 3600);
        pay(&world.log_in_again(&person), &held).await.problem(404, "not_found");
    })
    .await;
}

/// The same with a hold of one second on the real clock.
#[tokio::test]
async fn a_hold_of_one_second_expires_by_itself() {
    World::run(async |world| {
        let performance = world.performance(json!({"holdSeconds": 1})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        tokio::time::sleep(std::time::Duration::from_millis(1_001)).await;
        pay(&person, &held).await.problem(410, "hold_expired");
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_returns_the_first_response() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await.client.with_key("k");
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let first = pay(&person, &held).await.expect(201);
        let again = pay(&person, &held).await.expect(201);
        assert_eq!((again.json.clone(), again.header("location")), (first.json.clone(), first.header("location")));
        let late = person.with_key("m");
        assert_eq!(pay(&late, &held).await.expect(200).json, first.json, "a payment of before");
        let other = hold(&person.with_key("l"), &performance, &["A-1-2"]).await.expect(201).text("holdId");
        pay(&person, &other).await.problem(422, "idempotency_key_reused");
        pay(&late, &other).await.problem(422, "idempotency_key_reused");
        assert_eq!(pay(&late, &held).await.expect(200).json, first.json);
    })
    .await;
}
