//! The engine does not stall the gateway, nor does a crowd: while 200 members poll without pause, somebody pays.

use crate::harness::{Person, World, book};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const POLLERS: usize = 200;
/// How often each of them polls: far more often than told.
const POLL_EVERY: Duration = Duration::from_secs(1);
const BOOKINGS: usize = 20;
/// A booking that takes so long was stalled, on however slow a machine.
const STALLED: Duration = Duration::from_secs(3);

/// Books one after the other; answers the median and the longest time.
async fn bookings(world: &World, performance: &str, row: usize) -> (Duration, Duration) {
    let mut times = Vec::new();
    for number in 1..=BOOKINGS {
        let person = world.member(1_000).await;
        let started = Instant::now();
        book(&person, performance, &[&format!("A-{row}-{number}")]).await;
        times.push(started.elapsed());
    }
    times.sort();
    (times[BOOKINGS / 2], times[BOOKINGS - 1])
}

async fn poll_on(person: Person, path: String, mut token: String) {
    loop {
        tokio::time::sleep(POLL_EVERY).await;
        token = person.with_queue_token(&token).get(&path).await.expect(200).text("queueToken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pollers_do_not_slow_a_payment_down() {
    World::run(async |world| {
        let sections = json!([{"name": "A", "grade": "R", "price": 1000, "rows": 2, "seatsPerRow": BOOKINGS}]);
        let house = json!({"type": "numbered", "sections": sections});
        let performance = world.performance(json!({"seating": house})).await;
        let (alone, _) = bookings(world, &performance, 1).await;

        let crowded = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        let path = format!("/performances/{crowded}/queue");
        let mut crowd = JoinSet::new();
        for _ in 0..POLLERS {
            let person = world.member(0).await;
            let token = person.post(&path, Value::Null).await.expect(201).text("queueToken");
            crowd.spawn(poll_on(person, path.clone(), token));
        }
        let (median, longest) = bookings(world, &performance, 2).await;
        crowd.abort_all();
        println!("a booking takes {alone:?} alone and {median:?} (at most {longest:?}) beside {POLLERS} pollers");
        assert!(longest < STALLED, "a booking took {longest:?}");
    })
    .await;
}
