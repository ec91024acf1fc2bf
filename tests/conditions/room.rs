//! Guards of places and admissions: joining, claiming, booking, leaving.

use super::{
    GuardResult, ensure,
    interlude::{Interlude, Unreached},
};
use crate::harness::{Person, World, audit::Snapshot, book, client::Reply, hold, line, pay};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

/// A performance with a waiting room.
pub(super) async fn room_for(world: &World, max_active: u32) -> String {
    world.performance(json!({"waitingRoom": {"maxActive": max_active}})).await
}

pub(super) async fn join(person: &Person, performance: &str) -> Reply {
    person.post(&format!("/performances/{performance}/queue"), Value::Null).await
}

pub(super) async fn poll(person: &Person, performance: &str, token: &str) -> Reply {
    person.with_queue_token(token).get(&format!("/performances/{performance}/queue")).await
}

pub(super) async fn leave(person: &Person, performance: &str) -> Reply {
    person.delete(&format!("/performances/{performance}/queue")).await
}

/// Joins and polls until admitted. Returns the admitted token.
pub(super) async fn admit(world: &World, person: &Person, performance: &str) -> String {
    let (place, _) = line::admit(world, person, performance).await;
    place.text("queueToken")
}

/// A number in the organizer's view.
pub(super) async fn view(world: &World, performance: &str, field: &str) -> i64 {
    let path = format!("/performances/{performance}/waiting-room");
    world.organizer().await.get(&path).await.expect(200).number(field)
}

pub(super) async fn a_lapsed_admission_holds_nothing(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    let token = admit(world, &person, &performance).await;
    world.advance_seconds(600);
    let held = hold(&person.with_queue_token(&token), &performance, &["A-1-1"]).await;
    ensure(held.status == 401, || format!("a hold after the admission expired: {held:?}"))
}

pub(super) async fn a_spent_admission_pays_nothing_more(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(100_000).await);
    let spent = person.with_queue_token(&admit(world, &person, &performance).await);
    book(&spent, &performance, &["A-1-1"]).await;
    let again = person.with_queue_token(&admit(world, &person, &performance).await);
    let held = hold(&again, &performance, &["A-1-2"]).await.expect(201);
    let paid = pay(&spent, &held.text("holdId")).await;
    ensure(paid.status == 401, || format!("one admission paid twice: {paid:?}"))
}

pub(super) async fn joining_twice_at_once_draws_one_place(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    let (same, id) = (person.clone(), performance.clone());
    world.wire.intercept(Some(Interlude::before("UpdateItem", async move {
        join(&same, &id).await.expect(201);
    })));
    let second = join(&person, &performance).await;
    ensure(second.status == 200 && second.number("position") == 1, || {
        format!("the place at 1 was replaced by {}: {second:?}", second.json["position"])
    })
}

pub(super) async fn joining_twice_at_once_draws_from_the_line_once(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    let (same, id) = (person.clone(), performance.clone());
    world.wire.intercept(Some(Interlude::before("UpdateItem", async move {
        join(&same, &id).await.expect(201);
    })));
    join(&person, &performance).await;
    let issued = view(world, &performance, "issued").await;
    ensure(issued == 1, || format!("{issued} places were drawn for one member"))
}

pub(super) async fn leaving_again_completes_a_crashed_leave(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    join(&person, &performance).await.expect(201);
    world.wire.intercept(Some(std::sync::Arc::new(Unreached("PutItem"))));
    leave(&person, &performance).await;
    world.wire.intercept(None);
    leave(&person, &performance).await.expect(204);
    let waiting = view(world, &performance, "waiting").await;
    ensure(waiting == 0, || "a member who left twice still waits".to_owned())
}

/// A process with a cached copy of the performance sets the policy of a room that was deleted with it.
pub(super) async fn a_deleted_room_gets_no_policy(world: &World) -> GuardResult {
    let (performance, organizer) = (room_for(world, 1).await, world.organizer().await);
    let (client, table) = (world.stack.engine().dynamodb(), world.app().config.table_name.clone());
    let room = AttributeValue::S(format!("room#{performance}"));
    world.wire.intercept(Some(Interlude::before_update("#policy", async move {
        let delete = client.delete_item().table_name(table).key("pk", room).key("sk", AttributeValue::S("room".into()));
        delete.send().await.expect("deleted");
    })));
    let path = format!("/performances/{performance}/waiting-room");
    let replaced = organizer.put(&path, json!({"maxActive": 1})).await;
    ensure(replaced.status == 404, || format!("a policy without a room: {replaced:?}"))
}

pub(super) async fn a_claim_begins_once(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    let waiting = join(&person, &performance).await.expect(201).text("queueToken");
    world.advance_seconds(2);
    let first = poll(&person, &performance, &waiting).await.expect(200).text("expiresAt");
    world.advance_seconds(30);
    let second = poll(&person, &performance, &waiting).await.expect(200).text("expiresAt");
    ensure(first == second, || format!("claiming again moved the end from {first} to {second}"))
}

pub(super) async fn leaving_releases_the_hold(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    let token = admit(world, &person, &performance).await;
    hold(&person.with_queue_token(&token), &performance, &["A-1-1"]).await.expect(201);
    leave(&person, &performance).await.expect(204);
    let held = person.get("/holds").await.items().len();
    ensure(held == 0, || "a member who left still holds seats".to_owned())
}

/// A turn of another machine, whose clock is fast, may have ended the admission that the hold extended.
pub(super) async fn a_release_revives_no_admission(world: &World) -> GuardResult {
    let performance = world.performance(json!({"waitingRoom": {"maxActive": 1, "admissionSeconds": 60}})).await;
    let person = world.member(0).await;
    let token = admit(world, &person, &performance).await;
    let held = hold(&person.with_queue_token(&token), &performance, &["A-1-1"]).await.expect(201).header("location");
    Snapshot::of(world).await.end_admissions(world).await;
    person.delete(&held).await.expect(204);
    let inside = Snapshot::of(world).await.admissions();
    ensure(inside == 0, || format!("a release brought {inside} admission back"))
}

/// A token with another member's position, as if the position had been drawn twice.
pub(super) async fn the_admission_of_another_holds_nothing(world: &World) -> GuardResult {
    let (performance, person, other) = (room_for(world, 10).await, world.member(0).await, world.member(0).await);
    let tokens = &world.app().tokens;
    let mut claims = tokens.open_queue(&admit(world, &person, &performance).await).expect("a token");
    claims.member_id = other.identity.member_id;
    let held = hold(&other.with_queue_token(&tokens.queue(&claims)), &performance, &["A-1-1"]).await;
    ensure(held.status == 401, || format!("seats were held with another member's admission: {held:?}"))
}

pub(super) async fn a_member_who_left_can_rejoin(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    join(&person, &performance).await.expect(201);
    leave(&person, &performance).await.expect(204);
    let again = join(&person, &performance).await;
    ensure(again.status == 201 && again.number("position") == 2, || {
        format!("a member who left cannot come back: {again:?}")
    })
}

/// Called, but not claimed by a poll.
pub(super) async fn a_called_place_can_be_given_up(world: &World) -> GuardResult {
    let (performance, person) = (room_for(world, 10).await, world.member(0).await);
    join(&person, &performance).await.expect(201);
    admit(world, &world.member(0).await, &performance).await;
    let left = leave(&person, &performance).await;
    let active = view(world, &performance, "active").await;
    ensure(left.status == 204 && active == 1, || format!("leaving got {left:?}, and {active} are inside"))
}
