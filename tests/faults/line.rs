//! The waiting room under faults: a handful of members and three processes whose clocks differ, some of which die in
//! the middle of a turn. Some members miss their call and come back, or leave. Never more than `maxActive` inside, no
//! position drawn twice, nobody loses their place by being away, and everybody is admitted.

use super::{booking::Fleet, chaos::Rates, for_seeds, instance::Testbed};
use crate::harness::process::{Response, give_points, listed, member};
use frontrow_domain::limits::{CLAIM_SECONDS, RECALL_SECONDS};
use frontrow_edge::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Runs in the normal test command.
const RUNS: u64 = 60;
const MEMBERS: u64 = 6;
/// Polls after which the line counts as stuck; each takes a few seconds of the test clock.
const POLLS_MAX: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_line_is_fair_and_bounded_under_faults() {
    for_seeds(10_000_000, RUNS, run).await;
}

struct Walker {
    login: String,
    dice: fastrand::Rng,
    performance: String,
    max_active: usize,
    positions: Arc<Mutex<BTreeSet<i64>>>,
    /// Positions that were claimed at some time, perhaps by a request without a response.
    claimed: Arc<Mutex<BTreeSet<i64>>>,
    /// How often the member is still away for longer than they have to claim a called place.
    absences: u32,
    /// The member's place. Unknown after they left once: a late write of leaving may give up their next place, too.
    position: Option<i64>,
    has_left: bool,
}

impl Walker {
    fn path(&self) -> String {
        format!("/performances/{}/queue", self.performance)
    }

    async fn send(
        &mut self,
        fleet: &Fleet,
        method: &Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Response, String> {
        let response = fleet
            .retry_while_busy(
                &mut self.dice,
                method,
                path,
                &[("authorization", &self.login), ("queue-token", token)],
                body,
            )
            .await?;
        let snapshot = fleet.testbed.snapshot().await;
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).extend(snapshot.claimed());
        let inside = snapshot.admissions();
        if inside > self.max_active {
            return Err(format!("{inside} are inside, {} allowed, after {method} {path}", self.max_active));
        }
        Ok(response)
    }

    async fn join(&mut self, fleet: &Fleet) -> Result<Response, String> {
        let response = self.send(fleet, &Method::POST, &self.path(), "", &Value::Null).await?;
        let position = response.json["position"].as_i64().unwrap_or_default();
        let fresh = self.positions.lock().unwrap_or_else(PoisonError::into_inner).insert(position);
        let claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = self.position.replace(position).filter(|before| !self.has_left && !claimed.contains(before));
        match (response.status, before) {
            (201, _) if !fresh => Err(format!("position {position} was given twice")),
            (200 | 201, Some(before)) if before != position => {
                Err(format!("the place at {before} was lost to one at {position}"))
            }
            (200 | 201, _) => Ok(response),
            _ => Err(format!("joining got {response:?}")),
        }
    }

    /// Lets time pass without a poll. Afterwards, the member may leave and join again.
    async fn stay_away(&mut self, fleet: &Fleet, seconds: i64) -> Result<bool, String> {
        let seconds = u32::try_from(seconds).expect("a time");
        // In steps, so that other members and the engine's TTL act in between.
        for _ in 0..seconds.div_ceil(10) {
            fleet.testbed.advance_seconds(10, &mut self.dice).await;
            tokio::task::yield_now().await;
        }
        if self.dice.u32(..4) > 0 {
            return Ok(false);
        }
        let response = self.send(fleet, &Method::DELETE, &self.path(), "", &Value::Null).await?;
        if response.status != 204 {
            return Err(format!("leaving got {response:?}"));
        }
        self.has_left = true;
        Ok(true)
    }

    /// Joins and polls until admitted.
    async fn wait(&mut self, fleet: &Fleet) -> Result<String, String> {
        let mut place = self.join(fleet).await?;
        for _ in 0..POLLS_MAX {
            if place.text("status") == "admitted" {
                return Ok(place.text("queueToken"));
            }
            let seconds = self.dice.u32(1..=3);
            fleet.testbed.advance_seconds(seconds, &mut self.dice).await;
            if self.absences > 0 && self.dice.u32(..4) == 0 {
                self.absences -= 1;
                let seconds = if self.dice.bool() { CLAIM_SECONDS + 10 } else { RECALL_SECONDS + 10 };
                if self.stay_away(fleet, seconds).await? {
                    let left = place.text("queueToken");
                    place = self.join(fleet).await?;
                    // The old token, whatever the response: a place called while its owner left can be claimed.
                    self.send(fleet, &Method::GET, &self.path(), &left, &Value::Null).await?;
                    continue;
                }
            }
            let response =
                self.send(fleet, &Method::GET, &self.path(), &place.text("queueToken"), &Value::Null).await?;
            place = match response.status {
                200 => response,
                401 if response.text("code") == "queue_token_expired" => self.join(fleet).await?,
                429 => return Err("drew too many positions".to_owned()),
                _ => return Err(format!("a poll got {response:?}")),
            };
        }
        Err("the line is stuck".to_owned())
    }

    async fn go_through(&mut self, fleet: &Fleet, seat: u64) -> Result<(), String> {
        let token = self.wait(fleet).await?;
        match self.dice.u32(..4) {
            0 => Ok(()),
            1 => {
                let response = self.send(fleet, &Method::DELETE, &self.path(), &token, &Value::Null).await?;
                if response.status == 204 { Ok(()) } else { Err(format!("leaving got {response:?}")) }
            }
            _ => self.book(fleet, &token, seat).await,
        }
    }

    async fn book(&mut self, fleet: &Fleet, token: &str, seat: u64) -> Result<(), String> {
        let path = format!("/performances/{}/holds", self.performance);
        let body = json!({"seatIds": [format!("A-1-{}", seat + 1)]});
        let response = self.send(fleet, &Method::POST, &path, token, &body).await?;
        let hold = match response.status {
            201 | 409 => response.text("holdId"),
            // Other members moved the clock past the admission.
            401 => return Ok(()),
            _ => return Err(format!("a hold got {response:?}")),
        };
        let response =
            self.send(fleet, &Method::POST, "/payments", token, &json!({"holdId": hold, "method": "points"})).await?;
        match response.status {
            200 | 201 | 410 => Ok(()),
            _ => Err(format!("a payment got {response:?}")),
        }
    }
}

async fn run(seed: u64) -> Result<(), String> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let testbed = Arc::new(Testbed::new().await?);
    let faultless = testbed.faultless();
    let max_active = dice.usize(1..=3);
    let performance = listed(&faultless, json!({
        "waitingRoom": {"maxActive": max_active, "admissionSeconds": 300},
        "seating": {"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 1000, "rows": 1, "seatsPerRow": 10}]},
    })).await;
    let fleet = Arc::new(Fleet::new(Arc::clone(&testbed), seed, Rates { death: 2, ..Rates::BAD_DAY }, 3));
    let (positions, claimed) = (Arc::default(), Arc::default());
    let mut walkers = tokio::task::JoinSet::new();
    for number in 0..MEMBERS {
        let (_, login) = member(&faultless, &format!("walker{number}")).await;
        give_points(&faultless, &login, 1000).await;
        let (performance, positions, fleet) = (performance.clone(), Arc::clone(&positions), Arc::clone(&fleet));
        let claimed = Arc::clone(&claimed);
        let dice = fastrand::Rng::with_seed(seed * 31 + number);
        let mut walker = Walker {
            login,
            dice,
            performance,
            max_active,
            positions,
            claimed,
            absences: 1,
            position: None,
            has_left: false,
        };
        walkers.spawn(async move { walker.go_through(&fleet, number).await });
    }
    for walked in walkers.join_all().await {
        walked?;
    }
    testbed.execute_late_writes().await;
    testbed.snapshot().await.check()
}
