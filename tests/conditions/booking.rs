//! Guards of holds, payments, points and cancellations.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::harness::{World, book, hold, pay, process::call};
use frontrow_edge::{App, Method};
use frontrow_store::limits::IDEMPOTENCY_KEPT_SECONDS;
use serde_json::json;

pub(super) async fn a_key_tops_up_once(world: &World) -> GuardResult {
    let person = world.member(0).await.client.with_key("k");
    person.post("/points/top-ups", json!({"amount": 700})).await.expect(201);
    person.post("/points/top-ups", json!({"amount": 700})).await;
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 700, || format!("one key topped up {balance}"))
}

pub(super) async fn a_held_seat_is_not_taken(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    let second = hold(&world.member(0).await, &performance, &["A-1-1"]).await;
    ensure(second.status == 409, || "one seat is in two holds".to_owned())
}

/// A process whose clock is six minutes fast: to it, a hold of five minutes taken now has expired.
fn ahead(world: &World) -> App {
    App { clock: world.stack.clock().skewed_by_seconds(360), ..world.app().clone() }
}

/// Takes `A-1-1` for a new member through the process with the fast clock. Returns their login and hold.
pub(super) async fn take_ahead(world: &World, performance: &str) -> (String, String) {
    let person = world.member(100_000).await;
    let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
    let path = format!("/performances/{performance}/holds");
    let body = json!({"seatIds": ["A-1-1"]});
    let taken = call(&ahead(world), &Method::POST, &path, &[("authorization", &login)], &body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    (login, taken.text("holdId"))
}

pub(super) async fn a_seat_lost_to_another_clock_is_not_sold(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    take_ahead(world, &performance).await;
    let paid = pay(&person, &held).await;
    ensure(paid.status == 410, || format!("a lost seat was paid: {}", paid.status))
}

pub(super) async fn a_seat_lost_to_another_clock_is_not_freed(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    let held = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201).header("location");
    take_ahead(world, &performance).await;
    person.delete(&held).await.expect(204);
    let third = hold(&world.member(0).await, &performance, &["A-1-1"]).await;
    ensure(third.status == 409, || "releasing freed a seat that belonged to another member by then".to_owned())?;
    let fourth = hold(&world.member(0).await, &performance, &["A-1-2"]).await;
    ensure(fourth.status == 201, || "the seat that was still held was not freed".to_owned())
}

pub(super) async fn a_second_hold_is_refused(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    hold(&person, &performance, &["A-1-1"]).await.expect(201);
    let second = hold(&person, &performance, &["A-1-2"]).await;
    ensure(second.status == 409, || "a member has two holds".to_owned())
}

/// The other half: paid seats count as well.
pub(super) async fn paid_seats_count(world: &World) -> GuardResult {
    let performance = world.performance(json!({"maxSeatsPerMember": 2})).await;
    let person = world.member(100_000).await;
    book(&person, &performance, &["A-1-1"]).await;
    let more = hold(&person, &performance, &["A-1-2", "A-1-3"]).await;
    ensure(more.status == 422, || format!("a member of two seats at most has three: {}", more.status))
}

/// The last part: a member who keeps holding without paying.
pub(super) async fn unpaid_holds_count(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    for _ in 0..3 {
        hold(&person, &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(301);
    }
    let fourth = hold(&person, &performance, &["A-1-1"]).await;
    ensure(fourth.status == 429, || format!("a fourth hold that nobody paid for: {}", fourth.status))
}

/// Only those of the last hour count.
pub(super) async fn an_unpaid_hold_is_forgotten_after_an_hour(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    for _ in 0..3 {
        hold(&world.log_in_again(&person), &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(1_300);
    }
    let fourth = hold(&world.log_in_again(&person), &performance, &["A-1-1"]).await;
    ensure(fourth.status == 201, || format!("a hold of more than an hour ago counts: {fourth:?}"))
}

/// Those cleared by a payment do not count.
pub(super) async fn a_payment_clears_unpaid_holds(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    for _ in 0..2 {
        hold(&person, &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(301);
    }
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    world.advance_seconds(31);
    pay(&person, &held).await.expect(201);
    let next = hold(&person, &performance, &["A-1-2"]).await;
    ensure(next.status == 201, || format!("paid holds count as unpaid: {next:?}"))
}

pub(super) async fn top_ups_between_read_and_write_are_kept(world: &World) -> GuardResult {
    let person = world.member(0).await;
    let client = person.client.clone();
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        client.post("/points/top-ups", json!({"amount": 10})).await.expect(201);
    })));
    person.post("/points/top-ups", json!({"amount": 1})).await.expect(201);
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 11, || format!("10 + 1 topped up is {balance}"))
}

pub(super) async fn two_cancellations_refund_once(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
    let (client, same) = (person.client.clone(), path.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        client.delete(&same).await.expect(200);
    })));
    person.delete(&path).await.expect(200);
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 100_000, || format!("cancelling twice left {balance} of 100000"))
}

/// Items outlive their expiry: DynamoDB collects them some days later.
pub(super) async fn a_key_is_free_again_after_a_day(world: &World) -> GuardResult {
    let person = world.member(0).await;
    person.with_key("k").post("/points/top-ups", json!({"amount": 700})).await.expect(201);
    world.advance_seconds(u32::try_from(IDEMPOTENCY_KEPT_SECONDS).expect("a day"));
    let again = world.log_in_again(&person).with_key("k").post("/points/top-ups", json!({"amount": 70})).await;
    ensure(again.status == 201, || format!("the key of yesterday was refused: {again:?}"))
}

pub(super) async fn a_lapsed_seat_is_taken(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    world.advance_seconds(300);
    let second = hold(&world.member(0).await, &performance, &["A-1-1"]).await;
    ensure(second.status == 201, || format!("a lapsed hold keeps its seat: {second:?}"))
}

/// The first hold expires, the second is paid.
pub(super) async fn a_member_holds_one_seat_after_another(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    hold(&person, &performance, &["A-1-1"]).await.expect(201);
    world.advance_seconds(300);
    book(&person, &performance, &["A-1-2"]).await;
    let third = hold(&person, &performance, &["A-1-3"]).await;
    ensure(third.status == 201, || format!("with one paid seat another hold is refused: {third:?}"))
}
