//! Races of members who miss their call: with leaving, with turns that die, and with writes that come late.

use super::missed::{Missed, seconds};
use crate::{
    conditions::{interlude::Interlude, machine::Machine},
    harness::{
        World,
        line::{join, leave, poll},
        wire::{Answering, Execute, Interceptor},
    },
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use frontrow_store::limits::TURN_LEASE_SECONDS;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

/// The member returns through another process while they leave, before and after each write of leaving.
#[tokio::test]
async fn leaving_wins_over_a_return_at_the_same_time() {
    World::run(async |world| {
        for (operation, nth) in [("UpdateItem", 0), ("DeleteItem", 0), ("DeleteItem", 1)] {
            let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
            let (person, place) = missed.sleepers[0].clone();
            let (other, id) = (Machine::ahead_by(world, 0), missed.performance.clone());
            let (same, token) = (person.clone(), place.text("queueToken"));
            world.wire.intercept(Some(Nth::before(operation, nth, async move {
                drop(other.poll(&same, &id, &token).await);
            })));
            leave(&person, &missed.performance).await.expect(204);
            world.wire.intercept(None);
            missed.poll(0).await.problem(401, "queue_token_expired");
            missed.turn(world).await;
            assert_eq!(missed.active(world).await, 1, "{operation} {nth}");
            assert_eq!(missed.stored(world, "missed#").await, 0, "{operation} {nth}");
            assert_eq!(missed.stored(world, &format!("adm#{}", missed.performance)).await, 1, "{operation} {nth}");
        }
    })
    .await;
}

/// The member leaves through another process just before their return is executed.
#[tokio::test]
async fn a_return_after_leaving_is_refused() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        let (person, id) = (missed.sleepers[0].0.clone(), missed.performance.clone());
        world.wire.intercept(Some(Interlude::before_text("missed#", async move {
            leave(&person, &id).await.expect(204);
        })));
        missed.poll(0).await.problem(401, "queue_token_expired");
        assert_eq!(missed.active(world).await, 1);
    })
    .await;
}

/// A turn dies after it called one of two members again: the next one calls the other, and both count in the minute.
#[tokio::test]
async fn a_turn_that_dies_while_it_calls_again_is_continued() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"admitPerMinute": 4}), 3).await;
        for sleeper in 0..3 {
            missed.poll(sleeper).await.expect(200);
        }
        // At the beginning of a minute, so that all that follows is within it.
        let into_minute = world.stack.clock().now().millis().div_euclid(1000).rem_euclid(60);
        world.advance_seconds(seconds(61 - into_minute));
        let path = format!("/performances/{}/waiting-room", missed.performance);
        world.organizer().await.put(&path, json!({"admitPerMinute": 2})).await.expect(200);
        let machine = Machine::behind(world, Arc::new(DiesAfterRecalls(AtomicU32::new(1))));
        let (waker, id, token) = (missed.waker.clone(), missed.performance.clone(), missed.inside.text("queueToken"));
        let dead = tokio::spawn(async move { drop(machine.poll(&waker, &id, &token).await) });
        let one_called = async {
            while missed.active(world).await < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::harness::NEVER, one_called).await.expect("one was called again");
        dead.abort();
        world.advance_seconds(seconds(TURN_LEASE_SECONDS) + 1);
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 3, "the minute allows two: one by the turn that died, one by the next");
        let mut statuses = Vec::new();
        for (person, _) in &missed.sleepers {
            let place = join(person, &missed.performance).await.expect(200);
            statuses.push(poll(person, &missed.performance, &place).await.expect(200).text("status"));
        }
        statuses.sort();
        assert_eq!(statuses, ["admitted", "admitted", "waiting"]);
        world.advance_seconds(60);
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 4);
    })
    .await;
}

/// A call whose outcome is unknown may be executed later: until the lease has expired, no other turn counts.
#[tokio::test]
async fn a_turn_in_doubt_keeps_its_lease() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 2}), 2).await;
        missed.poll(1).await.expect(200);
        world.advance_seconds(2);
        let late = Arc::new(LateRecall::default());
        world.wire.intercept(Some(Arc::new(Arc::clone(&late))));
        poll(&missed.waker, &missed.performance, &missed.inside).await.expect(200);
        world.wire.intercept(None);
        // The first sleeper comes back before the second one's call is executed.
        missed.poll(0).await.expect(200);
        missed.turn(world).await;
        late.execute().await;
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 2);
        world.advance_seconds(seconds(TURN_LEASE_SECONDS));
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 2);
    })
    .await;
}

/// Runs an action before the `nth` call of an operation, counted from 0.
pub(super) struct Nth {
    operation: &'static str,
    left: AtomicU32,
    interlude: Arc<Interlude>,
}

impl Nth {
    pub(super) fn before(
        operation: &'static str,
        nth: u32,
        action: impl Future<Output = ()> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { operation, left: AtomicU32::new(nth), interlude: Interlude::before(operation, action) })
    }
}

impl Interceptor for Nth {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let here = operation == self.operation;
        let earlier =
            here && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if earlier {
            return Box::pin(async move { execute().await });
        }
        self.interlude.intercept(operation, request, execute)
    }
}

fn is_recall(operation: &str, request: &Value) -> bool {
    operation == "UpdateItem"
        && request["UpdateExpression"].as_str().is_some_and(|update| update.contains("#state = :granted"))
}

/// The process dies when it has called that many members again.
struct DiesAfterRecalls(AtomicU32);

impl Interceptor for DiesAfterRecalls {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let recall = is_recall(operation, request);
        let left = self.0.load(Ordering::Relaxed);
        let dead = if recall { self.0.swap(left.saturating_sub(1), Ordering::Relaxed) == 0 } else { false };
        let ends = !recall && left == 0 && matches!(operation, "UpdateItem");
        Box::pin(async move { if dead || ends { std::future::pending().await } else { execute().await } })
    }
}

/// Calls of members again get no response and are executed later.
#[derive(Default)]
struct LateRecall(Mutex<Option<Execute>>);

impl LateRecall {
    async fn execute(&self) {
        let late = self.0.lock().expect("unpoisoned").take().expect("it was called");
        drop(late().await);
    }
}

impl Interceptor for Arc<LateRecall> {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let recall = is_recall(operation, request);
        if recall {
            *self.0.lock().expect("unpoisoned") = Some(Arc::clone(&execute));
        }
        Box::pin(async move {
            if recall {
                let lost = ConnectorError::timeout("the request is late".into());
                return Err(lost);
            }
            execute().await
        })
    }
}
