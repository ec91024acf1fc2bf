//! Shows that move to another venue and die on the way.

use super::process_on;
use crate::harness::{
    World,
    client::Reply,
    performance_details,
    wire::{Answering, Execute, Interceptor, Wire},
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use frontrow_domain::{Result, show::Show};
use frontrow_edge::App;
use frontrow_store::limits::FREEZE_LEASE_SECONDS;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

fn details(venue: &str) -> Value {
    json!({"title": "Aida", "category": "play", "venue": venue})
}

/// The performance on that day.
fn at(world: &World, day: u32) -> Value {
    performance_details(world.app(), json!({"startsAt": format!("2099-12-{day:02}T10:00:00Z")}))
}

/// Replaces the show by `details` through `app`, which may die because it does not serve HTTP.
async fn moved_to(app: &App, show: &Reply, details: Value) -> Result<Show> {
    let id = show.text("showId").parse().expect("an id");
    app.store.replace_show(&id, &serde_json::from_value(details).expect("a show"), app.clock.now()).await
}

/// A move of a show that dies after each of its calls: it has happened or not, and can be repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_crashes_anywhere_is_complete_or_absent() {
    join_all((0..10).map(|calls| World::run(async move |world| move_and_die(world, calls).await))).await;
}

async fn move_and_die(world: &World, calls: u32) {
    let organizer = world.organizer().await;
    let show = organizer.post("/shows", details("From")).await.expect(201);
    let path = show.header("location");
    for day in 1..=3 {
        organizer.post(&format!("{path}/performances"), at(world, day)).await.expect(201);
    }
    let wire = Wire::default();
    let app = process_on(world, &wire);
    // Reads and marks pass; then this number of writes.
    let moved = CrashAfter::on(&wire, 2 + calls).runs(moved_to(&app, &show, details("To"))).await;
    world.advance_seconds(u32::try_from(FREEZE_LEASE_SECONDS).expect("a short time"));
    let venue = organizer.get(&path).await.text("venue");
    let free = if venue == "From" { "To" } else { "From" };
    assert!(moved.is_none() || venue == "To", "{venue}");
    let other = organizer.post("/shows", details(free)).await.expect(201).header("location");
    let second = organizer.post("/shows", details(&venue)).await.expect(201).header("location");
    for day in 1..=3 {
        // Leftover slots are free for other performances, those of the show are not.
        organizer.post(&format!("{second}/performances"), at(world, day)).await.problem(409, "slot_taken");
        organizer.post(&format!("{other}/performances"), at(world, day)).await.expect(201);
    }
    organizer.put(&path, details("Again")).await.expect(200);
}

/// A move that dies leaves its slots behind. They do not block the show when it moves after all, whatever its dates
/// were.
#[tokio::test(flavor = "multi_thread")]
async fn a_show_can_move_to_its_own_leftover_slots() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", details("From")).await.expect(201);
        let path = show.header("location");
        let date = organizer.post(&format!("{path}/performances"), at(world, 1)).await.expect(201).header("location");
        let wire = Wire::default();
        let app = process_on(world, &wire);
        // Two marks and the slot are written, the move itself is not.
        let moved = CrashAfter::on(&wire, 3).runs(moved_to(&app, &show, details("To"))).await;
        assert!(moved.is_none(), "it dies");
        world.advance_seconds(u32::try_from(FREEZE_LEASE_SECONDS).expect("a short time"));
        organizer.put(&date, at(world, 2)).await.expect(200);
        organizer.put(&path, details("To")).await.expect(200);
        organizer.put(&date, at(world, 1)).await.expect(200);
    })
    .await;
}

/// A move whose response is lost for good: it was done, so its slots stay taken.
#[tokio::test(flavor = "multi_thread")]
async fn slots_stay_taken_after_a_move_with_a_lost_response() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", details("From")).await.expect(201);
        let path = show.header("location");
        organizer.post(&format!("{path}/performances"), at(world, 1)).await.expect(201);
        let wire = Wire::default();
        let app = process_on(world, &wire);
        wire.intercept(Some(Arc::new(LostResponses(AtomicU32::new(2)))));
        moved_to(&app, &show, details("To")).await.expect_err("the response is lost");
        world.advance_seconds(u32::try_from(FREEZE_LEASE_SECONDS).expect("a short time"));
        assert_eq!(organizer.get(&path).await.text("venue"), "To");
        let other = organizer.post("/shows", details("To")).await.expect(201).header("location");
        organizer.post(&format!("{other}/performances"), at(world, 1)).await.problem(409, "slot_taken");
    })
    .await;
}

/// This number of transactions gets responses; the others are executed without one.
struct LostResponses(AtomicU32);

impl Interceptor for LostResponses {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let left = |left: u32| left.checked_sub(1);
        let lost = operation == "TransactWriteItems"
            && self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err();
        Box::pin(async move {
            let answer = execute().await;
            if lost { Err(ConnectorError::timeout("the response is lost".into())) } else { answer }
        })
    }
}

/// This number of writes reaches the table; the process dies before the next one.
#[derive(Default)]
struct CrashAfter {
    writes_left: AtomicU32,
    is_dead: AtomicBool,
    executing: AtomicU32,
}

impl CrashAfter {
    fn on(wire: &Wire, writes_left: u32) -> Arc<Self> {
        let crash = Arc::new(Self { writes_left: AtomicU32::new(writes_left), ..Self::default() });
        wire.intercept(Some(Arc::new(Handle(Arc::clone(&crash)))));
        crash
    }

    /// What `process` returns; `None` if it dies. Its other calls have been executed by then.
    async fn runs<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let died = async {
            while !self.is_dead.load(Ordering::SeqCst) || self.executing.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! { done = process => Some(done), () = died => None }
    }
}

struct Handle(Arc<CrashAfter>);

impl Interceptor for Handle {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let crash = Arc::clone(&self.0);
        let is_write = !matches!(operation, "GetItem" | "Query" | "BatchGetItem");
        Box::pin(async move {
            let left = |left: u32| left.checked_sub(1);
            if is_write && crash.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_err() {
                crash.is_dead.store(true, Ordering::SeqCst);
                return std::future::pending().await;
            }
            crash.executing.fetch_add(1, Ordering::SeqCst);
            // A task of its own: a caller that gives up does not stop it.
            let executed = tokio::spawn(async move {
                let answer = execute().await;
                crash.executing.fetch_sub(1, Ordering::SeqCst);
                answer
            });
            executed.await.expect("the engine does not panic")
        })
    }
}
