//! General admission: many members on one number of places, with everything that gives places back.

use crate::{
    faults::chaos::{Chaos, Rates},
    harness::{Person, World, audit::Snapshot, client::Reply, hold_of_grade, pay},
};
use frontrow_domain::reservation::ReservationStatus;
use frontrow_edge::clock::Clock;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A performance with one area.
pub(crate) async fn area(world: &World, capacity: u32, details: Value) -> String {
    let mut all = json!({
        "maxSeatsPerMember": 50,
        "seating": {"type": "general", "areas": [{"grade": "Standing", "price": 1_000, "capacity": capacity}]},
    });
    if let (Value::Object(all), Value::Object(details)) = (&mut all, details) {
        all.extend(details);
    }
    world.performance(all).await
}

async fn available(world: &World, performance: &str) -> i64 {
    let response = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
    response.json["grades"][0]["available"].as_i64().expect("a count")
}

async fn sold(world: &World) -> usize {
    let reservations = Snapshot::of(world).await.reservations();
    let confirmed = reservations.iter().filter(|one| one.status == ReservationStatus::Confirmed);
    confirmed.map(|one| one.seats.len()).sum()
}

/// Holds the remaining places, fifty at a time and then one by one. Returns how many there were.
async fn fill(world: &World, performance: &str) -> i64 {
    let (mut filled, mut wanted) = (0, 50);
    while wanted > 0 {
        let person = world.member(0).await;
        let reply = hold_of_grade(&person, performance, "Standing", wanted).await;
        match reply.status {
            200 | 201 => filled += wanted,
            _ => wanted = wanted.min(reply.problem(409, "not_enough_seats").number("available") + 1) - 1,
        }
    }
    filled
}

/// Whether a member may get this reply in a rush: a hold, or a valid reason against it.
fn is_fair(reply: &Reply, wanted: i64) -> bool {
    match reply.status {
        201 => true,
        409 => reply.text("code") == "not_enough_seats" && reply.number("available") < wanted,
        // A write that met too many conflicts; the fourth hold after three unpaid ones.
        503 | 429 => true,
        _ => false,
    }
}

/// Some bookings of random quantities: paid, paid and cancelled, released, or left to expire.
async fn book_at_random(person: Person, performance: String, clock: Clock, seed: u64) -> Result<(), String> {
    let mut dice = fastrand::Rng::with_seed(seed);
    for _ in 0..4 {
        // In all, several lifetimes of a hold.
        if dice.u32(..4) == 0 {
            clock.advance_seconds(1);
        }
        let wanted = dice.i64(1..=9);
        let held = hold_of_grade(&person.once(), &performance, "Standing", wanted).await;
        if held.status != 201 {
            // Members who left a hold behind, or whose response was Busy although the hold was taken, have one.
            let exists = held.text("code") == "hold_exists";
            if !exists && !is_fair(&held, wanted) {
                return Err(format!("{wanted} were asked for: {held:?} {}", held.json));
            }
            continue;
        }
        let (id, seats) = (held.text("holdId"), held.json["seatIds"].clone());
        if held.number("quantity") != wanted || seats != json!([]) {
            return Err(format!("{wanted} were asked for: {}", held.json));
        }
        match dice.u32(..4) {
            0 => drop(person.delete(&format!("/holds/{id}")).await),
            1 => {}
            choice => {
                let paid = pay(&person, &id).await;
                // The clock runs: a hold may expire before it is paid. With faults, a payment may be busy.
                if !matches!(paid.status, 200 | 201 | 410 | 503) {
                    return Err(format!("a payment: {paid:?} {}", paid.json));
                }
                if choice == 2 && paid.status < 300 {
                    person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await;
                }
            }
        }
    }
    Ok(())
}

/// C5, H4: a rush of 200 members on 1,000 places, with a running clock so that holds expire, and with conflicts,
/// throttling and lost responses on the way to the table.
async fn rush(world: &World, seed: u64, rates: Option<Rates>) {
    // Only the members advance it, so that equally many holds expire on any machine.
    world.stack.clock().stop();
    let performance = area(world, 1_000, json!({"holdSeconds": 60})).await;
    let mut people = Vec::new();
    for _ in 0..200 {
        people.push(world.member(100_000).await);
    }
    if let Some(rates) = rates {
        world.wire.intercept(Some(Arc::new(Chaos::new(seed, rates, world.stack.clock().clone(), Arc::default()))));
    }
    let mut crowd = JoinSet::new();
    for (number, person) in (0..).zip(people) {
        crowd.spawn(book_at_random(person, performance.clone(), world.stack.clock().clone(), seed * 1_000 + number));
    }
    let wrong: Vec<String> = crowd.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.wire.intercept(None);
    if let Err(why) = Snapshot::of(world).await.check() {
        panic!("after the rush: {why}");
    }
    // Every abandoned hold has expired, and its bucket with it.
    world.advance_seconds(60 + 6 + 6);
    let sold = i64::try_from(sold(world).await).expect("a count");
    println!("a rush of 200 on 1,000 places sold {sold}");
    assert!(sold > 40, "{sold} sold is no rush");
    assert_eq!(available(world, &performance).await, 1_000 - sold, "expired places count as free");
    assert_eq!(fill(world, &performance).await, 1_000 - sold, "no place is lost or counted twice");
    hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await.problem(409, "not_enough_seats");
    assert_eq!(available(world, &performance).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_members_share_a_thousand_places() {
    World::run(async |world| rush(world, 1, None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_members_share_a_thousand_places_under_faults() {
    let rates = Rates { conflict: 12, throttled: 3, answer_lost: 4, request_lost: 2, death: 0, late: 0, stale: 0 };
    World::run(async |world| rush(world, 2, Some(rates)).await).await;
}

/// Places left in several shards are sold to one member who wants them all.
#[tokio::test(flavor = "multi_thread")]
async fn one_hold_can_take_the_last_places_of_several_shards() {
    World::run(async |world| {
        // Two shards of 251: fifty at a time leave one in each.
        let performance = area(world, 502, json!({})).await;
        for _ in 0..10 {
            hold_of_grade(&world.member(0).await, &performance, "Standing", 50).await.expect(201);
        }
        let refused = hold_of_grade(&world.member(0).await, &performance, "Standing", 3).await;
        assert_eq!(refused.problem(409, "not_enough_seats").number("available"), 2);
        let person = world.member(10_000).await;
        let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201);
        let last = hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await;
        assert_eq!(last.problem(409, "not_enough_seats").number("available"), 0);
        let paid = pay(&person, &held.text("holdId")).await.expect(201);
        person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        assert_eq!(fill(world, &performance).await, 2);
    })
    .await;
}

/// A shard's item does not grow with the number of holds ever taken from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_forgets_its_expired_holds() {
    World::run(async |world| {
        let performance = area(world, 500, json!({"holdSeconds": 60})).await;
        for _ in 0..100 {
            hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await.expect(201);
            world.advance_seconds(10);
        }
        let snapshot = Snapshot::of(world).await;
        let shard = snapshot.items.iter().find(|item| item.contains_key("unswept")).expect("a shard");
        assert!(shard.len() < 55, "{} attributes", shard.len());
    })
    .await;
}
