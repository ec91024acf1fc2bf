//! Guards of members who miss their call: what the turnstile takes back, who comes back, and who is called again.

use super::{
    GuardResult, ensure,
    interlude::Interlude,
    machine::Machine,
    room::{admit, join, leave, poll, room_for, view},
};
use crate::harness::{Person, World, book};
use frontrow_domain::limits::CLAIM_SECONDS;
use frontrow_store::limits::TURN_LEASE_SECONDS;
use serde_json::json;
use tokio::sync::oneshot;

const NOT_HAPPENED: &str = "the operation came by";

/// A member whose place was called together with that of a second member.
struct Called {
    performance: String,
    /// The one who does not claim, and their waiting token.
    sleeper: Person,
    waiting: String,
    /// The one who is inside, and their token.
    waker: Person,
    inside: String,
}

impl Called {
    async fn new(world: &World) -> Self {
        let (sleeper, waker) = (world.member(0).await, world.member(0).await);
        let performance = room_for(world, 10).await;
        let waiting = join(&sleeper, &performance).await.expect(201).text("queueToken");
        let inside = admit(world, &waker, &performance).await;
        Self { performance, sleeper, waiting, waker, inside }
    }

    /// A poll that turns the turnstile, if it is due.
    async fn turn(&self) {
        poll(&self.waker, &self.performance, &self.inside).await.expect(200);
    }

    /// The sleeper's place is taken back.
    async fn miss(&self, world: &World) {
        world.advance_seconds(u32::try_from(CLAIM_SECONDS).expect("seconds") + 2);
        self.turn().await;
    }
}

/// A slow turn read the place before another turn took it back, and before its owner returned and was called again.
pub(super) async fn a_place_called_again_is_not_taken_back(world: &World) -> GuardResult {
    let called = Called::new(world).await;
    let next = Machine::ahead_by(world, TURN_LEASE_SECONDS + 1);
    let (clock, id) = (world.stack.clock().clone(), called.performance.clone());
    let (sleeper, waiting) = (called.sleeper.clone(), called.waiting.clone());
    let (waker, inside) = (called.waker.clone(), called.inside.clone());
    let (tell, outcome) = oneshot::channel();
    world.advance_seconds(u32::try_from(CLAIM_SECONDS).expect("seconds") + 2);
    world.wire.intercept(Some(Interlude::before_text("missed#", async move {
        next.poll(&waker, &id, &inside).await;
        let returned = next.poll(&sleeper, &id, &waiting).await;
        clock.advance_seconds(2);
        next.poll(&waker, &id, &inside).await;
        let _ = tell.send(returned);
    })));
    called.turn().await;
    let returned = outcome.await.expect(NOT_HAPPENED);
    ensure(returned.text("status") == "waiting", || format!("coming back: {returned:?}"))?;
    let polled = poll(&called.sleeper, &called.performance, &called.waiting).await;
    ensure(polled.status == 200 && polled.text("status") == "admitted", || {
        format!("a place called again was taken back: {polled:?}")
    })
}

pub(super) async fn a_spent_place_does_not_come_back(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(100_000).await);
    let waiting = join(&person, &performance).await.expect(201).text("queueToken");
    let inside = admit(world, &person, &performance).await;
    book(&person.with_queue_token(&inside), &performance, &["A-1-1"]).await;
    let polled = poll(&person, &performance, &waiting).await;
    ensure(polled.status == 401, || format!("a spent place: {polled:?}"))
}

pub(super) async fn returning_twice_at_once_keeps_the_place(world: &World) -> GuardResult {
    let called = Called::new(world).await;
    called.miss(world).await;
    let other = Machine::ahead_by(world, 0);
    let (same, id) = (called.sleeper.clone(), called.performance.clone());
    let waiting = called.waiting.clone();
    world.wire.intercept(Some(Interlude::before_text("missed#", async move {
        other.poll(&same, &id, &waiting).await;
    })));
    let joined = join(&called.sleeper, &called.performance).await;
    ensure(joined.status == 200 && joined.number("position") == 1, || {
        format!("the place at 1 was lost to a return at the same time: {joined:?}")
    })
}

/// The place was called just before it was marked as given up, so the mark came too late, and it was taken back later.
pub(super) async fn a_place_given_up_is_not_returned_to(world: &World) -> GuardResult {
    let (performance, leaver, waker) = (room_for(world, 10).await, world.member(0).await, world.member(0).await);
    let waiting = join(&leaver, &performance).await.expect(201).text("queueToken");
    let behind = join(&waker, &performance).await.expect(201).text("queueToken");
    world.advance_seconds(2);
    let (other, id, clock) = (Machine::ahead_by(world, 0), performance.clone(), world.stack.clock().clone());
    let (tell, outcome) = oneshot::channel();
    // Leaving has read that the place was not called. Then it is called and missed.
    world.wire.intercept(Some(Interlude::before("PutItem", async move {
        let inside = other.poll(&waker, &id, &behind).await.text("queueToken");
        clock.advance_seconds(u32::try_from(CLAIM_SECONDS).expect("seconds") + 2);
        let _ = tell.send(other.poll(&waker, &id, &inside).await);
    })));
    leave(&leaver, &performance).await.expect(204);
    outcome.await.expect(NOT_HAPPENED);
    let polled = poll(&leaver, &performance, &waiting).await;
    ensure(polled.status == 401, || format!("a member came back who has left: {polled:?}"))
}

/// A token with another member's position of another shard, as if the position had been drawn twice.
pub(super) async fn the_missed_place_of_another_stays_theirs(world: &World) -> GuardResult {
    let policy = json!({"maxActive": 10, "expectedArrivalsPerMinute": 60_000});
    let performance = world.performance(json!({"waitingRoom": policy})).await;
    let (person, other, waker) = (world.member(0).await, world.member(0).await, world.member(0).await);
    let mine = join(&person, &performance).await.expect(201).text("queueToken");
    let theirs = join(&other, &performance).await.expect(201).text("queueToken");
    let inside = admit(world, &waker, &performance).await;
    let called = Called { performance, sleeper: person, waiting: mine, waker, inside };
    called.miss(world).await;
    let tokens = &world.app().tokens;
    let open = |token: &str| tokens.open_queue(token).expect("a token");
    let (mut claims, own) = (open(&theirs), open(&called.waiting));
    assert_eq!((claims.place.index, own.place.index), (1, 1), "of two shards");
    claims.member_id = own.member_id;
    let polled = poll(&called.sleeper, &called.performance, &tokens.queue(&claims)).await;
    ensure(polled.status == 401, || format!("a member came back to another member's place: {polled:?}"))
}

pub(super) async fn a_member_who_left_is_not_called_again(world: &World) -> GuardResult {
    let called = Called::new(world).await;
    called.miss(world).await;
    let returned = poll(&called.sleeper, &called.performance, &called.waiting).await;
    ensure(returned.text("status") == "waiting", || format!("coming back: {returned:?}"))?;
    world.advance_seconds(2);
    let (same, id) = (called.sleeper.clone(), called.performance.clone());
    world.wire.intercept(Some(Interlude::before_update("#state = :granted", async move {
        leave(&same, &id).await.expect(204);
    })));
    called.turn().await;
    let active = view(world, &called.performance, "active").await;
    ensure(active == 1, || format!("{active} are inside, of whom one has left"))
}
