//! What members who miss their call cost: only they, and the turns that take their places back and call them again.

use super::{Budgets, admitted, meter};
use crate::harness::World;
use frontrow_domain::limits::CLAIM_SECONDS;
use serde_json::{Value, json};

/// The writes of a turn that admits nobody.
const TURN: f64 = 2.0;

pub(super) async fn missed(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"waitingRoom": {"maxActive": 4, "admissionSeconds": 3600}})).await;
    let path = format!("/performances/{performance}/queue");
    let mut sleepers = Vec::new();
    for _ in 0..3 {
        let person = world.member(0).await;
        let joined = person.post(&path, Value::Null).await.expect(201);
        sleepers.push(person.with_queue_token(&joined.text("queueToken")));
    }
    let waker = admitted(world, &world.member(0).await, &performance).await;
    world.advance_seconds(u32::try_from(CLAIM_SECONDS).expect("seconds") + 2);
    let (_, cost) = meter(world, waker.get(&path)).await;
    let writes: f64 = cost.iter().map(|call| call.write_units).sum();
    assert!((writes - TURN - 3.0 * 4.0).abs() < 0.1, "each place taken back is two writes of a transaction: {cost:?}");

    let (back, cost) = meter(world, sleepers[0].get(&path)).await;
    assert_eq!(back.expect(200).text("status"), "waiting");
    budgets.note("poll that returns", (2, 7.0, 0.0), &cost, "no ADM; MISSED, ADM, PLACE");
    let (back, cost) = meter(world, sleepers[1].post(&path, Value::Null)).await;
    back.expect(200);
    budgets.note("join that returns", (3, 6.0, 1.5), &cost, "PLACE, no ADM; MISSED, ADM, PLACE");
    let (left, cost) = meter(world, sleepers[2].delete(&path)).await;
    left.expect(204);
    budgets.note("leave, missed", (3, 3.0, 0.0), &cost, "PLACE; no ADM; MISSED");
    world.advance_seconds(2);
    let (_, cost) = meter(world, waker.get(&path)).await;
    let writes: f64 = cost.iter().map(|call| call.write_units).sum();
    assert!((writes - TURN - 2.0).abs() < 0.1, "each member called again is one write: {cost:?}");
}
