//! Payments that overtake each other.

use crate::{
    closing::{First, process, process_behind},
    harness::{
        World, hold, pay,
        process::call,
        wire::{Execute, Meddler, buffered},
    },
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::ConnectorError};
use aws_smithy_types::body::SdkBody;
use frontrow_edge::Method;
use serde_json::{Value, json};
use std::{pin::Pin, sync::Arc, time::Duration};

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

/// A batch's items are read one by one: it has the stake as it was a second before the wallet.
struct Torn;

impl Meddler for Torn {
    fn meddle(
        &self,
        operation: &str,
        _: &Value,
        execute: Execute,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, ConnectorError>> + Send>> {
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

/// The points are missing because this very hold was paid with them: that is no refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_finds_its_points_spent_on_itself_is_the_first_one() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let torn = process_behind(world, Arc::new(Torn));
        let login = format!("Bearer {}", torn.tokens.access(&person.identity));
        let body = json!({"holdId": held, "method": "points"});
        let second =
            tokio::spawn(
                async move { call(&torn, &Method::POST, "/payments", &[("authorization", &login)], &body).await },
            );
        tokio::time::sleep(Duration::from_millis(300)).await;
        let first = pay(&person, &held).await.expect(201);
        assert_eq!(person.get("/points").await.expect(200).json["balance"], 0);
        let second = second.await.expect("an answer");
        assert_eq!((second.status, &second.json), (200, &first.json));
    })
    .await;
}
