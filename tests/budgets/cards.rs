//! Card payments: the cost of accepting one, for its caller. The worker's part belongs to no request.

use super::{Budgets, admitted, meter};
use crate::{
    cards::{pay_by_card, switch},
    general::area,
    harness::{World, hold, hold_of_grade},
};
use serde_json::json;

pub(super) async fn note(world: &World, budgets: &mut Budgets) {
    let room = json!({"maxActive": 100, "admissionSeconds": 3600});
    let performance = world.performance(json!({"waitingRoom": room})).await;
    switch(world, json!({"delayMillis": 1_000})).await;
    for (count, key) in [(1, false), (4, false), (2, true)] {
        let person = world.member(0).await;
        let inside = admitted(world, &person, &performance).await;
        let row = if key { "B-1" } else { "A-1" };
        let seats: Vec<String> = (1..=count).map(|number| format!("{row}-{}", number + count)).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        let held = hold(&inside, &performance, &seats).await.expect(201).text("holdId");
        let (n, extra) = (f64::from(count), if key { 2.0 } else { 0.0 });
        let client = if key { inside.with_key("k") } else { inside.clone() };
        let (paid, cost) = meter(world, pay_by_card(&client, &held, "tok")).await;
        paid.expect(202);
        let name = format!("card start {count}{}", if key { ", with a key" } else { "" });
        let account = "stake + wallet read; seats, stake, reservation, admission";
        budgets.note(&name, (2, 2.0 * n + 6.0 + extra, 1.0), &cost, account);
        let (again, cost) = meter(world, pay_by_card(&person, &held, "tok")).await;
        again.expect(200);
        budgets.note(&format!("card again {count}"), (2, 0.0, 2.0), &cost, "stake + wallet read; reservation");
    }
    let open = area(world, 502, json!({})).await;
    let person = world.member(0).await;
    let held = hold_of_grade(&person, &open, "Standing", 3).await.expect(201).text("holdId");
    let (paid, cost) = meter(world, pay_by_card(&person, &held, "tok")).await;
    paid.expect(202);
    budgets.note("card start, 3 places", (2, 8.0, 1.0), &cost, "stake + wallet read; shard, stake, reservation");
}
