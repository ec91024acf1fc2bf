//! Guards of general admission places.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::{
    general::area,
    harness::{Person, World, audit::Snapshot, hold_of_grade, pay, process::call},
};
use frontrow_edge::{App, Method};
use frontrow_store::limits::SHARD_UNSWEPT_MAX;
use serde_json::json;

pub(super) async fn no_more_places_are_held_than_there_are(world: &World) -> GuardResult {
    let performance = area(world, 3, json!({})).await;
    hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await.expect(201);
    let second = hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await;
    ensure(second.status == 409, || "four of three places are held".to_owned())
}

pub(super) async fn lapsed_places_are_given_back_once(world: &World) -> GuardResult {
    let performance = area(world, 4, json!({})).await;
    hold_of_grade(&world.member(0).await, &performance, "Standing", 4).await.expect(201);
    world.advance_seconds(400);
    let (faster, same) = (world.member(0).await, performance.clone());
    // Between the read of the shard and the write that gives its expired places back.
    world.wire.intercept(Some(Interlude::before_text("#version = :version", async move {
        hold_of_grade(&faster, &same, "Standing", 3).await.expect(201);
    })));
    let slower = hold_of_grade(&world.member(0).await, &performance, "Standing", 3).await;
    ensure(slower.status == 409, || "six of four places are held".to_owned())
}

/// Takes both places of an area for a new member through a process to whose clock the existing hold has expired.
pub(super) async fn take_ahead(world: &World, performance: &str) {
    let ahead = App { clock: world.stack.clock().skewed_by_seconds(400), ..world.app().clone() };
    let person = world.member(0).await;
    let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
    let path = format!("/performances/{performance}/holds");
    let body = json!({"grade": "Standing", "quantity": 2});
    let taken = call(&ahead, &Method::POST, &path, &[("authorization", &login)], &body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
}

pub(super) async fn places_lost_to_another_clock_are_not_sold(world: &World) -> GuardResult {
    let performance = area(world, 2, json!({})).await;
    let person = world.member(100_000).await;
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    take_ahead(world, &performance).await;
    let paid = pay(&person, &held).await;
    ensure(paid.status == 410, || format!("lost places were paid: {}", paid.status))
}

pub(super) async fn places_lost_to_another_clock_are_not_freed(world: &World) -> GuardResult {
    let performance = area(world, 2, json!({})).await;
    let person = world.member(0).await;
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).header("location");
    take_ahead(world, &performance).await;
    person.delete(&held).await.expect(204);
    let third = hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await;
    ensure(third.status == 409, || "releasing freed places that belonged to another member by then".to_owned())
}

pub(super) async fn places_are_held_beside_others(world: &World) -> GuardResult {
    let performance = area(world, 4, json!({})).await;
    hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await.expect(201);
    let second = hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await;
    ensure(second.status == 201, || format!("two of four places are held, and two more refused: {second:?}"))
}

/// Keeps a shard's item small, however many holds expire in a large area.
pub(super) async fn a_shard_is_checked_for_expired_places_periodically(world: &World) -> GuardResult {
    let performance = area(world, 100, json!({})).await;
    for _ in 0..=SHARD_UNSWEPT_MAX {
        hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await.expect(201);
        world.advance_seconds(400);
    }
    let snapshot = Snapshot::of(world).await;
    let buckets =
        snapshot.of_kind("stripe").flat_map(|shard| shard.keys()).filter(|name| name.starts_with('b')).count();
    ensure(buckets <= 1, || format!("a shard keeps {buckets} buckets, all but one expired"))
}

/// Another member's newer hold that expires at the same time, with its places in the same bucket.
fn in_its_place(person: &Person, performance: &str, old: &str) -> impl Future<Output = ()> + Send + 'static {
    let (client, performance, old) = (person.client.clone(), performance.to_owned(), old.to_owned());
    async move {
        client.delete(&format!("/holds/{old}")).await.expect(204);
        hold_of_grade(&client, &performance, "Standing", 2).await.expect(201);
    }
}

pub(super) async fn a_released_hold_is_not_paid_with_a_newer_one(world: &World) -> GuardResult {
    world.stack.clock().stop();
    let performance = area(world, 4, json!({})).await;
    let person = world.member(100_000).await;
    let old = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    let newer = in_its_place(&person, &performance, &old);
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", newer)));
    let paid = pay(&person, &old).await;
    ensure(paid.status == 410, || format!("a released hold was paid: {paid:?}"))
}

pub(super) async fn a_late_release_leaves_a_hold_of_the_same_moment(world: &World) -> GuardResult {
    world.stack.clock().stop();
    let performance = area(world, 4, json!({})).await;
    let person = world.member(0).await;
    let old = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    let newer = in_its_place(&person, &performance, &old);
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", newer)));
    person.delete(&format!("/holds/{old}")).await;
    let live = person.get("/holds").await.items().len();
    ensure(live == 1, || "a release that came late removed a newer hold".to_owned())
}
