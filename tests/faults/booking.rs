//! Booking under faults: three members on four seats, through two processes whose clocks differ. Each repeats a
//! request until it gets a final response, as a client would. In the end the table must be consistent and match
//! exactly what was acknowledged.

use super::{
    chaos::Rates,
    for_seeds,
    instance::{Instance, Testbed},
};
use crate::harness::process::{Response, call, listed, member};
use frontrow_edge::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Runs in the normal test command.
const RUNS: u64 = 200;
const SEATS: [&str; 4] = ["A-1-1", "A-1-2", "A-1-3", "A-1-4"];
/// A request without a final response after this many attempts is a failure.
const TRIES: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn booking_is_exact_under_faults() {
    for_seeds(0, RUNS, run).await;
}

/// The processes; one that dies is replaced.
pub(super) struct Fleet {
    pub(super) testbed: Arc<Testbed>,
    seed: u64,
    rates: Rates,
    processes: Mutex<Vec<Arc<Instance>>>,
    started: std::sync::atomic::AtomicU64,
}

impl Fleet {
    pub(super) fn new(testbed: Arc<Testbed>, seed: u64, rates: Rates, size: usize) -> Self {
        let fleet = Self { testbed, seed, rates, processes: Mutex::default(), started: 0.into() };
        let first = (0..size).map(|_| fleet.start()).collect();
        *fleet.processes.lock().unwrap_or_else(PoisonError::into_inner) = first;
        fleet
    }

    fn start(&self) -> Arc<Instance> {
        let number = self.started.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut dice = fastrand::Rng::with_seed(self.seed ^ (number << 32));
        Arc::new(self.testbed.instance(dice.u64(..), self.rates, dice.i64(-2..=2)))
    }

    /// Sends a request to one of the processes, once.
    pub(super) async fn send(
        &self,
        dice: &mut fastrand::Rng,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Response> {
        let index = dice.usize(..self.processes.lock().unwrap_or_else(PoisonError::into_inner).len());
        let process = Arc::clone(&self.processes.lock().unwrap_or_else(PoisonError::into_inner)[index]);
        let response = process.call(method, path, headers, body).await;
        if response.is_none() {
            let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&processes[index], &process) {
                processes[index] = self.start();
            }
        }
        response
    }

    /// Repeats the request until the response is not 503.
    pub(super) async fn retry_while_busy(
        &self,
        dice: &mut fastrand::Rng,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, String> {
        for _ in 0..TRIES {
            match self.send(dice, method, path, headers, body).await {
                Some(response) if response.status == 503 => {}
                Some(response) if response.status >= 500 => return Err(format!("{method} {path}: {response:?}")),
                Some(response) => return Ok(response),
                None => {}
            }
        }
        Err(format!("{method} {path} got no response in {TRIES} tries"))
    }
}

/// What a member wants to hold: the request body.
pub(super) type Selection = fn(&mut fastrand::Rng) -> Value;

/// One or two seats of four, side by side.
fn seats(dice: &mut fastrand::Rng) -> Value {
    let first = dice.usize(..SEATS.len());
    let seats: Vec<&str> = SEATS.iter().cycle().skip(first).take(dice.usize(1..=2)).copied().collect();
    json!({"seatIds": seats})
}

/// A member and what they know for sure.
struct Buyer {
    login: String,
    selection: Selection,
    dice: fastrand::Rng,
    performance: String,
    topped_up: i64,
    hold: Option<String>,
    booked: BTreeSet<String>,
}

impl Buyer {
    async fn step(&mut self, fleet: &Fleet, number: usize) -> Result<(), String> {
        match (self.dice.u32(..10), self.hold.clone()) {
            (0..2, _) => self.top_up(fleet, number).await,
            (2..6, None) => self.hold(fleet).await,
            (2..8, Some(hold)) => self.pay(fleet, &hold).await,
            (8, Some(hold)) => self.release(fleet, &hold).await,
            (9, _) => self.cancel(fleet).await,
            _ => {
                let seconds = self.dice.u32(..120);
                fleet.testbed.advance_seconds(seconds, &mut self.dice).await;
                Ok(())
            }
        }
    }

    async fn retry_while_busy(
        &mut self,
        fleet: &Fleet,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> Result<Response, String> {
        fleet.retry_while_busy(&mut self.dice, method, path, &[("authorization", &self.login)], body).await
    }

    async fn top_up(&mut self, fleet: &Fleet, number: usize) -> Result<(), String> {
        let amount = self.dice.i64(1..=100_000);
        let key = format!("top-up-{number}");
        let headers = [("authorization", self.login.as_str()), ("idempotency-key", key.as_str())];
        let response = fleet
            .retry_while_busy(&mut self.dice, &Method::POST, "/points/top-ups", &headers, &json!({"amount": amount}))
            .await?;
        if response.status != 201 {
            return Err(format!("a top-up got {response:?}"));
        }
        self.topped_up += amount;
        Ok(())
    }

    async fn hold(&mut self, fleet: &Fleet) -> Result<(), String> {
        let selection = (self.selection)(&mut self.dice);
        let path = format!("/performances/{}/holds", self.performance);
        let headers = [("authorization", self.login.as_str())];
        let response = fleet.send(&mut self.dice, &Method::POST, &path, &headers, &selection).await;
        match response {
            Some(response) if response.status == 201 => self.hold = Some(response.text("holdId")),
            // 429: three of their holds were not paid.
            Some(response) if matches!(response.status, 409 | 422 | 429) => {}
            // Unknown: it may have been done. The list of holds shows which.
            None | Some(Response { status: 503, .. }) => {
                let listed = self.retry_while_busy(fleet, &Method::GET, "/holds", &Value::Null).await?;
                self.hold = listed.json["items"][0]["holdId"].as_str().map(str::to_owned);
            }
            Some(response) => return Err(format!("a hold got {response:?}")),
        }
        Ok(())
    }

    async fn pay(&mut self, fleet: &Fleet, hold: &str) -> Result<(), String> {
        let response = self
            .retry_while_busy(fleet, &Method::POST, "/payments", &json!({"holdId": hold, "method": "points"}))
            .await?;
        match response.status {
            200 | 201 => {
                self.booked.insert(response.text("reservationId"));
                self.hold = None;
            }
            410 => self.hold = None,
            409 if response.text("code") == "insufficient_points" => {}
            _ => return Err(format!("a payment got {response:?}")),
        }
        Ok(())
    }

    async fn release(&mut self, fleet: &Fleet, hold: &str) -> Result<(), String> {
        let response = self.retry_while_busy(fleet, &Method::DELETE, &format!("/holds/{hold}"), &Value::Null).await?;
        self.hold = None;
        if matches!(response.status, 204 | 404) { Ok(()) } else { Err(format!("a release got {response:?}")) }
    }

    async fn cancel(&mut self, fleet: &Fleet) -> Result<(), String> {
        let Some(reservation) = self.booked.pop_first() else { return Ok(()) };
        let response = self
            .retry_while_busy(fleet, &Method::DELETE, &format!("/reservations/{reservation}"), &Value::Null)
            .await?;
        if response.status == 200 { Ok(()) } else { Err(format!("a cancellation got {response:?}")) }
    }
}

/// A house of four seats.
pub(super) fn four_seats() -> Value {
    json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 30_000, "rows": 1, "seatsPerRow": 4}]})
}

async fn run(seed: u64) -> Result<(), String> {
    buy(seed, four_seats(), seats).await.map(drop)
}

/// Three buyers of what `selection` returns, in a house with this `seating`. Returns the final state of the table, and the
/// performance.
pub(super) async fn buy(seed: u64, seating: Value, selection: Selection) -> Result<(Arc<Testbed>, String), String> {
    let testbed = Arc::new(Testbed::new().await?);
    let faultless = testbed.faultless();
    let performance = listed(&faultless, json!({"seating": seating})).await;
    let fleet = Arc::new(Fleet::new(Arc::clone(&testbed), seed, Rates::BAD_DAY, 2));
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..3 {
        let (_, login) = member(&faultless, &format!("buyer{number}")).await;
        let dice = fastrand::Rng::with_seed(seed * 31 + number);
        let (performance, fleet) = (performance.clone(), Arc::clone(&fleet));
        let mut buyer =
            Buyer { login, selection, dice, performance, topped_up: 0, hold: None, booked: BTreeSet::new() };
        buyers.spawn(async move {
            for step in 0..10 {
                buyer.step(&fleet, step).await?;
            }
            Ok::<_, String>(buyer)
        });
    }
    let buyers = buyers.join_all().await;
    testbed.execute_late_writes().await;
    for buyer in buyers {
        check(&faultless, &buyer?).await?;
    }
    testbed.snapshot().await.check()?;
    Ok((testbed, performance))
}

/// What the buyer was told matches the table.
async fn check(faultless: &frontrow_edge::App, buyer: &Buyer) -> Result<(), String> {
    let headers = [("authorization", buyer.login.as_str())];
    let balance = call(faultless, &Method::GET, "/points", &headers, &Value::Null).await.json["balance"].as_i64();
    let confirmed = call(faultless, &Method::GET, "/reservations", &headers, &Value::Null).await;
    let confirmed: Vec<&Value> =
        confirmed.json["items"].as_array().into_iter().flatten().filter(|one| one["status"] == "confirmed").collect();
    let paid: i64 = confirmed.iter().filter_map(|one| one["totalPrice"].as_i64()).sum();
    let ids: BTreeSet<String> =
        confirmed.iter().filter_map(|one| one["reservationId"].as_str().map(str::to_owned)).collect();
    if balance != Some(buyer.topped_up - paid) {
        return Err(format!("{} topped up, {paid} paid, but the balance is {balance:?}", buyer.topped_up));
    }
    if ids != buyer.booked {
        return Err(format!("responses contain {:?}, but stored are {ids:?}", buyer.booked));
    }
    Ok(())
}
