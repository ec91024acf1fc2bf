//! Holds of a grade: general admission places, and the best seats.

use super::{Budgets, admitted, meter};
use crate::{
    general::area,
    harness::{World, hold_of_grade, pay},
};
use serde_json::json;

pub(super) async fn general_admission(world: &World, budgets: &mut Budgets) {
    let room = json!({"waitingRoom": {"maxActive": 100, "admissionSeconds": 3600}});
    let performance = area(world, 502, room).await;
    for key in [false, true] {
        let person = world.member(10_000).await;
        let inside = admitted(world, &person, &performance).await;
        let (client, extra) = if key { (inside.with_key("k"), 2.0) } else { (inside.clone(), 0.0) };
        let name = |what: &str| format!("{what}{}", if key { ", with a key" } else { "" });
        let (held, cost) = meter(world, hold_of_grade(&client, &performance, "Standing", 3)).await;
        let held = held.expect(201).text("holdId");
        budgets.note(&name("hold 3 places"), (1, 6.0 + extra, 0.0), &cost, "shard, stake, admission");
        let (paid, cost) = meter(world, pay(&client, &held)).await;
        let paid = paid.expect(201);
        let account = "stake + wallet read; shard, stake, wallet, entry, reservation, admission";
        budgets.note(&name("pay 3 places"), (2, 12.0 + extra, 1.0), &cost, account);
        let path = format!("/reservations/{}", paid.text("reservationId"));
        let (cancelled, cost) = meter(world, person.delete(&path)).await;
        cancelled.expect(200);
        budgets.note(&name("cancel 3 places"), (2, 10.0, 1.0), &cost, "reservation, shard, wallet, entry, stake");
    }
    let open = area(world, 502, json!({})).await;
    for _ in 0..10 {
        hold_of_grade(&world.member(0).await, &open, "Standing", 50).await.expect(201);
    }
    let person = world.member(0).await;
    let (held, cost) = meter(world, hold_of_grade(&person, &open, "Standing", 2)).await;
    let held = held.expect(201).header("location");
    budgets.note("hold the last 2, in 2 shards", (3, 6.0, 2.0), &cost, "lost, all shards read, both shards, stake");
    let (released, cost) = meter(world, person.delete(&held)).await;
    released.expect(204);
    budgets.note("release them", (2, 6.0, 1.0), &cost, "stake read; both shards, stake");
}

pub(super) async fn best_available(world: &World, budgets: &mut Budgets) {
    let sections = json!([
        {"name": "A", "grade": "VIP", "price": 1_000, "rows": 100, "seatsPerRow": 100},
        {"name": "B", "grade": "R", "price": 1_000, "rows": 2, "seatsPerRow": 20},
    ]);
    let performance = world.performance(json!({"seating": {"type": "numbered", "sections": sections}})).await;
    for (grade, quantity) in [("R", 1), ("R", 4), ("VIP", 4)] {
        let (held, cost) = meter(world, hold_of_grade(&world.member(0).await, &performance, grade, quantity)).await;
        held.expect(201);
        let written = 2.0 * f64::from(i32::try_from(quantity).expect("small")) + 4.0;
        let name = format!("hold the best {quantity} of {}", if grade == "R" { "40" } else { "10,000" });
        budgets.note(&name, (2, written, 2.0), &cost, "one block read; seats, stake; no room, so no admission");
    }
}
