//! Measurements for the preflight only, and the file that stores all measured units.

use super::{Budgets, admitted, is_copy, meter, meter_workers};
use crate::{
    cards::{pay_by_card, switch},
    freeze::process_on,
    harness::{
        World, book, hold,
        process::call,
        wire::{Metered, Wire},
    },
    large_houses::speed::fifty_thousand,
};
use frontrow_edge::Method;
use frontrow_preflight::units::{Measured, ROWS, Units};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

pub(super) async fn measure(world: &World, budgets: &mut Budgets) {
    log_in(world, budgets).await;
    line(world, budgets).await;
    own(world, budgets).await;
    card(world, budgets).await;
    followed(world, budgets).await;
}

async fn log_in(world: &World, budgets: &mut Budgets) {
    let body = json!({"email": "organizer@example.com", "password": "frontrow-demo"});
    let (answer, cost) = meter(world, world.anyone().post("/sessions", body)).await;
    let answer = answer.expect(200);
    budgets.note("log in", (4, 1.0, 3.0), &cost, "address, member, failures; session");
    let body = json!({"refreshToken": answer.text("refreshToken")});
    let (answer, cost) = meter(world, world.anyone().post("/sessions/refresh", body)).await;
    let answer = answer.expect(200);
    budgets.note("refresh", (2, 1.0, 2.0), &cost, "session + member read; session");
    let login = world.anyone().with_login(&answer.text("accessToken"));
    let (ended, cost) = meter(world, login.delete("/sessions")).await;
    ended.expect(204);
    budgets.note("log out", (1, 1.0, 0.0), &cost, "session");
    let person = world.member(0).await;
    let (renamed, cost) = meter(world, person.put("/members/me", json!({"name": "Dana"}))).await;
    renamed.expect(200);
    budgets.note("rename", (2, 4.0, 1.0), &cost, "member read; member, names of the day");
    let (ended, cost) = meter(world, login.delete("/sessions?all=true")).await;
    ended.expect(204);
    budgets.note("log out everywhere", (1, 1.0, 0.0), &cost, "member");
}

/// One turn admits two members: the second only claims. A later poll that finds all copies stale costs nothing except
/// their refresh.
async fn line(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({"waitingRoom": {"maxActive": 2, "admissionSeconds": 3600}})).await;
    let path = format!("/performances/{performance}/queue");
    let (mut tokens, mut logins) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let person = world.member(0).await;
        let joined = person.post(&path, Value::Null).await.expect(201);
        tokens.push(person.with_queue_token(&joined.text("queueToken")));
        logins.push(format!("Bearer {}", world.app().tokens.access(&person.identity)));
    }
    world.advance_seconds(2);
    tokens[0].get(&path).await.expect(200);
    let (claimed, cost) = meter(world, tokens[1].get(&path)).await;
    assert_eq!(claimed.expect(200).text("status"), "admitted");
    budgets.note("poll that claims", (1, 1.0, 0.0), &cost, "ADM");

    world.advance_seconds(1);
    let (waits, cost) = meter(world, tokens[2].get(&path)).await;
    let waits = waits.expect(200);
    assert_eq!(waits.text("status"), "waiting");
    let copies: Vec<&Metered> = cost.iter().filter(|call| is_copy(call)).collect();
    budgets.note_calls("copies of a process", (3, 0.0, 2.5), &copies, "performance, show; the room, eventually");

    world.advance_seconds(2);
    let (shown, cost) = meter(world, world.anyone().get(&format!("/performances/{performance}"))).await;
    shown.expect(200);
    let copies: Vec<&Metered> = cost.iter().filter(|call| is_copy(call)).collect();
    let account = "performance and room, eventually; every five seconds the show, whose title stands beside";
    budgets.note_calls("copies of a process of looks", (3, 0.0, 1.5), &copies, account);

    // A poll in another process does not read the performance, which that process has cached for a second.
    let (wire, token) = (Wire::default(), waits.text("queueToken"));
    let app = process_on(world, &wire);
    let headers = [("authorization", logins[2].as_str()), ("queue-token", token.as_str())];
    let poll = || call(&app, &Method::GET, &path, &headers, &Value::Null);
    assert_eq!(poll().await.status, 200);
    world.advance_seconds(1);
    tokens[2].get(&path).await.expect(200);
    let (waits, cost) = wire.meter(poll()).await;
    assert_eq!(waits.text("status"), "waiting");
    let copies: Vec<&Metered> = cost.iter().collect();
    budgets.note_calls("copies of a process of polls", (1, 0.0, 0.5), &copies, "the room, eventually");
}

async fn own(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let paid = book(&person, &performance, &["A-1-1"]).await;
    let (found, cost) = meter(world, person.get(&format!("/payments/{}", paid.text("paymentId")))).await;
    found.expect(200);
    budgets.note("one payment", (1, 0.0, 1.0), &cost, "reservation");
    let (found, cost) = meter(world, person.get(&format!("/reservations/{}", paid.text("reservationId")))).await;
    found.expect(200);
    budgets.note("one reservation", (1, 0.0, 1.0), &cost, "the same");
}

/// From the request to the confirmation, without the mail and without the calls by which workers update the breaker.
async fn card(world: &World, budgets: &mut Budgets) {
    let room = json!({"maxActive": 100, "admissionSeconds": 3600});
    let performance = world.performance(json!({"waitingRoom": room})).await;
    let person = world.member(0).await;
    let inside = admitted(world, &person, &performance).await;
    switch(world, json!({"delayMillis": 0})).await;
    let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    let mut cost = meter_workers(world, &["pay", "payment_worker"], async {
        pay_by_card(&inside, &held, "tok").await.expect(202);
    })
    .await;
    cost.retain(|call| ["Key", "Item"].iter().all(|it| call.request[it]["pk"]["S"] != "breaker"));
    let account = "start; reservation read; seat, stake, reservation, admission";
    budgets.note("card, start to confirmed", (4, 16.0, 2.0), &cost, account);
}

/// Calls of the stream's readers and the mailer.
async fn followed(world: &World, budgets: &mut Budgets) {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let buy = async |seat| {
        book(&person, &performance, &[seat]).await;
    };
    let rows = meter_workers(world, &["projector"], buy("A-1-1")).await;
    let account = "row and reservation read; row, notice, my page, two sums";
    budgets.note("projection of a purchase", (3, 10.0, 2.0), &rows, account);
    let mails = meter_workers(world, &["ticket_mailer"], buy("A-1-2")).await;
    budgets.note("mail of a purchase", (2, 4.0, 0.0), &mails, "CLAIM, SENT");

    // Half of a block of 1,000 seats.
    let performance = world.performance(fifty_thousand()).await;
    for row in 1..=10 {
        let seats: Vec<String> = (1..=50).map(|seat| format!("0-{row}-{seat}")).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        hold(&world.member(0).await, &performance, &seats).await.expect(201);
    }
    let person = world.member(0).await;
    let rows = meter_workers(world, &["projector"], async {
        hold(&person, &performance, &["0-1-51"]).await.expect(201);
    })
    .await;
    let account = "row, half a block of 1,000 seats, row";
    budgets.note("projection of a map's block", (3, 1.0, 22.0), &rows, account);
}

/// Rewrites the preflight's input file, and fails if that changed it.
pub(super) fn keep_true(mut measured: BTreeMap<String, Units>) {
    measured.retain(|row, _| ROWS.contains(&row.as_str()));
    let measured = Measured(measured);
    if measured != Measured::committed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/preflight/units.json");
        let text = serde_json::to_string_pretty(&measured).expect("units are JSON");
        fs::write(path, text + "\n").expect("units.json can be written");
        panic!("infra/preflight/units.json was not what is measured; it was rewritten: commit it");
    }
}
