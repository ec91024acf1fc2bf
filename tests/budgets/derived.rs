//! Budgets of projections and of an organizer's cancellation.

use super::{Budgets, meter};
use crate::harness::{World, book};
use serde_json::json;

/// Five bookings, two of them cancelled: seven rows, and the sums of one day.
pub(super) async fn measure(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
    let (person, organizer) = (world.member(1_000_000).await, world.organizer().await);
    for number in 1..=5 {
        let reservation = book(&person, &performance, &[&format!("A-1-{number}")]).await.text("reservationId");
        if number > 3 {
            person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        }
    }
    world.settle().await;
    let (page, cost) = meter(world, person.get("/my-page")).await;
    assert_eq!(page.expect(200).items().len(), 7);
    budgets.note("my page", (1, 0.0, 2.0), &cost, "one query");
    let (notices, cost) = meter(world, person.get("/notices")).await;
    assert_eq!(notices.expect(200).items().len(), 7);
    budgets.note("notices", (1, 0.0, 2.0), &cost, "one query");
    let (list, cost) = meter(world, organizer.get(&format!("/performances/{performance}/reservations"))).await;
    assert_eq!(list.expect(200).items().len(), 5);
    budgets.note("door list of 5", (1, 0.0, 2.0), &cost, "one query");
    let (sales, cost) = meter(world, organizer.get(&format!("/performances/{performance}/sales"))).await;
    assert_eq!(sales.expect(200).number("seats"), 3);
    budgets.note("sales", (2, 0.0, 2.0), &cost, "by grade; by day");
    let path = format!("/performances/{performance}/cancellation");
    let (cancelled, cost) = meter(world, organizer.post(&path, json!({"reason": "Rain"}))).await;
    cancelled.expect(202);
    let mark: Vec<_> = cost.into_iter().filter(|call| call.operation == "TransactWriteItems").take(1).collect();
    budgets.note(
        "cancel a performance",
        (1, 4.0, 0.0),
        &mark,
        "itself and its date, besides a read; the rest is messages",
    );
}
