//! Holds of a grade under faults: three members on six general admission places, and on the best of four seats. Once
//! all holds have expired, everything unsold can be had, to the last place.

use super::{
    booking::{buy, four_seats},
    for_seeds,
    instance::Testbed,
};
use crate::harness::process::{call, member};
use frontrow_domain::reservation::ReservationStatus;
use frontrow_edge::Method;
use serde_json::{Value, json};

/// Runs of each in the normal test command.
const RUNS: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn general_admission_is_exact_under_faults() {
    for_seeds(10_000, RUNS, counted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_seats_are_sold_once_under_faults() {
    for_seeds(20_000, RUNS, best).await;
}

async fn counted(seed: u64) -> Result<(), String> {
    let seating = json!({"type": "general", "areas": [{"grade": "R", "price": 30_000, "capacity": 6}]});
    let selection = |dice: &mut fastrand::Rng| json!({"grade": "R", "quantity": dice.u32(1..=3)});
    let (testbed, performance) = buy(seed, seating, selection).await?;
    all_can_be_had(&testbed, &performance, 6).await
}

async fn best(seed: u64) -> Result<(), String> {
    let selection = |dice: &mut fastrand::Rng| json!({"grade": "R", "quantity": dice.u32(1..=2)});
    let (testbed, performance) = buy(seed, four_seats(), selection).await?;
    all_can_be_had(&testbed, &performance, 4).await
}

/// Holds the remaining places one by one.
async fn all_can_be_had(testbed: &Testbed, performance: &str, capacity: usize) -> Result<(), String> {
    testbed.advance_seconds(400, &mut fastrand::Rng::with_seed(capacity as u64)).await;
    let faultless = testbed.faultless();
    let reservations = testbed.snapshot().await.reservations();
    let confirmed = reservations.iter().filter(|one| one.status == ReservationStatus::Confirmed);
    let sold: usize = confirmed.map(|one| one.seats.len()).sum();
    let path = format!("/performances/{performance}/holds");
    for number in sold..=capacity {
        let (_, login) = member(&faultless, &format!("filler{number}")).await;
        let body: Value = json!({"grade": "R", "quantity": 1});
        let response = call(&faultless, &Method::POST, &path, &[("authorization", &login)], &body).await;
        let expected = if number < capacity { 201 } else { 409 };
        if response.status != expected {
            return Err(format!("{sold} of {capacity} sold, and the next hold got {response:?}"));
        }
    }
    testbed.snapshot().await.check()
}
