//! The door under faults: two tickets are scanned, reissued, mailed and cancelled through processes that lose
//! requests and responses, throttle and read stale data. Every response is the one that follows from the earlier
//! requests. Above all, a valid ticket gets 201, even if the response to the write was lost.

use super::{booking::Fleet, chaos::Rates, for_seeds, instance::Testbed};
use crate::harness::process::{Response, call, give_points, listed, member, organizer};
use frontrow_domain::{ids::ReservationId, reservation::Reservation};
use frontrow_edge::{App, Method, tokens::Identity};
use serde_json::{Value, json};
use std::sync::Arc;

/// Runs in the normal test command.
const RUNS: u64 = 200;
const STEPS: usize = 14;
/// Processes do not die: every caller gets a response and knows what was done.
const RATES: Rates = Rates { death: 0, ..Rates::BAD_DAY };
const TRIES: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn check_in_is_exact_under_faults() {
    for_seeds(20_000_000, RUNS, run).await;
}

/// The state that the calls so far must have left.
#[derive(Default)]
struct Known {
    cancelled: bool,
    used: [bool; 2],
}

struct Story {
    faultless: App,
    fleet: Fleet,
    dice: fastrand::Rng,
    owner: Identity,
    owner_login: String,
    organizer_login: String,
    performance: String,
    reservation: ReservationId,
    known: Known,
}

impl Story {
    /// The stored reservation.
    async fn stored(&self) -> Reservation {
        self.faultless
            .store
            .reservation(&self.owner.member_id, &self.reservation)
            .await
            .expect("a read")
            .expect("it is kept")
    }

    /// Repeats the request until it gets a final response. Also returns whether an earlier attempt may have succeeded
    /// without a response.
    async fn retry_while_busy(
        &mut self,
        login: &str,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> Result<(Response, bool), String> {
        for number in 0..TRIES {
            let response = self.fleet.send(&mut self.dice, method, path, &[("authorization", login)], body).await;
            match response {
                Some(response) if response.status == 503 => {}
                Some(response) => return Ok((response, number > 0)),
                None => return Err("no process crashes here".to_owned()),
            }
        }
        Err(format!("{method} {path} got no response in {TRIES} tries"))
    }

    async fn scan(&mut self) -> Result<(), String> {
        let index = self.dice.u32(..2);
        let (stored, ticket) = (self.stored().await, self.reservation.ticket(index));
        let mut claim = stored.claim(&ticket);
        let old = claim.generation > 0 && self.dice.bool();
        claim.generation -= u32::from(old);
        let body = json!({"performanceId": self.performance, "code": self.faultless.codes.ticket_code(&claim)});
        let login = self.organizer_login.clone();
        let (response, may_be_done) = self.retry_while_busy(&login, &Method::POST, "/check-ins", &body).await?;
        let used = &mut self.known.used[index as usize];
        let expected = match (self.known.cancelled, old, *used) {
            (true, ..) => "reservation_cancelled",
            (_, true, _) => "ticket_reissued",
            (_, _, true) => "already_checked_in",
            _ => "",
        };
        *used |= expected.is_empty();
        let code = response.text("code");
        if code == expected || (may_be_done && expected.is_empty() && code == "already_checked_in") {
            return Ok(());
        }
        Err(format!("a scan got {response:?} rather than {expected:?}"))
    }

    async fn reissue(&mut self) -> Result<(), String> {
        let index = self.dice.u32(..2);
        let ticket = self.reservation.ticket(index);
        let before = self.stored().await.claim(&ticket).generation;
        let (path, login) = (format!("/tickets/{ticket}/reissue"), self.owner_login.clone());
        let (response, may_be_done) = self.retry_while_busy(&login, &Method::POST, &path, &Value::Null).await?;
        let after = self.stored().await.claim(&ticket).generation;
        let expected = match (self.known.cancelled, self.known.used[index as usize]) {
            (true, _) => 404,
            (_, true) => 409,
            _ => 200,
        };
        let (status, done) = (response.status, after - before);
        let right = status == expected && (done == u32::from(status == 200) || (may_be_done && done > 0));
        if right || status == 429 && expected == 200 {
            return Ok(());
        }
        Err(format!("a reissue got {response:?} and done {done} times"))
    }

    async fn mail(&mut self) -> Result<(), String> {
        let (path, login) = (format!("/reservations/{}/ticket-mail", self.reservation), self.owner_login.clone());
        let before = self.stored().await.mailing.number;
        let (response, may_be_done) = self.retry_while_busy(&login, &Method::POST, &path, &Value::Null).await?;
        let done = self.stored().await.mailing.number - before;
        let right = match response.status {
            202 => !self.known.cancelled && (done == 1 || may_be_done && done > 0),
            409 => self.known.cancelled && done == 0,
            429 => done == 0 || may_be_done,
            _ => false,
        };
        if right { Ok(()) } else { Err(format!("a mail request got {response:?}, and {done} mails were promised")) }
    }

    async fn cancel(&mut self) -> Result<(), String> {
        let (path, login) = (format!("/reservations/{}", self.reservation), self.owner_login.clone());
        let (response, _) = self.retry_while_busy(&login, &Method::DELETE, &path, &Value::Null).await?;
        let refused = !self.known.cancelled && self.known.used.contains(&true);
        self.known.cancelled |= !refused;
        let expected = if refused { (409, "already_checked_in") } else { (200, "") };
        if (response.status, response.text("code").as_str()) == expected {
            return Ok(());
        }
        Err(format!("a cancellation got {response:?} rather than {expected:?}"))
    }
}

async fn run(seed: u64) -> Result<(), String> {
    let testbed = Arc::new(Testbed::new().await?);
    let faultless = testbed.faultless();
    let performance = listed(&faultless, json!({})).await;
    let (owner, owner_login) = member(&faultless, "owner").await;
    let (_, organizer_login) = organizer(&faultless, "usher").await;
    give_points(&faultless, &owner_login, 100_000).await;
    let headers = [("authorization", owner_login.as_str())];
    let seats = json!({"seatIds": ["A-1-1", "A-1-2"]});
    let held = call(&faultless, &Method::POST, &format!("/performances/{performance}/holds"), &headers, &seats).await;
    let body = json!({"holdId": held.text("holdId"), "method": "points"});
    let paid = call(&faultless, &Method::POST, "/payments", &headers, &body).await;
    let reservation = paid.text("reservationId").parse().map_err(|_| format!("not paid: {paid:?}"))?;
    let fleet = Fleet::new(Arc::clone(&testbed), seed, RATES, 2);
    let dice = fastrand::Rng::with_seed(seed);
    let known = Known::default();
    let mut story =
        Story { faultless, fleet, dice, owner, owner_login, organizer_login, performance, reservation, known };
    for _ in 0..STEPS {
        match story.dice.u32(..10) {
            0..5 => story.scan().await?,
            5..8 => story.reissue().await?,
            8 => story.mail().await?,
            _ => story.cancel().await?,
        }
    }
    testbed.execute_late_writes().await;
    testbed.snapshot().await.check()
}
