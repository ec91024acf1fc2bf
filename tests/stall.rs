//! The engine does not stall the gateway, nor does a crowd: while 200 members poll continuously, another member pays.

use crate::harness::{Person, World, hold, pay};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const POLLERS: usize = 200;
/// How often each of them polls: far more often than instructed.
const POLL_EVERY: Duration = Duration::from_secs(1);
const BOOKINGS: usize = 20;
/// A booking was stalled if this many polls got a response meanwhile: 3 s, and more on a machine that is slow for all
/// of them.
const STALLED_POLLS: usize = 3 * POLLERS;

/// Books one after the other. Returns the median and the longest time, and the most polls with a response during one
/// booking.
async fn bookings(world: &World, performance: &str, row: usize, polls: &AtomicUsize) -> (Duration, Duration, usize) {
    let (mut times, mut most_polls) = (Vec::new(), 0);
    for number in 1..=BOOKINGS {
        let person = world.member(1_000).await;
        let (started, before) = (Instant::now(), polls.load(Ordering::Relaxed));
        let seat = format!("A-{row}-{number}");
        let held = hold(&person, performance, &[&seat]).await.text("holdId");
        pay(&person, &held).await;
        most_polls = most_polls.max(polls.load(Ordering::Relaxed) - before);
        times.push(started.elapsed());
    }
    times.sort();
    (times[BOOKINGS / 2], times[BOOKINGS - 1], most_polls)
}

async fn poll_on(person: Person, path: String, mut token: String, polls: Arc<AtomicUsize>) {
    loop {
        tokio::time::sleep(POLL_EVERY).await;
        let waiting = person.with_queue_token(&token);
        token = waiting.get(&path).await.text("queueToken");
        polls.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pollers_do_not_slow_a_payment_down() {
    World::run(async |world| {
        let sections = json!([{"name": "A", "grade": "R", "price": 1000, "rows": 2, "seatsPerRow": BOOKINGS}]);
        let house = json!({"type": "numbered", "sections": sections});
        let performance = world.performance(json!({"seating": house})).await;
        let polls = Arc::new(AtomicUsize::new(0));
        let (alone, ..) = bookings(world, &performance, 1, &polls).await;

        let crowded = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        let path = format!("/performances/{crowded}/queue");
        let mut crowd = JoinSet::new();
        for _ in 0..POLLERS {
            let person = world.member(0).await;
            let token = person.post(&path, Value::Null).await.text("queueToken");
            crowd.spawn(poll_on(person, path.clone(), token, Arc::clone(&polls)));
        }
        let (median, longest, most_polls) = bookings(world, &performance, 2, &polls).await;
        crowd.abort_all();
        println!("a booking takes {alone:?} alone and {median:?} (at most {longest:?}) beside {POLLERS} pollers");
        assert!(most_polls < STALLED_POLLS, "{most_polls} polls got a response before one booking");
    })
    .await;
}
