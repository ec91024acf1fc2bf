//! Card payments (R6), over HTTP and with a payment provider that is a separate server: what members see, what the
//! provider has in the end, and the state after a crash at any step.

mod breaker;
pub(crate) mod crashes;
mod races;
mod retries;
mod saga;

use crate::harness::{NEVER, Person, World, client::Reply, hold};
use frontrow_domain::{
    breaker::{Counts, Sample},
    card::CardState,
    limits::BREAKER_CALLS_MIN,
};
use frontrow_local::{Options, provider::EntryStatus};
use serde_json::{Value, json};
use std::{borrow::Borrow, time::Duration};

/// A stack that calls the provider often and waits for it only briefly.
pub(crate) fn impatient() -> Options {
    Options { demo: false, provider_call_millis: 800, payment_wait_max_seconds: 1, ..Options::default() }
}

/// Failed calls about as many purchases, enough to open the breaker.
pub(crate) fn bad_calls() -> Sample {
    let mut sample = Sample::default();
    (0..BREAKER_CALLS_MIN).for_each(|number| sample.add(number.into(), Counts::of_one(true, false)));
    sample
}

/// Pays `hold_id` by card.
pub(crate) async fn pay_by_card(
    person: &impl Borrow<crate::harness::client::Client>,
    hold_id: &str,
    token: &str,
) -> Reply {
    let body = json!({"holdId": hold_id, "method": "card", "cardToken": token});
    person.borrow().post("/payments", body).await
}

/// Holds and pays by card. Returns the payment, which is pending.
pub(crate) async fn buy(person: &Person, performance: &str, seats: &[&str]) -> Reply {
    let held = hold(person, performance, seats).await.expect(201).text("holdId");
    pay_by_card(person, &held, "tok_visa").await.expect(202)
}

/// As `buy`, but waits until the purchase is confirmed.
async fn bought(world: &World, person: &Person, performance: &str, seats: &[&str]) -> Reply {
    let paid = buy(person, performance, seats).await;
    reservation_once(world, person, &paid, "confirmed").await;
    paid
}

/// Sets the provider's switches.
pub(crate) async fn switch(world: &World, switches: Value) {
    world.anyone().post("/_local/provider", switches).await.expect(200);
}

/// The reservation of a payment, as soon as its status is `wanted`.
pub(crate) async fn reservation_once(world: &World, person: &Person, payment: &Reply, wanted: &str) -> Reply {
    let path = format!("/reservations/{}", payment.text("reservationId"));
    let mut last = String::new();
    let wait = async {
        loop {
            // The clock may have been moved past the lifetime of a login.
            let found = world.log_in_again(person).get(&path).await.expect(200);
            last = found.text("status");
            if last == wanted {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let found = tokio::time::timeout(NEVER, wait).await;
    found.unwrap_or_else(|_| panic!("it is {last}, not {wanted}"))
}

/// Waits until the provider's side of the payment is `wanted`.
async fn card_is(world: &World, payment: &Reply, wanted: CardState) {
    let id = payment.text("reservationId");
    let mut last = None;
    let wait = async {
        loop {
            let all = crate::harness::audit::Snapshot::of(world).await.reservations();
            last = all.into_iter().find(|one| one.reservation_id.to_string() == id).and_then(|one| one.card);
            if last.as_ref().is_some_and(|card| card.state == wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let found = tokio::time::timeout(NEVER, wait).await;
    found.unwrap_or_else(|_| panic!("it is {last:?}, not {wanted:?}"));
}

/// Waits until the provider has an order. Returns its status.
async fn order_at_provider(world: &World) -> EntryStatus {
    let wait = async {
        loop {
            if let [entry] = &world.stack.provider().entries()[..] {
                return entry.status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(NEVER, wait).await.expect("the provider is asked")
}

/// How often the provider was asked to charge.
fn confirms(world: &World) -> u64 {
    world.stack.provider().state()["requests"]["confirm"].as_u64().expect("a count")
}

/// The status of one seat of the performance.
async fn seat_status(world: &World, performance: &str, seat: &str) -> String {
    let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
    let seats = map.json["seats"].as_array().expect("seats").clone();
    let found = seats.into_iter().find(|one| one["seatId"] == seat).expect("a seat");
    found["status"].as_str().unwrap_or_default().to_owned()
}
