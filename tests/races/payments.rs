//! Payments that overtake each other.

use crate::{
    closing::{First, process},
    harness::{World, hold, pay, process::call},
};
use frontrow_edge::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The member gives a payment up that is on its way, his hold lapses, and he is told so: then nothing is paid any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_overtaken_by_its_refusal_is_not_done() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let slow = process(world, First::Late(Duration::from_millis(1_500)));
        let login = format!("Bearer {}", slow.tokens.access(&person.identity));
        let body = json!({"holdId": held, "method": "points"});
        let late =
            tokio::spawn(
                async move { call(&slow, &Method::POST, "/payments", &[("authorization", &login)], &body).await },
            );
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.stack.clock().advance_seconds(301);
        pay(&person, &held).await.problem(410, "hold_expired");
        let late = late.await.expect("an answer");
        assert_eq!((late.status, &late.json["code"]), (410, &json!("hold_expired")));
        assert_eq!(person.get("/points").await.expect(200).json["balance"], 100_000);
        assert_eq!(person.get("/reservations").await.expect(200).json["items"], Value::Array(Vec::new()));
    })
    .await;
}
