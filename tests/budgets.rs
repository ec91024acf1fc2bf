//! The cost of each operation in DynamoDB: sequential calls, write units and read units, measured on the wire and
//! checked against a budget. Uncontended, items up to 1 KB. `cargo test -p frontrow-tests budgets -- --nocapture`
//! prints the table.
//!
//! The cached copies of performance, show and room, which a process refreshes once a second, are left out: they cost
//! per process, not per member. The clock stands still between two moves, and workers' calls are separated from a
//! request's, so the costs do not depend on the machine's load.

mod cards;
mod catalogue;
mod derived;
mod door;
mod grades;
mod maps;
mod missed;
mod units;

use crate::harness::{Person, World, book, client::Client, hold, pay, wire::Metered};
use frontrow_endpoints::ENDPOINTS;
use frontrow_preflight::units::Units;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

/// Calls, write units, read units.
type Cost = (usize, f64, f64);

#[derive(Default)]
struct Budgets {
    table: String,
    over: Vec<String>,
    measured: BTreeMap<String, Units>,
}

impl Budgets {
    /// Records the cost of `operation` without cached copies; `account` explains the cost and how to stay within the
    /// budget.
    fn note(&mut self, operation: &str, budget: Cost, metered: &[Metered], account: &str) {
        self.note_calls(operation, budget, &metered.iter().filter(|call| !is_copy(call)).collect::<Vec<_>>(), account);
    }

    /// As `note`, for all of these calls.
    fn note_calls(&mut self, operation: &str, budget: Cost, counted: &[&Metered], account: &str) {
        let write_units: f64 = counted.iter().map(|call| call.write_units).sum();
        let read_units: f64 = counted.iter().map(|call| call.read_units).sum();
        let measured = (counted.len(), write_units, read_units);
        let line = format!(
            "{operation:<34} {:>2}/{:>4.1}/{:>4.1}   budget {:>2}/{:>4.1}/{:>4.1}   {account}",
            measured.0, measured.1, measured.2, budget.0, budget.1, budget.2
        );
        let _ = writeln!(self.table, "{line}");
        // The sum of an empty list is -0.0.
        let units = Units { calls: counted.len() as f64, writes: write_units + 0.0, reads: read_units + 0.0 };
        self.measured.insert(operation.to_owned(), units);
        if measured.0 > budget.0 || measured.1 > budget.1 || measured.2 > budget.2 {
            let calls: Vec<_> = counted.iter().map(|call| format!("{} {}", call.operation, call.request)).collect();
            self.over.push(format!("{line}\n    {}", calls.join("\n    ")));
        }
    }
}

/// Whether the call refreshes a cached copy.
fn is_copy(call: &Metered) -> bool {
    let partition = call.request["Key"]["pk"]["S"].as_str().unwrap_or_default();
    call.operation == "GetItem"
        && ["performance#", "shows", "room#", "breaker"].iter().any(|copy| partition.starts_with(copy))
}

fn is_endpoints(call: &Metered) -> bool {
    ENDPOINTS.iter().any(|endpoint| call.function == Some(endpoint.route.operation()))
}

/// The endpoints' calls during `call`.
async fn meter<T>(world: &World, call: impl Future<Output = T>) -> (T, Vec<Metered>) {
    let (done, mut cost) = world.wire.meter(call).await;
    cost.retain(is_endpoints);
    (done, cost)
}

/// These functions' calls caused by `call`, and by nothing before it.
async fn meter_workers(world: &World, functions: &[&str], call: impl Future<Output = ()>) -> Vec<Metered> {
    world.settle().await;
    let whole = async {
        call.await;
        world.settle().await;
    };
    let ((), mut cost) = world.wire.meter(whole).await;
    cost.retain(|call| call.function.is_some_and(|function| functions.contains(&function)));
    cost
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_keeps_its_budget() {
    World::run(async |world| {
        world.stack.clock().stop();
        let mut budgets = Budgets::default();
        booking(world, &mut budgets).await;
        seat_maps(world, &mut budgets).await;
        grades::general_admission(world, &mut budgets).await;
        grades::best_available(world, &mut budgets).await;
        waiting_room(world, &mut budgets).await;
        missed::missed(world, &mut budgets).await;
        missed::crowded(world, &mut budgets).await;
        mails(world, &mut budgets).await;
        cards::note(world, &mut budgets).await;
        door::note(world, &mut budgets).await;
        derived::measure(world, &mut budgets).await;
        catalogue::catalogue(world, &mut budgets).await;
        maps::measure(world, &mut budgets).await;
        units::measure(world, &mut budgets).await;
        println!("{:<34} calls / write units / read units\n{}", "operation", budgets.table);
        assert!(budgets.over.is_empty(), "over budget:\n{}", budgets.over.join("\n"));
        units::keep_true(budgets.measured);
    })
    .await;
}

async fn booking(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
    let person = world.member(10_000_000).await;

    let (_, cost) = meter(world, person.get("/members/nobody")).await;
    budgets.note("login token check", (0, 0.0, 0.0), &cost, "the token contains the identity");
    let (_, cost) = meter(world, person.post("/points/top-ups", json!({"amount": 1}))).await;
    budgets.note("top-up", (2, 4.0, 0.5), &cost, "wallet, entry");
    let (_, cost) = meter(world, person.with_key("t").post("/points/top-ups", json!({"amount": 1}))).await;
    budgets.note("top-up, with a key", (2, 6.0, 0.5), &cost, "and the idempotency record");

    for (count, key) in [(1, false), (4, false), (2, true)] {
        let seats: Vec<String> = (1..=count).map(|number| format!("A-{}-{number}", if key { 2 } else { 1 })).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        let name = |what: &str| format!("{what} {count}{}", if key { ", with a key" } else { "" });
        let (n, extra) = (f64::from(count), if key { 2.0 } else { 0.0 });
        let client: Client = if key { person.with_key("k") } else { person.client.clone() };

        let (held, cost) = meter(world, hold(&client, &performance, &seats)).await;
        let held = held.expect(201).text("holdId");
        budgets.note(&name("hold"), (1, 2.0 * n + 4.0 + extra, 0.0), &cost, "seats, stake; no room, so no admission");
        let (released, cost) = meter(world, person.delete(&format!("/holds/{held}"))).await;
        released.expect(204);
        budgets.note(&name("release"), (2, 2.0 * n + 2.0, 1.0), &cost, "stake read; seats, stake");

        let held = hold(&person, &performance, &seats).await.expect(201).text("holdId");
        let (paid, cost) = meter(world, pay(&client, &held)).await;
        let paid = paid.expect(201);
        budgets.note(
            &name("pay"),
            (2, 2.0 * n + 10.0 + extra, 1.0),
            &cost,
            "stake + wallet read; seats, stake, wallet, entry, reservation",
        );
        let (again, cost) = meter(world, pay(&person, &held)).await;
        again.expect(200);
        budgets.note(&name("pay again"), (2, 0.0, 2.0), &cost, "stake + wallet read; reservation");
        let (cancelled, cost) =
            meter(world, person.delete(&format!("/reservations/{}", paid.text("reservationId")))).await;
        cancelled.expect(200);
        budgets.note(
            &name("cancel"),
            (2, 2.0 * n + 8.0, 1.0),
            &cost,
            "reservation + wallet read; reservation, seats, wallet, entry, stake",
        );
    }
}

async fn seat_maps(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"maxSeatsPerMember": 50})).await;
    for row in ["A-1", "A-2", "B-1", "B-2", "B-3"] {
        let seats: Vec<String> = (1..=10).map(|number| format!("{row}-{number}")).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        hold(&world.member(0).await, &performance, &seats).await.expect(201);
    }
    let (map, cost) = meter(world, world.anyone().get(&format!("/performances/{performance}/seats"))).await;
    map.expect(200);
    budgets.note("seat map of 50, all taken", (1, 0.0, 2.0), &cost, "one block");
}

async fn admitted(world: &World, person: &Person, performance: &str) -> Client {
    let path = format!("/performances/{performance}/queue");
    let mut place = person.post(&path, Value::Null).await;
    for _ in 0..20 {
        if place.text("status") == "admitted" {
            return person.with_queue_token(&place.text("queueToken"));
        }
        world.advance_seconds(1);
        place = person.with_queue_token(&place.text("queueToken")).get(&path).await.expect(200);
    }
    panic!("never admitted");
}

async fn waiting_room(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"waitingRoom": {"maxActive": 1, "admissionSeconds": 3600}})).await;
    let path = format!("/performances/{performance}/queue");
    let first = world.member(1_000_000).await;
    let (joined, cost) = meter(world, first.post(&path, Value::Null)).await;
    budgets.note("join, first", (3, 2.0, 0.5), &cost, "PLACE read, LINE, PLACE");
    // The clock advances, so that this poll finds the turnstile due and turns it.
    world.advance_seconds(2);
    let (polled, cost) = meter(world, first.with_queue_token(&joined.text("queueToken")).get(&path)).await;
    let token = polled.expect(200).text("queueToken");
    let claimed = first.with_queue_token(&token);
    budgets.note(
        "poll that turns and claims",
        (4 + 8 + 1 + 1 + 1 + 1, 2.0 + 1.0 + 1.0, 12.0 + 2.0),
        &cost,
        "tick: lease, 8 partitions, LINE, LEFT, 1 grant, LEFT again, end; claim; every other second the free seats, for all",
    );

    let second = world.member(0).await;
    let waiting = second.post(&path, Value::Null).await.expect(201).text("queueToken");
    let (again, cost) = meter(world, second.post(&path, Value::Null)).await;
    again.expect(200);
    budgets.note("join again", (1, 0.0, 0.5), &cost, "PLACE read");
    let (again, cost) = meter(world, first.post(&path, Value::Null)).await;
    again.expect(200);
    budgets.note("join again, served", (2, 0.0, 1.5), &cost, "PLACE, ADM");

    let (polled, _) = meter(world, claimed.get(&path)).await;
    polled.expect(200);
    let (polled, cost) = meter(world, claimed.get(&path)).await;
    polled.expect(200);
    budgets.note("poll, admitted", (1, 0.0, 1.0), &cost, "ADM");
    let (polled, cost) = meter(world, second.with_queue_token(&waiting).get(&path)).await;
    assert_eq!(polled.expect(200).text("status"), "waiting");
    budgets.note(
        "poll, waiting",
        (0, 0.0, 0.0),
        &cost,
        "the token is the heartbeat; the turn of a second is the crowd's",
    );

    let (held, cost) = meter(world, hold(&claimed, &performance, &["A-1-1"])).await;
    let held = held.expect(201).text("holdId");
    budgets.note("hold 1, in a room", (1, 6.0, 0.0), &cost, "seat, stake, admission");
    let (paid, cost) = meter(world, pay(&claimed, &held)).await;
    paid.expect(201);
    budgets.note("pay 1, in a room", (2, 12.0, 1.0), &cost, "and the admission");

    let (left, cost) = meter(world, second.with_queue_token(&waiting).delete(&path)).await;
    left.expect(204);
    budgets.note("leave", (3, 2.0, 1.0), &cost, "PLACE, LEFT; ADM: a turn may be calling the place");
    let brief = world.performance(json!({"waitingRoom": {"maxActive": 1, "admissionSeconds": 60}})).await;
    let inside = admitted(world, &world.member(0).await, &brief).await;
    let held = hold(&inside, &brief, &["A-1-1"]).await.expect(201).header("location");
    let (released, cost) = meter(world, inside.delete(&held)).await;
    released.expect(204);
    budgets.note("release 1 that prolonged", (2, 6.0, 1.0), &cost, "and the admission, whose time it takes back");

    let third = admitted(world, &world.member(0).await, &performance).await;
    let (left, cost) = meter(world, third.delete(&path)).await;
    left.expect(204);
    budgets.note("leave, admitted", (2, 2.0, 1.5), &cost, "PLACE, stake; ADM");
}

async fn mails(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let cost = meter_workers(world, &["ticket_mailer"], async {
        book(&person, &performance, &["A-1-1"]).await;
    })
    .await;
    budgets.note("mailer", (2, 4.0, 0.0), &cost, "CLAIM, SENT; the reservation is over 1 KB by then");
}
