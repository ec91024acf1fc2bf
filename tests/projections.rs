//! Projections of reservations are the same, whatever records arrive, how often, in which order, and at how many
//! projectors concurrently.

use crate::harness::{
    Person, World,
    audit::{Item, Snapshot, text},
    book,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_edge::Worker;
use frontrow_workers::Projector;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// An attribute in the stream's format.
fn as_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(yes) => json!({"BOOL": yes}),
        AttributeValue::L(list) => json!({"L": list.iter().map(as_json).collect::<Vec<_>>()}),
        AttributeValue::M(map) => json!({"M": image(map)}),
        AttributeValue::Null(_) => json!({"NULL": true}),
        other => panic!("an attribute that no reservation has: {other:?}"),
    }
}

fn image(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), as_json(value))).collect()
}

/// A record for each reservation.
fn records(snapshot: &Snapshot) -> Vec<Value> {
    let record = |(number, item): (usize, &Item)| {
        json!({
            "eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "r",
            "eventSourceARN": "arn:aws:dynamodb:r:1:table/t/stream/1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_764_547_200, "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
                "Keys": {"pk": as_json(&item["pk"]), "sk": as_json(&item["sk"])}, "SequenceNumber": number.to_string(), "NewImage": image(item),
            },
        })
    };
    snapshot.items.iter().filter(|item| text(item, "entity") == "reservation").enumerate().map(record).collect()
}

/// A new projector gets `records` and processes them all.
async fn project(world: &World, records: Vec<Value>) {
    let projector =
        Projector::new(world.app().store.clone(), world.stack.clock().clone(), world.stack.queues().sender());
    let event = serde_json::from_value(json!({"Records": records})).expect("an event");
    let reply = projector.handle(event).await.expect("a response");
    assert_eq!(serde_json::to_value(reply).expect("JSON")["batchItemFailures"], json!([]));
}

/// As `project`, with many projectors concurrently.
async fn project_at_once(world: &World, batches: Vec<Vec<Value>>) {
    let store = world.app().store.clone();
    let (clock, sender) = (world.stack.clock().clone(), world.stack.queues().sender());
    let mut running = JoinSet::new();
    for batch in batches {
        let projector = Projector::new(store.clone(), clock.clone(), sender.clone());
        running.spawn(async move {
            let event = serde_json::from_value(json!({"Records": batch})).expect("an event");
            let reply = projector.handle(event).await.expect("a response");
            serde_json::to_value(reply).expect("JSON")["batchItemFailures"].clone()
        });
    }
    for failures in running.join_all().await {
        assert_eq!(failures, json!([]));
    }
}

async fn some_reservations(world: &World, performance: &str) -> Vec<(Person, String)> {
    let mut booked = Vec::new();
    for (index, row) in ["A-1", "A-2", "B-1", "B-2", "B-3"].into_iter().enumerate() {
        let person = world.member(1_000_000).await;
        for seats in 1..=2 {
            let seats: Vec<String> = (1..=seats).map(|number| format!("{row}-{}", seats * 3 + number)).collect();
            let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
            booked.push((person.clone(), book(&person, performance, &seats).await.text("reservationId")));
        }
        if index % 2 == 0 {
            let (person, reservation) = &booked[booked.len() - 1];
            person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        }
    }
    booked
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_reordered_and_concurrent_records_change_nothing() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        some_reservations(world, &performance).await;
        world.settle().await;
        let snapshot = Snapshot::of(world).await;
        let (derived, records) = (snapshot.derived(), records(&snapshot));
        assert!(derived.len() > 30 && records.len() == 10, "{} rows of {} records", derived.len(), records.len());
        let backwards: Vec<Value> = records.iter().rev().cloned().collect();
        let twice = [records.clone(), records.clone()].concat();
        project(world, twice).await;
        project(world, backwards.clone()).await;
        project_at_once(world, vec![records.clone(), backwards.clone(), records.clone(), backwards.clone()]).await;
        assert_eq!(Snapshot::of(world).await.derived(), derived);

        // From nothing, by six projectors concurrently.
        snapshot.forget_derived(world).await;
        assert!(Snapshot::of(world).await.derived().is_empty());
        let halves = |records: &[Value]| [records[..7].to_vec(), records[3..].to_vec()];
        let batches = [halves(&records), halves(&backwards), [records.clone(), backwards.clone()]].concat();
        project_at_once(world, batches).await;
        assert_eq!(Snapshot::of(world).await.derived(), derived);
    })
    .await;
}

/// While members book and cancel, three more projectors process everything again and again. The audit checks the
/// projections against the reservations.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_projectors_lose_and_duplicate_nothing() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
        some_reservations(world, &performance).await;
        let records = records(&Snapshot::of(world).await);
        let mut members = JoinSet::new();
        for row in ["A-1", "B-1", "B-2", "B-3"] {
            let (person, performance) = (world.member(1_000_000).await, performance.clone());
            members.spawn(async move {
                for _ in 0..6 {
                    let seat = format!("{row}-1");
                    let reservation = book(&person, &performance, &[&seat]).await.text("reservationId");
                    person.delete(&format!("/reservations/{reservation}")).await.expect(200);
                }
            });
        }
        for _ in 0..5 {
            project_at_once(world, vec![records.clone(); 3]).await;
        }
        members.join_all().await;
    })
    .await;
}

/// An unreadable record stops the batch there, after the records before it were processed.
#[tokio::test]
async fn unreadable_records_stop_the_batch_and_are_redelivered() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        some_reservations(world, &performance).await;
        world.settle().await;
        let snapshot = Snapshot::of(world).await;
        snapshot.forget_derived(world).await;
        let mut broken = records(&snapshot);
        broken[9]["dynamodb"]["NewImage"]["reservation_id"] = json!({"S": "not one"});
        let sender = world.stack.queues().sender();
        let projector = Projector::new(world.app().store.clone(), world.stack.clock().clone(), sender);
        let event = serde_json::from_value(json!({"Records": broken})).expect("an event");
        let reply = serde_json::to_value(projector.handle(event).await.expect("a response")).expect("JSON");
        assert_eq!(reply["batchItemFailures"], json!([{"itemIdentifier": "9"}]));
        let done =
            Snapshot::of(world).await.items.into_iter().filter(|item| text(item, "entity") == "door_row").count();
        assert_eq!(done, 9);
        project(world, records(&snapshot)).await;
    })
    .await;
}
