//! Guards of holds, payments, points and cancellations.

use super::{Found, ensure, interlude::Interlude};
use crate::harness::{
    World, book, hold, pay,
    process::call,
    wire::{Answering, Execute, Meddler, buffered},
};
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use frontrow_edge::{App, Method};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) async fn a_key_tops_up_once(world: &World) -> Found {
    let person = world.member(0).await.client.with_key("k");
    person.post("/points/top-ups", json!({"amount": 700})).await.expect(201);
    person.post("/points/top-ups", json!({"amount": 700})).await;
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 700, || format!("one key topped up {balance}"))
}

pub(super) async fn a_held_seat_is_not_taken(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    let second = hold(&world.member(0).await, &performance, &["A-1-1"]).await;
    ensure(second.status == 409, || "one seat is in two holds".to_owned())
}

/// A process whose clock is six minutes ahead: to it, a hold of five minutes taken now has lapsed.
fn ahead(world: &World) -> App {
    App { clock: world.stack.clock().skewed_by_seconds(360), ..world.app().clone() }
}

/// Takes `A-1-1` for a new member through the process that is ahead; answers his login and hold.
pub(super) async fn take_ahead(world: &World, performance: &str) -> (String, String) {
    let person = world.member(100_000).await;
    let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
    let path = format!("/performances/{performance}/holds");
    let body = json!({"seatIds": ["A-1-1"]});
    let taken = call(&ahead(world), &Method::POST, &path, &[("authorization", &login)], &body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    (login, taken.text("holdId"))
}

pub(super) async fn a_seat_lost_to_another_clock_is_not_sold(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    take_ahead(world, &performance).await;
    let paid = pay(&person, &held).await;
    ensure(paid.status == 410, || format!("a lost seat was paid: {}", paid.status))
}

pub(super) async fn a_seat_lost_to_another_clock_is_not_freed(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    let held = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201).header("location");
    take_ahead(world, &performance).await;
    person.delete(&held).await.expect(204);
    let third = hold(&world.member(0).await, &performance, &["A-1-1"]).await;
    ensure(third.status == 409, || "releasing freed a seat that was another's by then".to_owned())?;
    let fourth = hold(&world.member(0).await, &performance, &["A-1-2"]).await;
    ensure(fourth.status == 201, || "the seat that was still held was not freed".to_owned())
}

pub(super) async fn a_second_hold_is_refused(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    hold(&person, &performance, &["A-1-1"]).await.expect(201);
    let second = hold(&person, &performance, &["A-1-2"]).await;
    ensure(second.status == 409, || "a member has two holds".to_owned())
}

/// The other half: seats that were paid count as well.
pub(super) async fn paid_seats_count(world: &World) -> Found {
    let performance = world.performance(json!({"maxSeatsPerMember": 2})).await;
    let person = world.member(100_000).await;
    book(&person, &performance, &["A-1-1"]).await;
    let more = hold(&person, &performance, &["A-1-2", "A-1-3"]).await;
    ensure(more.status == 422, || format!("a member of two seats at most has three: {}", more.status))
}

/// The last part: a member who holds again and again without paying.
pub(super) async fn unpaid_holds_count(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    for _ in 0..3 {
        hold(&person, &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(301);
    }
    let fourth = hold(&person, &performance, &["A-1-1"]).await;
    ensure(fourth.status == 429, || format!("a fourth hold that nobody paid for: {}", fourth.status))
}

/// Answers every batch read after the first with what the first was told: an eventual read that is far behind.
#[derive(Default)]
pub(super) struct StaleBatches(Arc<Mutex<Option<String>>>);

impl Meddler for StaleBatches {
    fn meddle(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let (told, batch) = (Arc::clone(&self.0), operation == "BatchGetItem");
        Box::pin(async move {
            if !batch {
                return execute().await;
            }
            let before = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(text) = before {
                return Ok(HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(text)));
            }
            let (response, text) = buffered(execute().await?).await?;
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            Ok(response)
        })
    }
}

pub(super) async fn a_stale_read_does_not_hide_a_payment(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    world.wire.meddle(Some(Arc::new(StaleBatches::default())));
    let first = pay(&person, &held).await.expect(201);
    let again = pay(&person, &held).await;
    ensure(again.status == 200 && again.json == first.json, || format!("paying again was answered {again:?}"))
}

pub(super) async fn a_late_release_leaves_a_newer_hold(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(0).await;
    let old = hold(&person, &performance, &["A-1-1"]).await.expect(201).header("location");
    let (client, path) = (person.client.clone(), old.clone());
    world.wire.meddle(Some(Interlude::before("TransactWriteItems", async move {
        client.delete(&path).await.expect(204);
        hold(&client, &performance, &["A-1-2"]).await.expect(201);
    })));
    person.delete(&old).await;
    let live = person.get("/holds").await.items().len();
    ensure(live == 1, || "a release that came late removed a newer hold".to_owned())
}

pub(super) async fn top_ups_between_read_and_write_are_kept(world: &World) -> Found {
    let person = world.member(0).await;
    let client = person.client.clone();
    world.wire.meddle(Some(Interlude::before("TransactWriteItems", async move {
        client.post("/points/top-ups", json!({"amount": 10})).await.expect(201);
    })));
    person.post("/points/top-ups", json!({"amount": 1})).await.expect(201);
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 11, || format!("10 + 1 topped up is {balance}"))
}

pub(super) async fn two_cancellations_refund_once(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
    let (client, same) = (person.client.clone(), path.clone());
    world.wire.meddle(Some(Interlude::before("TransactWriteItems", async move {
        client.delete(&same).await.expect(200);
    })));
    person.delete(&path).await.expect(200);
    let balance = person.get("/points").await.number("balance");
    ensure(balance == 100_000, || format!("cancelling twice left {balance} of 100000"))
}
