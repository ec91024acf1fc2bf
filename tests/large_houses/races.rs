//! Maps are correct whatever records arrive, how often, in which order, and at how many projectors concurrently.

use super::{available, fresh_map, general, hold_places, numbered, status_of};
use crate::{
    faults::chaos::{Chaos, Rates},
    harness::{
        Person, World,
        audit::{Snapshot, text},
        hold, pay,
    },
};
use fastrand::Rng;
use frontrow_edge::Worker;
use frontrow_workers::Projector;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// One of many members who hold, pay, release and cancel at random, for `rounds`.
async fn intercept(person: Person, performance: String, grade: Option<&'static str>, rounds: u32, mut rng: Rng) {
    for _ in 0..rounds {
        let held = match grade {
            Some(grade) => {
                let path = format!("/performances/{performance}/holds");
                person.post(&path, json!({"grade": grade, "quantity": rng.u32(1..=9)})).await
            }
            None => {
                let (row, number) = ([1, 10, 11, 20][rng.usize(..4)], rng.u32(1..=6));
                let seats: Vec<String> = (0..rng.u32(1..=3)).map(|n| format!("A-{row}-{}", number + n)).collect();
                hold(&person, &performance, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await
            }
        };
        if held.status != 201 {
            assert_eq!(held.status, 409, "{held:?}");
            continue;
        }
        match rng.u32(..4) {
            0 => drop(person.delete(&held.header("location")).await),
            1 => drop(pay(&person, &held.text("holdId")).await),
            2 => {
                let paid = pay(&person, &held.text("holdId")).await.expect(201);
                drop(person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await);
            }
            _ => return, // The hold is left to expire.
        }
    }
}

async fn crowd(world: &World, performance: &str, grade: Option<&'static str>, seed: u64) {
    let mut running = JoinSet::new();
    for number in 0..12 {
        let person = world.member(1_000_000).await;
        running.spawn(intercept(person, performance.to_owned(), grade, 4, Rng::with_seed(seed + number)));
    }
    while let Some(done) = running.join_next().await {
        done.expect("tasks do not panic");
    }
}

/// Everybody sees what the table contains.
async fn is_shown_truly(world: &World, performance: &str) {
    world.settle().await;
    let map = fresh_map(world, performance).await;
    let snapshot = Snapshot::of(world).await;
    let now = world.stack.clock().now();
    snapshot.maps_are_true(now).expect("the map is correct");
    let listing = world.app().store.listing(&performance.parse().expect("an id"), now).await.expect("a performance");
    let truth = snapshot.truth_of(&listing.performance);
    let left: Vec<i64> = truth.available(&listing.performance.seating, now).into_iter().map(i64::from).collect();
    assert_eq!(available(&map), left);
    let free = map["seats"].as_array().expect("seats").iter().filter(|seat| seat["status"] == "free").count();
    if !truth.seats().is_empty() {
        assert_eq!(i64::try_from(free).expect("few"), left.iter().sum::<i64>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_is_exact_after_a_rush() {
    World::run(async |world| {
        for (details, grade) in [(numbered(), None), (general(), Some("Standing"))] {
            let performance = world.performance(details).await;
            for seed in [7, 70] {
                crowd(world, &performance, grade, seed).await;
                is_shown_truly(world, &performance).await;
                // Members who left their hold find it expired; so do those after them.
                world.advance_seconds(400);
                is_shown_truly(world, &performance).await;
            }
        }
    })
    .await;
}

/// Responses to the projector's own calls are lost, and calls are throttled. A row that was written is recognized as
/// written. A row that was not is retried, until the stream delivers the record again.
#[tokio::test(flavor = "multi_thread")]
async fn the_map_is_exact_after_lost_responses() {
    World::run(async |world| {
        let performance = world.performance(numbered()).await;
        for seed in [3, 4, 5] {
            let rates =
                Rates { conflict: 10, throttled: 10, answer_lost: 25, request_lost: 10, death: 0, late: 0, stale: 0 };
            world.wire.intercept_projections(Some(Arc::new(Chaos::new(
                seed,
                rates,
                world.stack.clock().clone(),
                Arc::default(),
            ))));
            crowd(world, &performance, None, seed).await;
            is_shown_truly(world, &performance).await;
        }
        world.wire.intercept_projections(None);
    })
    .await;
}

/// A record of every seat and shard, as in the stream after a change.
fn records(snapshot: &Snapshot) -> Vec<Value> {
    let parts = snapshot.of_kind("seat").chain(snapshot.of_kind("stripe"));
    let record = |(number, (pk, sk)): (usize, (&str, &str))| {
        json!({
            "eventID": "1", "eventName": "REMOVE", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "r",
            "eventSourceARN": "arn:aws:dynamodb:r:1:table/t/stream/1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_764_547_200, "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
                "Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "SequenceNumber": number.to_string(),
            },
        })
    };
    parts.map(|item| (text(item, "pk"), text(item, "sk"))).enumerate().map(record).collect()
}

/// Passes `records` to a projector like the stream does: again, if it lost too many races.
async fn project(projector: &Projector, records: &[Value]) {
    for _ in 0..50 {
        let event = serde_json::from_value(json!({"Records": records})).expect("an event");
        let reply = projector.handle(event).await.expect("a response");
        if serde_json::to_value(reply).expect("JSON")["batchItemFailures"] == json!([]) {
            return;
        }
    }
    panic!("the projector loses every race");
}

/// While members book, additional projectors get the same records again, many concurrently and the latest ones first.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_projectors_keep_the_map_exact() {
    World::run(async |world| {
        let seats = world.performance(numbered()).await;
        let places = world.performance(general()).await;
        crowd(world, &seats, None, 1).await;
        hold_places(&world.member(0).await.client, &places, "Standing", 50).await;
        let snapshot = Snapshot::of(world).await;
        let projecting = async {
            let mut running = JoinSet::new();
            for _ in 0..4 {
                let (store, clock) = (world.app().store.clone(), world.stack.clock().clone());
                let projector = Projector::new(store, clock, world.stack.queues().sender());
                let mut records = records(&snapshot);
                records.reverse();
                running.spawn(async move {
                    for _ in 0..3 {
                        project(&projector, &records).await;
                    }
                });
            }
            while let Some(done) = running.join_next().await {
                done.expect("projectors do not panic");
            }
        };
        tokio::join!(projecting, crowd(world, &seats, None, 2), crowd(world, &places, Some("Standing"), 3));
        is_shown_truly(world, &seats).await;
        is_shown_truly(world, &places).await;
        let map = fresh_map(world, &seats).await;
        assert_eq!(status_of(&map, "B-1-1"), "free", "no request was for this seat");
    })
    .await;
}
