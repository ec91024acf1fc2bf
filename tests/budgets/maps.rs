//! Budgets of large houses' seat maps.

use super::{Budgets, meter};
use crate::{
    harness::{World, hold},
    large_houses::speed::fifty_thousand,
};
use serde_json::json;

/// Every block has a row, and most rows contain several holds.
pub(super) async fn measure(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(fifty_thousand()).await;
    for section in 0..10 {
        let seats: Vec<String> = (0..50).map(|seat| format!("{section}-{}-{}", seat + 1, 2 * seat + 1)).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        hold(&world.member(0).await, &performance, &seats).await.expect(201);
    }
    let path = format!("/performances/{performance}");
    world.settle().await;
    world.advance_seconds(1);
    let (map, cost) = meter(world, world.anyone().get(&format!("{path}/seats"))).await;
    map.expect(200);
    budgets.note("seat map of 50,000", (1, 0.0, 5.0), &cost, "the projection: 50 rows");
    world.advance_seconds(1);
    let (counts, cost) = meter(world, world.anyone().get(&path)).await;
    counts.expect(200);
    budgets.note("counts of 50,000", (1, 0.0, 5.0), &cost, "the same");

    let areas: Vec<_> =
        (0..4).map(|area| json!({"grade": format!("G{area}"), "price": 1_000, "capacity": 12_500})).collect();
    let details = json!({"maxSeatsPerMember": 50, "seating": {"type": "general", "areas": areas}});
    let performance = world.performance(details).await;
    let holds = format!("/performances/{performance}/holds");
    for number in 0..60 {
        let body = json!({"grade": format!("G{}", number % 4), "quantity": 3});
        world.member(0).await.post(&holds, body).await.expect(201);
    }
    world.settle().await;
    world.advance_seconds(1);
    let (counts, cost) = meter(world, world.anyone().get(&format!("/performances/{performance}"))).await;
    counts.expect(200);
    budgets.note("counts of 50,000 places", (1, 0.0, 5.0), &cost, "the projection: a row for each of 100 shards");
}
