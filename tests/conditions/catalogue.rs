//! Guards of shows and performances.

use super::{
    GuardResult, ensure,
    interlude::{Interlude, Unreached},
    machine::Machine,
};
use crate::harness::{World, hold, performance_details, show_details};
use frontrow_domain::{ids::PerformanceId, performance::Performance};
use serde_json::json;
use std::sync::Arc;

/// All ids are new except those of the seeds: planting the seeds again must not change them.
pub(super) async fn a_performance_is_not_replaced(world: &World) -> GuardResult {
    let id: PerformanceId = world.performance(json!({})).await.parse().expect("an id");
    let (store, now) = (&world.app().store, world.stack.clock().now());
    let listing = store.listing(&id, now).await.expect("a performance");
    let again = Performance { starts_at: now.plus_seconds(3600), ..listing.performance.clone() };
    let made = store.create_performance(&again, &listing.show, None).await;
    ensure(made.is_err(), || "a second performance replaced the one of that id".to_owned())
}

pub(super) async fn a_venue_has_one_performance_at_a_time(world: &World) -> GuardResult {
    let (organizer, details) = (world.organizer().await, performance_details(world.app(), json!({})));
    let show = organizer.post("/shows", show_details()).await.expect(201);
    let path = format!("/shows/{}/performances", show.text("showId"));
    organizer.post(&path, details.clone()).await.expect(201);
    let second = organizer.post(&path, details).await;
    ensure(second.status == 409, || format!("two performances at one instant in one venue: {second:?}"))
}

pub(super) async fn two_performances_at_once_are_both_counted(world: &World) -> GuardResult {
    let organizer = world.organizer().await;
    let show = organizer.post("/shows", show_details()).await.expect(201);
    let path = format!("{}/performances", show.header("location"));
    let at = |start: &str| performance_details(world.app(), json!({"startsAt": start}));
    let (other, dates, later) = (organizer.clone(), path.clone(), at("2099-06-01T10:00:00Z"));
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        other.post(&dates, later).await.expect(201);
    })));
    organizer.post(&path, at("2099-01-01T10:00:00Z")).await.expect(201);
    let found = world.anyone().get("/shows?from=2099-05-01T00:00:00Z").await.items().len();
    ensure(found == 1, || "a show forgot a performance that was listed at the same time".to_owned())
}

/// A delete that stalled until its freeze expired and another member took a seat.
pub(super) async fn a_slow_delete_does_not_take_a_held_seat_away(world: &World) -> GuardResult {
    let performance = world.performance(json!({"holdSeconds": 600})).await;
    let (person, id, clock) = (world.member(0).await, performance.clone(), world.stack.clock().clone());
    world.wire.intercept(Some(Interlude::before_text("room#", async move {
        clock.advance_seconds(60);
        hold(&person, &id, &["A-1-1"]).await.expect(201);
    })));
    let path = format!("/performances/{performance}");
    let deleted = world.organizer().await.delete(&path).await;
    world.advance_seconds(2);
    let there = world.anyone().get(&path).await.status;
    ensure(deleted.status != 204 && there == 200, || format!("a held seat lost its house: {deleted:?}"))
}

/// A show's move that stalled before it freed its old slot, which belongs to another performance by then.
pub(super) async fn a_slow_move_leaves_a_slot_to_its_new_owner(world: &World) -> GuardResult {
    let organizer = world.organizer().await;
    let details = performance_details(world.app(), json!({"startsAt": "2099-06-01T10:00:00Z"}));
    let mut described = show_details();
    let mut dates = Vec::new();
    for _ in 0..3 {
        let show = organizer.post("/shows", described.clone()).await.expect(201);
        dates.push(format!("{}/performances", show.header("location")));
    }
    organizer.post(&dates[0], details.clone()).await.expect(201);
    let (other, second, clock, again) =
        (organizer.clone(), dates[1].clone(), world.stack.clock().clone(), details.clone());
    world.wire.intercept(Some(Interlude::before("DeleteItem", async move {
        clock.advance_seconds(60);
        other.post(&second, again).await.expect(201);
    })));
    described["venue"] = json!("elsewhere");
    organizer.put(dates[0].trim_end_matches("/performances"), described).await.expect(200);
    let third = organizer.post(&dates[2], details).await;
    ensure(third.status == 409, || format!("two performances at one instant in one venue: {third:?}"))
}

pub(super) async fn a_seat_sold_by_a_slow_clock_keeps_its_house(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let (person, slow) = (world.member(100_000).await, Machine::ahead_by(world, -60));
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    world.advance_seconds(301);
    world.wire.intercept(Some(Interlude::before("DeleteItem", async move {
        let paid = slow.pay(&person, &held).await;
        assert_eq!(paid.status, 201, "{paid:?}");
    })));
    let deleted = world.organizer().await.delete(&format!("/performances/{performance}")).await;
    ensure(deleted.status == 409, || format!("a sold seat lost its house: {deleted:?}"))
}

/// A show's move that never completed leaves its slots behind in the old venue.
pub(super) async fn a_show_moves_back_to_the_slots_it_left_behind(world: &World) -> GuardResult {
    let (organizer, home) = (world.organizer().await, show_details());
    let show = organizer.post("/shows", home.clone()).await.expect(201).header("location");
    let details = performance_details(world.app(), json!({}));
    organizer.post(&format!("{show}/performances"), details).await.expect(201);
    world.wire.intercept(Some(Arc::new(Unreached("DeleteItem"))));
    organizer.put(&show, show_details()).await.expect(200);
    world.wire.intercept(None);
    let back = organizer.put(&show, home).await;
    ensure(back.status == 200, || format!("a show was blocked by its own slot: {back:?}"))
}
