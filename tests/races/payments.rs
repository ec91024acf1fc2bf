//! Payments that overtake each other.

use crate::{
    conditions::interlude::StaleBatches,
    freeze::{First, process, process_behind},
    harness::{
        Person, World, hold, pay,
        process::{Response, call},
        wire::{Answering, Execute, Interceptor, buffered},
    },
};
use aws_smithy_types::body::SdkBody;
use frontrow_edge::{App, Method};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// A payment of that hold with points, through `app`.
fn paying(app: App, person: &Person, hold_id: &str) -> impl Future<Output = Response> + Send + 'static {
    let login = format!("Bearer {}", app.tokens.access(&person.identity));
    let body = json!({"holdId": hold_id, "method": "points"});
    async move { call(&app, &Method::POST, "/payments", &[("authorization", &login)], &body).await }
}

/// The member gives up a payment in flight, their hold expires, and they get that response: from then on nothing is
/// paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_overtaken_by_its_refusal_charges_nothing() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let slow = process(world, First::Late(Duration::from_millis(1_500)));
        let late = tokio::spawn(paying(slow, &person, &held));
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.stack.clock().advance_seconds(301);
        pay(&person, &held).await.problem(410, "hold_expired");
        let late = late.await.expect("a response");
        assert_eq!((late.status, &late.json["code"]), (410, &json!("hold_expired")));
        assert_eq!(person.get("/points").await.expect(200).json["balance"], 100_000);
        assert_eq!(person.get("/reservations").await.expect(200).json["items"], Value::Array(Vec::new()));
    })
    .await;
}

/// A batch's items are read one by one: it contains the stake as it was a second before the wallet.
struct Torn;

impl Interceptor for Torn {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let torn = operation == "BatchGetItem";
        Box::pin(async move {
            let before = execute().await?;
            if !torn {
                return Ok(before);
            }
            let (_, before) = buffered(before).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (mut response, after) = buffered(execute().await?).await?;
            let [before, mut after]: [Value; 2] =
                [before, after].map(|text| serde_json::from_str(&text).expect("JSON"));
            let is_stake = |item: &&mut Value| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("stake#"));
            let tables = after["Responses"].as_object_mut().expect("tables");
            for (table, items) in tables {
                let stake = items.as_array_mut().expect("items").iter_mut().find(is_stake).expect("a stake");
                let old = before["Responses"][table].as_array().expect("items").iter();
                *stake = old.clone().find(|item| item["sk"] == stake["sk"]).expect("the same").clone();
            }
            *response.body_mut() = SdkBody::from(after.to_string());
            Ok(response)
        })
    }
}

/// The points are missing because this hold was paid with them: the payment is not refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_whose_points_paid_for_it_returns_the_first_payment() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let torn = process_behind(world, Arc::new(Torn));
        let second = tokio::spawn(paying(torn, &person, &held));
        tokio::time::sleep(Duration::from_millis(300)).await;
        let first = pay(&person, &held).await.expect(201);
        assert_eq!(person.get("/points").await.expect(200).json["balance"], 0);
        let second = second.await.expect("a response");
        assert_eq!((second.status, &second.json), (200, &first.json));
    })
    .await;
}

/// The second time, the stake is read as it was before the first payment.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_with_a_stale_read_returns_the_first_payment() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        world.wire.intercept(Some(Arc::new(StaleBatches::default())));
        let first = pay(&person, &held).await.expect(201);
        let again = pay(&person, &held).await.expect(200);
        world.wire.intercept(None);
        assert_eq!(again.json, first.json);
    })
    .await;
}
