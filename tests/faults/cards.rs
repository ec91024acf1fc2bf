//! Card payments under faults: members buy, cancel and hold through processes that stall and die, so do workers, and
//! the provider keeps changing its mode. In the end the provider has the price of confirmed purchases, and no more.

use super::{
    booking::Fleet,
    chaos::Rates,
    for_seeds,
    instance::{Instance, Testbed},
};
use crate::{
    cards::crashes::{event, worker},
    harness::process::{Response, listed, member},
};
use frontrow_edge::{App, Method, Worker};
use frontrow_local::provider::Provider;
use frontrow_workers::message::PaymentDue;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// Runs in the normal test command.
const RUNS: u64 = 80;
const SEATS: [&str; 4] = ["A-1-1", "A-1-2", "A-1-3", "A-1-4"];
/// Short, because many responses never arrive.
const CALL_MILLIS: u64 = 150;
/// Rounds of workers without faults after which everything is settled.
const LAST_ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn card_money_matches_seats_under_faults() {
    for_seeds(5_000, RUNS, run).await;
}

struct Buyer {
    login: String,
    dice: fastrand::Rng,
    performance: String,
    bought: BTreeSet<String>,
    cancelled: BTreeSet<String>,
}

impl Buyer {
    /// Repeats the request until it gets a final response, or card payments are paused.
    async fn retry_while_busy(
        &mut self,
        fleet: &Fleet,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> Result<Response, String> {
        let headers = [("authorization", self.login.as_str())];
        for _ in 0..300 {
            match fleet.send(&mut self.dice, method, path, &headers, body).await {
                Some(response) if response.status == 503 && response.text("code") != "payments_busy" => {}
                Some(response) if response.status == 500 => return Err(format!("{method} {path}: {response:?}")),
                Some(response) => return Ok(response),
                None => {}
            }
        }
        Err(format!("{method} {path} got no response"))
    }

    /// A token: declined for every third card, and half of them for the order in the hold as it was read.
    fn card(&mut self, provider: &Provider, order: &Value) -> String {
        let declines = self.dice.u32(..3) == 0;
        let outcome = if declines { "decline_funds" } else { "approve" };
        let body = json!({"orderId": order["orderId"], "amount": order["amount"], "outcome": outcome});
        match provider.issue(body.to_string().as_bytes()) {
            Ok(token) if self.dice.bool() => token,
            _ => if declines { "declined" } else { "tok" }.to_owned(),
        }
    }

    async fn step(&mut self, fleet: &Fleet, provider: &Provider) -> Result<(), String> {
        let seat = SEATS[self.dice.usize(..SEATS.len())];
        let path = format!("/performances/{}/holds", self.performance);
        self.retry_while_busy(fleet, &Method::POST, &path, &json!({"seatIds": [seat]})).await?;
        let holds = self.retry_while_busy(fleet, &Method::GET, "/holds", &Value::Null).await?;
        if let Some(hold) = holds.json["items"][0]["holdId"].as_str() {
            let token = self.card(provider, &holds.json["items"][0]["payment"]);
            let body = json!({"holdId": hold, "method": "card", "cardToken": token});
            let paid = self.retry_while_busy(fleet, &Method::POST, "/payments", &body).await?;
            match paid.status {
                200 | 202 => drop(self.bought.insert(paid.text("reservationId"))),
                410 | 503 => {}
                429 if paid.text("code") == "too_many_attempts" => {}
                _ => return Err(format!("a payment got {paid:?}")),
            }
        }
        if self.dice.u32(..3) == 0
            && let Some(reservation) = self.bought.first().cloned()
        {
            let path = format!("/reservations/{reservation}");
            let response = self.retry_while_busy(fleet, &Method::DELETE, &path, &Value::Null).await?;
            if response.status != 200 || response.text("status") != "cancelled" {
                return Err(format!("a cancellation got {response:?}"));
            }
            self.bought.remove(&reservation);
            self.cancelled.insert(reservation);
        }
        Ok(())
    }
}

/// The remaining work, as in the stream's messages.
async fn due(testbed: &Testbed) -> Vec<PaymentDue> {
    let all = testbed.snapshot().await.reservations();
    let open = all.into_iter().filter(|one| one.card.as_ref().is_some_and(|card| !card.state.is_settled()));
    let due = |one: frontrow_domain::reservation::Reservation| PaymentDue {
        member_id: one.buyer.member_id,
        reservation_id: one.reservation_id,
    };
    open.map(due).collect()
}

/// Workers that stall and die, and a provider with changing modes, until the buyers are done.
async fn deliver(testbed: Arc<Testbed>, provider: Provider, seed: u64, gone: Arc<AtomicBool>) {
    let mut dice = fastrand::Rng::with_seed(seed ^ 0xCA2D);
    let start =
        |dice: &mut fastrand::Rng| -> Instance { testbed.instance(dice.u64(..), Rates::BAD_DAY, dice.i64(-2..=2)) };
    let mut process = start(&mut dice);
    while !gone.load(Ordering::Relaxed) {
        let modes =
            ["normal", "normal", "normal", "decline", "fail", "refuse", "hang", "answer_late", "contradict", "busy"];
        let mode = modes[dice.usize(..modes.len())];
        provider.switch(json!({"mode": mode}).to_string().as_bytes()).expect("a mode");
        if dice.u32(..4) == 0 {
            let seconds = dice.u32(1..200);
            testbed.advance_seconds(seconds, &mut dice).await;
        }
        let mut messages = due(&testbed).await;
        messages.extend(messages.first().cloned().filter(|_| dice.bool()));
        let working = worker(&process.app, &provider, CALL_MILLIS);
        if process.living(working.handle(event(&messages))).await.is_none() {
            process = start(&mut dice);
        }
        tokio::task::yield_now().await;
    }
}

async fn run(seed: u64) -> Result<(), String> {
    let testbed = Arc::new(Testbed::new().await?);
    let provider = Provider::start(&tokio::runtime::Handle::current(), None).await?;
    let faultless = testbed.faultless();
    let sections = json!([{"name": "A", "grade": "R", "price": 30_000, "rows": 1, "seatsPerRow": 4}]);
    let performance = listed(&faultless, json!({"seating": {"type": "numbered", "sections": sections}})).await;
    let fleet = Arc::new(Fleet::new(Arc::clone(&testbed), seed, Rates::BAD_DAY, 2));
    let gone = Arc::new(AtomicBool::new(false));
    let postman = tokio::spawn(deliver(Arc::clone(&testbed), provider.clone(), seed, Arc::clone(&gone)));
    let mut buyers = JoinSet::new();
    for number in 0..3 {
        let (_, login) = member(&faultless, &format!("buyer{number}")).await;
        let dice = fastrand::Rng::with_seed(seed * 31 + number);
        let (fleet, performance, provider) = (Arc::clone(&fleet), performance.clone(), provider.clone());
        let mut buyer = Buyer { login, dice, performance, bought: BTreeSet::new(), cancelled: BTreeSet::new() };
        buyers.spawn(async move {
            for _ in 0..8 {
                buyer.step(&fleet, &provider).await?;
            }
            Ok::<_, String>(buyer)
        });
    }
    let buyers = buyers.join_all().await;
    gone.store(true, Ordering::Relaxed);
    postman.await.map_err(|error| error.to_string())?;
    settle(&testbed, &faultless, &provider).await?;

    let snapshot = testbed.snapshot().await;
    snapshot.check()?;
    snapshot.provider_has_what_was_bought(&provider.entries())?;
    let all = snapshot.reservations();
    for buyer in buyers {
        let Buyer { bought, cancelled, .. } = buyer?;
        for (id, over) in bought.iter().map(|id| (id, false)).chain(cancelled.iter().map(|id| (id, true))) {
            let found = all.iter().find(|one| one.reservation_id.to_string() == *id);
            let Some(found) = found else { return Err(format!("{id} was accepted and is not there")) };
            if over && found.cancelled_at.is_none() {
                return Err(format!("{id} was cancelled and is {found:?}"));
            }
        }
    }
    Ok(())
}

/// Waits for requests in flight of workers that died; the test clock does not affect them.
async fn quiet(provider: &Provider) {
    let mut asked = provider.state();
    loop {
        tokio::time::sleep(Duration::from_millis(2 * CALL_MILLIS)).await;
        let then = std::mem::replace(&mut asked, provider.state());
        if then == asked {
            return;
        }
    }
}

/// A day without faults, in which every wait ends.
async fn settle(testbed: &Testbed, faultless: &App, provider: &Provider) -> Result<(), String> {
    provider.switch(br#"{"mode": "normal"}"#).expect("a mode");
    quiet(provider).await;
    testbed.execute_late_writes().await;
    let working = worker(faultless, provider, 2_000);
    for _ in 0..LAST_ROUNDS {
        let left = due(testbed).await;
        if left.is_empty() {
            return Ok(());
        }
        working.handle(event(&left)).await.map_err(|error| error.to_string())?;
        testbed.clock.advance_seconds(300);
    }
    Err(format!("not settled: {:?}", due(testbed).await))
}
