//! Guards of the turnstile: machines that turn it, stall, and read stale data, beside members who claim and hold.

use super::{
    GuardResult, ensure,
    interlude::Interlude,
    machine::Machine,
    room::{admit, join, poll, room_for, view},
};
use crate::harness::{World, pay};
use frontrow_store::limits::TURN_LEASE_SECONDS;
use tokio::sync::oneshot;

const NOT_HAPPENED: &str = "the operation came by";

pub(super) async fn two_concurrent_turns_admit_one(world: &World) -> GuardResult {
    let performance = room_for(world, 1).await;
    let (first, second) = (world.member(0).await, world.member(0).await);
    let token = join(&first, &performance).await.expect(201).text("queueToken");
    let waiting = join(&second, &performance).await.expect(201).text("queueToken");
    let late = Machine::reading_late(world, &performance, 0).await;
    let (other, next) = (Machine::ahead_by(world, 0), Machine::ahead_by(world, 2));
    let (id, leaver, called) = (performance.clone(), first.clone(), token.clone());
    world.advance_seconds(2);
    // While a turn is about to call the first member, another one calls them, they leave, and a third calls the second.
    world.wire.intercept(Some(Interlude::before("PutItem", async move {
        late.poll(&second, &id, &waiting).await;
        other.poll(&leaver, &id, &called).await;
        other.leave(&leaver, &id).await;
        next.poll(&second, &id, &waiting).await;
    })));
    poll(&first, &performance, &token).await;
    let active = view(world, &performance, "active").await;
    ensure(active <= 1, || format!("{active} are inside a room for one"))
}

pub(super) async fn the_turnstile_turns_once_a_second(world: &World) -> GuardResult {
    let performance = room_for(world, 10).await;
    let (first, second) = (world.member(0).await, world.member(0).await);
    // Behind, so that its second does not end however slow this test is.
    let late = Machine::reading_late(world, &performance, -10).await;
    admit(world, &first, &performance).await;
    let waiting = join(&second, &performance).await.expect(201).text("queueToken");
    let polled = late.poll(&second, &performance, &waiting).await;
    ensure(polled.text("status") == "waiting", || format!("the turnstile turned twice in a second: {polled:?}"))
}

pub(super) async fn a_turn_that_lost_its_lease_writes_nothing(world: &World) -> GuardResult {
    let performance = room_for(world, 10).await;
    let (first, second) = (world.member(0).await, world.member(0).await);
    let token = join(&first, &performance).await.expect(201).text("queueToken");
    world.advance_seconds(2);
    let (other, next) = (Machine::ahead_by(world, 0), Machine::ahead_by(world, TURN_LEASE_SECONDS + 1));
    let id = performance.clone();
    world.wire.intercept(Some(Interlude::before_update("#serving", async move {
        let waiting = other.join(&second, &id).await.text("queueToken");
        next.poll(&second, &id, &waiting).await;
    })));
    poll(&first, &performance, &token).await;
    let serving = view(world, &performance, "serving").await;
    ensure(serving == 2, || format!("two were called, then a late turn wrote {serving}"))
}

pub(super) async fn a_late_insert_does_not_undo_a_claim(world: &World) -> GuardResult {
    let performance = room_for(world, 10).await;
    let person = world.member(0).await;
    let waiting = join(&person, &performance).await.expect(201).text("queueToken");
    world.advance_seconds(2);
    let (tell, outcome) = oneshot::channel();
    let (next, same) = (Machine::ahead_by(world, TURN_LEASE_SECONDS + 1), person.clone());
    let (id, token) = (performance.clone(), waiting.clone());
    world.wire.intercept(Some(Interlude::before("PutItem", async move {
        let _ = tell.send(next.poll(&same, &id, &token).await);
    })));
    poll(&person, &performance, &waiting).await;
    let inside = outcome.await.expect(NOT_HAPPENED);
    ensure(inside.text("status") == "admitted", || format!("the next machine did not admit: {inside:?}"))?;
    let polled = poll(&person, &performance, &inside.text("queueToken")).await;
    ensure(polled.status == 200, || format!("an admitted member gets {polled:?}"))
}

pub(super) async fn a_place_claimed_in_time_is_not_taken_back(world: &World) -> GuardResult {
    let performance = room_for(world, 10).await;
    let (first, second) = (world.member(0).await, world.member(0).await);
    let waiting = join(&first, &performance).await.expect(201).text("queueToken");
    let inside = admit(world, &second, &performance).await;
    // The first was called with the second. By the stack's clock their time has expired, by the other machine's it has
    // not.
    world.advance_seconds(22);
    let (behind, id, claimer) = (Machine::ahead_by(world, -12), performance.clone(), first.clone());
    let (tell, outcome) = oneshot::channel();
    world.wire.intercept(Some(Interlude::before_text("missed#", async move {
        let _ = tell.send(behind.poll(&claimer, &id, &waiting).await);
    })));
    poll(&second, &performance, &inside).await;
    let claimed = outcome.await.expect(NOT_HAPPENED);
    ensure(claimed.text("status") == "admitted", || format!("claiming in time: {claimed:?}"))?;
    let polled = poll(&first, &performance, &claimed.text("queueToken")).await;
    ensure(polled.status == 200, || format!("a place claimed in time was taken back: {polled:?}"))
}

pub(super) async fn a_hold_taken_in_time_keeps_its_admission(world: &World) -> GuardResult {
    let performance = room_for(world, 10).await;
    let (first, second) = (world.member(100_000).await, world.member(0).await);
    let inside = admit(world, &first, &performance).await;
    // By the stack's clock the admission has expired, by the other machine's it has not.
    world.advance_seconds(606);
    let waiting = join(&second, &performance).await.expect(201).text("queueToken");
    world.advance_seconds(2);
    let (behind, id, holder, token) =
        (Machine::ahead_by(world, -12), performance.clone(), first.clone(), inside.clone());
    let (tell, outcome) = oneshot::channel();
    world.wire.intercept(Some(Interlude::before("DeleteItem", async move {
        let _ = tell.send(behind.hold(&holder, &id, &token, "A-1-1").await);
    })));
    poll(&second, &performance, &waiting).await;
    let held = outcome.await.expect(NOT_HAPPENED);
    ensure(held.status == 201, || format!("holding in time: {held:?}"))?;
    let paid = pay(&first.with_queue_token(&inside), &held.text("holdId")).await;
    ensure(paid.status == 201, || format!("the admission of a live hold was taken back: {paid:?}"))
}
