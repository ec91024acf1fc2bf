//! Holds whose process gets responses late, or freezes and thaws after everything else is done.

use super::{holding, process_behind};
use crate::harness::{
    World, book, pay, performance_details,
    wire::{Answering, Execute, Interceptor},
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Responses are late: reads return an earlier state, and writes arrive after their caller gave up.
struct Delays;

impl Interceptor for Delays {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let of_performance = request["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("performance#"));
        let (reads, writes) = (operation == "GetItem" && of_performance, operation == "TransactWriteItems");
        Box::pin(async move {
            if writes {
                tokio::time::sleep(Duration::from_millis(2_800)).await;
            }
            let answer = execute().await;
            if reads {
                tokio::time::sleep(Duration::from_millis(2_500)).await;
            }
            answer
        })
    }
}

/// A hold whose process learned late that nothing is closed is not sent: that was the state when the read began.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_with_a_stale_read_is_refused_after_a_delete() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, organizer) = (world.member(0).await, world.organizer().await);
        let holding = tokio::spawn(holding(process_behind(world, Arc::new(Delays)), &person, &performance));
        // By then, the response to its second check is on its way.
        tokio::time::sleep(Duration::from_millis(2_600)).await;
        organizer.delete(&format!("/performances/{performance}")).await.expect(204);
        let refused = holding.await.expect("a response");
        // On a machine that stalls, its first check may come after the deletion.
        assert!(matches!(refused.status, 404 | 503), "{refused:?}");
    })
    .await;
}

/// Transactions without a response: the first is kept and executed when the test decides.
#[derive(Default)]
struct Frozen(Mutex<Option<Execute>>);

impl Interceptor for Frozen {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        if operation != "TransactWriteItems" {
            return execute();
        }
        self.0.lock().expect("no panic").get_or_insert(execute);
        Box::pin(async { Err(ConnectorError::timeout("no response".into())) })
    }
}

/// A process freezes before it sends its hold, and thaws after the house was re-seated: seats that no longer exist
/// are not sold.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_hold_of_replaced_seats_is_not_paid() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, organizer) = (world.member(100_000).await, world.organizer().await);
        let frozen = Arc::new(Frozen::default());
        let response = holding(process_behind(world, frozen.clone()), &person, &performance).await;
        assert_eq!(response.status, 503, "{response:?}");
        let path = format!("/performances/{performance}");
        let start = organizer.get(&path).await.json["startsAt"].clone();
        let seating = json!({"type": "numbered", "sections": [
            {"name": "B", "grade": "R", "price": 70_000, "rows": 2, "seatsPerRow": 10}]});
        organizer
            .put(&path, performance_details(world.app(), json!({"startsAt": start, "seating": seating})))
            .await
            .expect(200);
        let thawed = frozen.0.lock().expect("no panic").take().expect("a hold");
        thawed().await.expect("a response");
        let holds = person.get("/holds").await.json;
        let hold_id = holds["items"][0]["holdId"].as_str().expect("the late hold").to_owned();
        pay(&person, &hold_id).await.problem(410, "hold_expired");
        person.delete(&format!("/holds/{hold_id}")).await.expect(204);
        book(&person, &performance, &["B-1-1"]).await;
    })
    .await;
}
