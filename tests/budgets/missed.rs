//! What the waiting room costs beyond a waiting line: members who miss their call (only they pay, and the turns that take
//! their places back and call them again), and turns while many are inside.

use super::{Budgets, admitted, meter};
use crate::harness::{
    World,
    audit::{Snapshot, text},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::limits::{ADMISSION_PARTITIONS, CLAIM_SECONDS};
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

/// Members inside during the turn that is measured.
const INSIDE: u64 = 20_000;

/// A turn reads every admission. Copies of one that a member claimed stand for the others.
pub(super) async fn crowded(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"waitingRoom": {"maxActive": 100_000, "admissionSeconds": 3600}})).await;
    let waker = admitted(world, &world.member(0).await, &performance).await;
    let snapshot = Snapshot::of(world).await;
    let of_room = format!("adm#{performance}#");
    let claimed = snapshot.of_kind("admission").find(|item| text(item, "pk").starts_with(&of_room)).expect("one");
    let copy = |position: u64| {
        let mut item = claimed.clone();
        for (name, value) in [
            ("pk", format!("{of_room}{}", position % ADMISSION_PARTITIONS)),
            ("sk", format!("{position:0>width$}", width = text(claimed, "sk").len())),
        ] {
            item.insert(name.to_owned(), AttributeValue::S(value));
        }
        item
    };
    world.put_all(&(2..=INSIDE).map(copy).collect::<Vec<_>>()).await;
    world.advance_seconds(2);
    let (polled, cost) = meter(world, waker.get(&format!("/performances/{performance}/queue"))).await;
    polled.expect(200);
    let queries = cost.iter().filter(|call| call.operation == "Query" && call.request.to_string().contains(&of_room));
    assert_eq!(queries.count() as u64, ADMISSION_PARTITIONS, "one page a partition");
    budgets.note("poll that turns, 20,000 inside", (13, 2.0, 1_200.0), &cost, "every ADM, read consistently");
}
