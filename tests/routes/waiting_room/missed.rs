//! Members who miss their call, and come back to their place.

use super::room;
use crate::harness::{
    Person, World,
    audit::{Snapshot, text},
    client::Reply,
    line::{admit, join, leave, poll, poll_later},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::limits::{CLAIM_SECONDS, RECALL_SECONDS};
use serde_json::{Value, json};

pub(super) fn seconds(seconds: i64) -> u32 {
    u32::try_from(seconds).expect("a time")
}

/// A performance where `sleepers` were called and missed it, in order of position; and one more member, who is inside
/// and whose polls turn the turnstile.
pub(super) struct Missed {
    pub(super) performance: String,
    pub(super) sleepers: Vec<(Person, Reply)>,
    pub(super) waker: Person,
    pub(super) inside: Reply,
}

impl Missed {
    pub(super) async fn new(world: &World, policy: Value, sleepers: usize) -> Self {
        let performance = room(world, policy).await;
        let mut called = Vec::new();
        for _ in 0..sleepers {
            let person = world.member(0).await;
            let place = join(&person, &performance).await.expect(201);
            called.push((person, place));
        }
        let waker = world.member(0).await;
        let (inside, _) = admit(world, &waker, &performance).await;
        let missed = Self { performance, sleepers: called, waker, inside };
        world.advance_seconds(seconds(CLAIM_SECONDS) + 1);
        missed.turn(world).await;
        assert_eq!(missed.stored(world, "missed#").await, sleepers, "taken back and remembered");
        missed
    }

    /// Lets a turn of the turnstile happen.
    pub(super) async fn turn(&self, world: &World) {
        poll_later(world, &self.waker, &self.performance, &self.inside).await.expect(200);
    }

    pub(super) async fn poll(&self, sleeper: usize) -> Reply {
        let (person, place) = &self.sleepers[sleeper];
        poll(person, &self.performance, place).await
    }

    /// The number of items whose partition key begins with `prefix`.
    pub(super) async fn stored(&self, world: &World, prefix: &str) -> usize {
        let snapshot = Snapshot::of(world).await;
        snapshot.items.iter().filter(|item| text(item, "pk").starts_with(prefix)).count()
    }

    pub(super) async fn active(&self, world: &World) -> i64 {
        let path = format!("/performances/{}/waiting-room", self.performance);
        world.organizer().await.get(&path).await.expect(200).number("active")
    }
}

/// A member who comes back waits with nobody ahead, and is called again by the next turn that has a place for them.
#[tokio::test]
async fn a_member_who_missed_the_call_comes_back_to_their_place() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        let back = missed.poll(0).await.expect(200);
        assert_eq!((back.text("status"), back.number("position")), ("waiting".into(), 1));
        assert_eq!(["ahead", "pollAfterSeconds", "estimatedWaitSeconds"].map(|field| back.number(field)), [0, 2, 0]);
        assert_eq!(missed.active(world).await, 1, "a returned member is not inside");
        let again = missed.poll(0).await.expect(200);
        assert_eq!((again.text("status"), missed.stored(world, "missed#").await), ("waiting".into(), 0));
        // Their own poll turns the turnstile.
        let (person, _) = &missed.sleepers[0];
        let inside = poll_later(world, person, &missed.performance, &again).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
    })
    .await;
}

/// After the token expired, joining brings the member back: half an hour later, too.
#[tokio::test]
async fn a_member_who_slept_for_half_an_hour_joins_at_their_place() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        world.advance_seconds(30 * 60);
        missed.poll(0).await.problem(401, "queue_token_expired");
        let (person, _) = &missed.sleepers[0];
        let back = join(person, &missed.performance).await.expect(200);
        assert_eq!((back.text("status"), back.number("position"), back.number("ahead")), ("waiting".into(), 1, 0));
        let same = join(person, &missed.performance).await.expect(200);
        assert_eq!((same.text("status"), same.number("position")), ("waiting".into(), 1));
        let inside = poll_later(world, person, &missed.performance, &same).await.expect(200);
        assert_eq!(inside.text("status"), "admitted");
    })
    .await;
}

/// The place inside goes to the next member after 20 s, and members who come back are called before the line goes on.
#[tokio::test]
async fn members_who_come_back_are_called_in_order_before_the_line_goes_on() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 3}), 2).await;
        let (third, next) = (world.member(0).await, world.member(0).await);
        admit(world, &third, &missed.performance).await;
        let behind = join(&next, &missed.performance).await.expect(201);
        // Inside are the waker, the third, and the next; both sleepers come back, the second one first.
        let next_inside = poll_later(world, &next, &missed.performance, &behind).await.expect(200);
        assert_eq!(next_inside.text("status"), "admitted");
        let last = world.member(0).await;
        let behind = join(&last, &missed.performance).await.expect(201);
        assert_eq!(missed.poll(1).await.expect(200).text("status"), "waiting");
        assert_eq!(missed.poll(0).await.expect(200).text("status"), "waiting");
        missed.turn(world).await;
        assert_eq!(missed.poll(0).await.expect(200).text("status"), "waiting", "nobody has left");
        leave(&third, &missed.performance).await.expect(204);
        missed.turn(world).await;
        assert_eq!(missed.poll(1).await.expect(200).text("status"), "waiting", "one place, for the first position");
        assert_eq!(missed.poll(0).await.expect(200).text("status"), "admitted");
        leave(&next, &missed.performance).await.expect(204);
        let behind = poll_later(world, &last, &missed.performance, &behind).await.expect(200);
        assert_eq!(behind.text("status"), "waiting", "the second comes before the last of the line");
        assert_eq!(missed.poll(1).await.expect(200).text("status"), "admitted");
        assert_eq!(missed.active(world).await, 3);
    })
    .await;
}

/// A browser may run the timers of a hidden tab once a minute: a member called again has 90 s.
#[tokio::test]
async fn a_hidden_tab_is_in_time_for_the_second_call() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        missed.poll(0).await.expect(200);
        missed.turn(world).await;
        world.advance_seconds(seconds(RECALL_SECONDS) - 4);
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 2, "not taken back");
        let (person, _) = &missed.sleepers[0];
        let place = join(person, &missed.performance).await.expect(200);
        let inside = poll(person, &missed.performance, &place).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
    })
    .await;
}

/// The second call can be missed, too.
#[tokio::test]
async fn a_member_can_miss_the_call_twice() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        missed.poll(0).await.expect(200);
        missed.turn(world).await;
        world.advance_seconds(seconds(RECALL_SECONDS) + 1);
        missed.turn(world).await;
        assert_eq!((missed.active(world).await, missed.stored(world, "missed#").await), (1, 1));
        let (person, _) = &missed.sleepers[0];
        let back = join(person, &missed.performance).await.expect(200);
        let inside = poll_later(world, person, &missed.performance, &back).await.expect(200);
        assert_eq!((inside.text("status"), inside.number("position")), ("admitted".into(), 1));
    })
    .await;
}

/// Leaving ends the place whether it was called, missed or called again: no token brings it back.
#[tokio::test]
async fn a_place_that_was_left_does_not_come_back() {
    World::run(async |world| {
        for steps in 0..3 {
            let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
            if steps > 0 {
                missed.poll(0).await.expect(200);
            }
            if steps > 1 {
                missed.turn(world).await;
            }
            let (person, _) = &missed.sleepers[0];
            leave(person, &missed.performance).await.expect(204);
            missed.poll(0).await.problem(401, "queue_token_expired");
            missed.turn(world).await;
            missed.poll(0).await.problem(401, "queue_token_expired");
            assert_eq!(missed.active(world).await, 1);
            assert_eq!(missed.stored(world, "missed#").await, 0);
            assert_eq!(join(person, &missed.performance).await.expect(201).number("position"), 3);
            leave(person, &missed.performance).await.expect(204);
        }
    })
    .await;
}

/// TTL may delete what is remembered after 30 days: then the place is finished.
#[tokio::test]
async fn a_forgotten_place_is_finished() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        for item in Snapshot::of(world).await.items.iter().filter(|item| text(item, "pk").starts_with("missed#")) {
            let delete = world.stack.engine().dynamodb().delete_item().table_name(&world.app().config.table_name);
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.expect("the engine deletes");
        }
        missed.poll(0).await.problem(401, "queue_token_expired");
        let (person, _) = &missed.sleepers[0];
        assert_eq!(join(person, &missed.performance).await.expect(201).number("position"), 3);
    })
    .await;
}

/// Nobody is called again while the room is paused.
#[tokio::test]
async fn a_paused_room_calls_nobody_again() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 1).await;
        let path = format!("/performances/{}/waiting-room", missed.performance);
        world.organizer().await.put(&path, json!({"maxActive": 10, "paused": true})).await.expect(200);
        missed.poll(0).await.expect(200);
        missed.turn(world).await;
        assert_eq!(missed.poll(0).await.expect(200).text("status"), "waiting");
        assert_eq!(missed.active(world).await, 1);
        let view = world.organizer().await.get(&path).await.expect(200);
        assert_eq!(view.number("waiting"), 1, "they wait");
        world.organizer().await.put(&path, json!({"maxActive": 10})).await.expect(200);
        missed.turn(world).await;
        assert_eq!(missed.poll(0).await.expect(200).text("status"), "admitted");
    })
    .await;
}

/// Items of the first version: a place that was called with a whole minute to claim, and nothing is remembered.
#[tokio::test]
async fn a_place_called_by_the_first_version_is_understood() {
    World::run(async |world| {
        let missed = Missed::new(world, json!({"maxActive": 10}), 2).await;
        let (client, table) = (world.stack.engine().dynamodb(), world.app().config.table_name.clone());
        let claim_until = world.stack.clock().now().plus_seconds(60).millis();
        for (position, (person, _)) in (1..).zip(&missed.sleepers) {
            let place = join(person, &missed.performance).await.expect(200);
            assert_eq!(place.number("position"), position);
            let key = format!("adm#{}#{position}", missed.performance);
            let put = client.put_item().table_name(&table).item("pk", AttributeValue::S(key));
            let put = put.item("sk", AttributeValue::S(format!("{position:015}")));
            let put = put.item("entity", AttributeValue::S("admission".into()));
            let put = put.item("state", AttributeValue::S("granted".into()));
            let put = put.item("claim_until", AttributeValue::N(claim_until.to_string()));
            let put = put.item("ttl", AttributeValue::N((claim_until / 1_000 + 86_400).to_string()));
            put.send().await.expect("the engine stores");
        }
        world.advance_seconds(40);
        missed.turn(world).await;
        assert_eq!(missed.active(world).await, 3, "not taken back");
        let (person, _) = &missed.sleepers[0];
        let place = join(person, &missed.performance).await.expect(200);
        assert_eq!(poll(person, &missed.performance, &place).await.expect(200).text("status"), "admitted");
        world.advance_seconds(20);
        missed.turn(world).await;
        assert_eq!((missed.active(world).await, missed.stored(world, "missed#").await), (2, 1));
    })
    .await;
}
