//! Booking under faults: three members on four seats, through two processes whose clocks differ. Each repeats a
//! request until it gets a final response, as a client would. In the end the table must be consistent and match
//! exactly what was acknowledged.

use super::{
    chaos::Rates,
    for_seeds,
    instance::{Ground, Instance},
};
use crate::harness::process::{Told, call, listed, member};
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
    pub(super) ground: Arc<Ground>,
    seed: u64,
    rates: Rates,
    processes: Mutex<Vec<Arc<Instance>>>,
    started: std::sync::atomic::AtomicU64,
}

impl Fleet {
    pub(super) fn new(ground: Arc<Ground>, seed: u64, rates: Rates, size: usize) -> Self {
        let fleet = Self { ground, seed, rates, processes: Mutex::default(), started: 0.into() };
        let first = (0..size).map(|_| fleet.start()).collect();
        *fleet.processes.lock().unwrap_or_else(PoisonError::into_inner) = first;
        fleet
    }

    fn start(&self) -> Arc<Instance> {
        let number = self.started.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut dice = fastrand::Rng::with_seed(self.seed ^ (number << 32));
        Arc::new(self.ground.instance(dice.u64(..), self.rates, dice.i64(-2..=2)))
    }

    /// Sends a request to one of the processes, once.
    pub(super) async fn send(
        &self,
        dice: &mut fastrand::Rng,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<Told> {
        let index = dice.usize(..self.processes.lock().unwrap_or_else(PoisonError::into_inner).len());
        let process = Arc::clone(&self.processes.lock().unwrap_or_else(PoisonError::into_inner)[index]);
        let told = process.call(method, path, headers, body).await;
        if told.is_none() {
            let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&processes[index], &process) {
                processes[index] = self.start();
            }
        }
        told
    }

    /// Repeats the request until the response is not 503.
    pub(super) async fn insist(
        &self,
        dice: &mut fastrand::Rng,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Told, String> {
        for _ in 0..TRIES {
            match self.send(dice, method, path, headers, body).await {
                Some(told) if told.status == 503 => {}
                Some(told) if told.status >= 500 => return Err(format!("{method} {path}: {told:?}")),
                Some(told) => return Ok(told),
                None => {}
            }
        }
        Err(format!("{method} {path} was not answered in {TRIES} tries"))
    }
}

/// What a member wants to hold: the request body.
pub(super) type Wish = fn(&mut fastrand::Rng) -> Value;

/// One or two seats of four, side by side.
fn seats(dice: &mut fastrand::Rng) -> Value {
    let first = dice.usize(..SEATS.len());
    let seats: Vec<&str> = SEATS.iter().cycle().skip(first).take(dice.usize(1..=2)).copied().collect();
    json!({"seatIds": seats})
}

/// A member and what they know for sure.
struct Buyer {
    login: String,
    wish: Wish,
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
                fleet.ground.advance_seconds(seconds, &mut self.dice).await;
                Ok(())
            }
        }
    }

    async fn insist(&mut self, fleet: &Fleet, method: &Method, path: &str, body: &Value) -> Result<Told, String> {
        fleet.insist(&mut self.dice, method, path, &[("authorization", &self.login)], body).await
    }

    async fn top_up(&mut self, fleet: &Fleet, number: usize) -> Result<(), String> {
        let amount = self.dice.i64(1..=100_000);
        let key = format!("top-up-{number}");
        let headers = [("authorization", self.login.as_str()), ("idempotency-key", key.as_str())];
        let told = fleet
            .insist(&mut self.dice, &Method::POST, "/points/top-ups", &headers, &json!({"amount": amount}))
            .await?;
        if told.status != 201 {
            return Err(format!("a top-up was answered {told:?}"));
        }
        self.topped_up += amount;
        Ok(())
    }

    async fn hold(&mut self, fleet: &Fleet) -> Result<(), String> {
        let wish = (self.wish)(&mut self.dice);
        let path = format!("/performances/{}/holds", self.performance);
        let headers = [("authorization", self.login.as_str())];
        let told = fleet.send(&mut self.dice, &Method::POST, &path, &headers, &wish).await;
        match told {
            Some(told) if told.status == 201 => self.hold = Some(told.text("holdId")),
            // 429: three of their holds were not paid.
            Some(told) if matches!(told.status, 409 | 422 | 429) => {}
            // Unknown: it may have been done. The list of holds shows which.
            None | Some(Told { status: 503, .. }) => {
                let listed = self.insist(fleet, &Method::GET, "/holds", &Value::Null).await?;
                self.hold = listed.json["items"][0]["holdId"].as_str().map(str::to_owned);
            }
            Some(told) => return Err(format!("a hold was answered {told:?}")),
        }
        Ok(())
    }

    async fn pay(&mut self, fleet: &Fleet, hold: &str) -> Result<(), String> {
        let told = self.insist(fleet, &Method::POST, "/payments", &json!({"holdId": hold, "method": "points"})).await?;
        match told.status {
            200 | 201 => {
                self.booked.insert(told.text("reservationId"));
                self.hold = None;
            }
            410 => self.hold = None,
            409 if told.text("code") == "insufficient_points" => {}
            _ => return Err(format!("a payment was answered {told:?}")),
        }
        Ok(())
    }

    async fn release(&mut self, fleet: &Fleet, hold: &str) -> Result<(), String> {
        let told = self.insist(fleet, &Method::DELETE, &format!("/holds/{hold}"), &Value::Null).await?;
        self.hold = None;
        if matches!(told.status, 204 | 404) { Ok(()) } else { Err(format!("a release was answered {told:?}")) }
    }

    async fn cancel(&mut self, fleet: &Fleet) -> Result<(), String> {
        let Some(reservation) = self.booked.pop_first() else { return Ok(()) };
        let told = self.insist(fleet, &Method::DELETE, &format!("/reservations/{reservation}"), &Value::Null).await?;
        if told.status == 200 { Ok(()) } else { Err(format!("a cancellation was answered {told:?}")) }
    }
}

/// A house of four seats.
pub(super) fn four_seats() -> Value {
    json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 30_000, "rows": 1, "seatsPerRow": 4}]})
}

async fn run(seed: u64) -> Result<(), String> {
    buy(seed, four_seats(), seats).await.map(drop)
}

/// Three buyers of what `wish` returns, in a house with this `seating`. Returns the final state of the table, and the
/// performance.
pub(super) async fn buy(seed: u64, seating: Value, wish: Wish) -> Result<(Arc<Ground>, String), String> {
    let ground = Arc::new(Ground::new().await?);
    let calm = ground.calm();
    let performance = listed(&calm, json!({"seating": seating})).await;
    let fleet = Arc::new(Fleet::new(Arc::clone(&ground), seed, Rates::BAD_DAY, 2));
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..3 {
        let (_, login) = member(&calm, &format!("buyer{number}")).await;
        let dice = fastrand::Rng::with_seed(seed * 31 + number);
        let (performance, fleet) = (performance.clone(), Arc::clone(&fleet));
        let mut buyer = Buyer { login, wish, dice, performance, topped_up: 0, hold: None, booked: BTreeSet::new() };
        buyers.spawn(async move {
            for step in 0..10 {
                buyer.step(&fleet, step).await?;
            }
            Ok::<_, String>(buyer)
        });
    }
    let buyers = buyers.join_all().await;
    ground.execute_late_writes().await;
    for buyer in buyers {
        check(&calm, &buyer?).await?;
    }
    ground.snapshot().await.check()?;
    Ok((ground, performance))
}

/// What the buyer was told matches the table.
async fn check(calm: &frontrow_edge::App, buyer: &Buyer) -> Result<(), String> {
    let headers = [("authorization", buyer.login.as_str())];
    let balance = call(calm, &Method::GET, "/points", &headers, &Value::Null).await.json["balance"].as_i64();
    let confirmed = call(calm, &Method::GET, "/reservations", &headers, &Value::Null).await;
    let confirmed: Vec<&Value> =
        confirmed.json["items"].as_array().into_iter().flatten().filter(|one| one["status"] == "confirmed").collect();
    let paid: i64 = confirmed.iter().filter_map(|one| one["totalPrice"].as_i64()).sum();
    let ids: BTreeSet<String> =
        confirmed.iter().filter_map(|one| one["reservationId"].as_str().map(str::to_owned)).collect();
    if balance != Some(buyer.topped_up - paid) {
        return Err(format!("{} topped up, {paid} paid, but the balance is {balance:?}", buyer.topped_up));
    }
    if ids != buyer.booked {
        return Err(format!("told {:?}, but there is {ids:?}", buyer.booked));
    }
    Ok(())
}
