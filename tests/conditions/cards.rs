//! Guards of card payments and of the circuit breaker for their provider.

use super::{
    GuardResult,
    booking::take_ahead,
    ensure, general,
    interlude::{Interlude, StaleBatches},
};
use crate::{
    cards::{bad_calls, buy, pay_by_card, reservation_once, switch},
    general::area,
    harness::{World, audit::Snapshot, hold, hold_of_grade, line, pay},
};
use frontrow_domain::{
    breaker::{Counts, Phase, Sample},
    limits::BREAKER_CALLS_MIN,
};
use frontrow_edge::App;
use serde_json::json;
use std::{sync::Arc, time::Duration};

pub(super) async fn a_pending_purchase_prevents_another_hold(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    switch(world, json!({"mode": "refuse"})).await;
    buy(&person, &performance, &["A-1-1"]).await;
    let more = hold(&person, &performance, &["A-1-2"]).await;
    ensure(more.status == 409, || format!("during a pending purchase a hold got {}", more.status))
}

/// The member cancels between the provider's decline and the write that records it.
pub(super) async fn a_cancelled_purchase_is_not_declined(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    switch(world, json!({"delayMillis": 700})).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    let paid = pay_by_card(&person, &held, "declined").await.expect(202);
    let path = format!("/reservations/{}", paid.text("reservationId"));
    let (client, same) = (person.client.clone(), path.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        client.delete(&same).await.expect(200);
    })));
    while person.get(&path).await.expect(200).text("status") == "pending" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.settle().await;
    let reason = person.get(&path).await.expect(200).text("cancelReason");
    ensure(reason == "member", || format!("the member who cancelled sees {reason}"))
}

pub(super) async fn a_seat_lost_to_another_clock_is_not_kept(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    take_ahead(world, &performance).await;
    let paid = pay_by_card(&person, &held, "tok").await;
    ensure(paid.status == 410, || format!("a lost seat was kept: {}", paid.status))
}

pub(super) async fn places_lost_to_another_clock_are_not_kept(world: &World) -> GuardResult {
    let performance = area(world, 2, json!({})).await;
    let person = world.member(0).await;
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    general::take_ahead(world, &performance).await;
    let paid = pay_by_card(&person, &held, "tok").await;
    ensure(paid.status == 410, || format!("lost places were kept: {}", paid.status))
}

/// A stale read returns the bucket that the places were in before; it now contains another member's places.
pub(super) async fn a_prolonged_hold_is_paid_where_it_is_kept(world: &World) -> GuardResult {
    let performance = area(world, 4, json!({"holdSeconds": 3600})).await;
    let (person, other) = (world.member(100_000).await, world.member(100_000).await);
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    let others = hold_of_grade(&other, &performance, "Standing", 2).await.expect(201).text("holdId");
    world.app().store.count_calls(&bad_calls(), world.stack.clock().now()).await.expect("it can be written");
    world.wire.intercept(Some(Arc::new(StaleBatches::default())));
    pay_by_card(&person, &held, "tok").await.expect(503);
    pay(&person, &held).await.expect(201);
    world.wire.intercept(None);
    let paid = pay(&other, &others).await;
    ensure(paid.status == 201, || format!("another member's places were sold: {}", paid.status))
}

/// A stale read returns the hold from before its card was declined; the purchase of that attempt has ended.
pub(super) async fn a_declined_purchase_is_not_paid_again(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    world.wire.intercept(Some(Arc::new(StaleBatches::default())));
    let declined = pay_by_card(&person, &held, "declined").await.expect(202);
    reservation_once(world, &person, &declined, "cancelled").await;
    let paid = pay(&person, &held).await;
    world.wire.intercept(None);
    let found = person.get(&format!("/payments/{}", declined.text("paymentId"))).await.expect(200).text("status");
    ensure(paid.status == 201 && found == "declined", || format!("{} paid it, and it became {found}", paid.json))
}

pub(super) async fn a_hold_is_paid_at_the_first_attempt_and_at_the_next(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    let declined = pay_by_card(&person, &held, "declined").await;
    ensure(declined.status == 202, || format!("the first attempt is refused: {declined:?}"))?;
    reservation_once(world, &person, &declined, "cancelled").await;
    let paid = pay(&person, &held).await;
    ensure(paid.status == 201, || format!("the next attempt is refused: {paid:?}"))
}

/// The member gives up the place while the payment is pending.
pub(super) async fn a_place_given_up_does_not_come_back(world: &World) -> GuardResult {
    let room = json!({"maxActive": 1, "admissionSeconds": 600});
    let performance = world.performance(json!({"waitingRoom": room})).await;
    let person = world.member(0).await;
    let (_, inside) = line::admit(world, &person, &performance).await;
    let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    switch(world, json!({"delayMillis": 700})).await;
    let paid = pay_by_card(&inside, &held, "declined").await.expect(202);
    line::leave(&person, &performance).await.expect(204);
    reservation_once(world, &person, &paid, "cancelled").await;
    let inside = Snapshot::of(world).await.admissions();
    ensure(inside == 0, || "an admission came back that was given up".to_owned())
}

/// A process whose copy is older than the breaker's opening adds its counts.
pub(super) async fn a_late_count_does_not_close_the_breaker(world: &World) -> GuardResult {
    let (late, now) = (&world.app().store, world.stack.clock().now());
    let process = || {
        let (config, clock) = (world.app().config.clone(), world.stack.clock().clone());
        App::new(config, &world.stack.engine(), clock).store
    };
    late.breaker(now).await.expect("it can be read");
    process().count_calls(&bad_calls(), now).await.expect("it can be written");
    let good = Sample::of(1, Counts::of_one(false, false));
    late.count_calls(&good, now).await.expect("it can be written");
    let found = process().breaker(now).await.expect("it can be read");
    ensure(matches!(found.phase, Phase::Open { .. }), || format!("an open breaker became {found:?}"))
}

/// The breaker opens while the release is in flight, and the hold is prolonged: the bucket that it was in before
/// contains another member's places.
pub(super) async fn a_prolonged_hold_is_released_where_it_is_kept(world: &World) -> GuardResult {
    let performance = area(world, 4, json!({"holdSeconds": 3600})).await;
    let (person, other) = (world.member(0).await, world.member(100_000).await);
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    let others = hold_of_grade(&other, &performance, "Standing", 2).await.expect(201).text("holdId");
    world.app().store.count_calls(&bad_calls(), world.stack.clock().now()).await.expect("it can be written");
    let (client, same) = (person.client.clone(), held.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        pay_by_card(&client, &same, "tok").await.expect(503);
    })));
    person.delete(&format!("/holds/{held}")).await.expect(204);
    let paid = pay(&other, &others).await;
    ensure(paid.status == 201, || format!("another member's places were freed: {paid:?}"))
}

pub(super) async fn calls_are_counted_together(world: &World) -> GuardResult {
    let (store, now) = (&world.app().store, world.stack.clock().now());
    for number in 0..BREAKER_CALLS_MIN {
        let failed = Sample::of(number.into(), Counts::of_one(true, false));
        store.count_calls(&failed, now).await.expect("it can be written");
    }
    let found = store.breaker(now).await.expect("it can be read");
    ensure(matches!(found.phase, Phase::Open { .. }), || format!("calls that all failed left the breaker {found:?}"))
}
