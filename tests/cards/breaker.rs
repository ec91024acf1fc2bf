//! The circuit breaker: when no payment is accepted, what members keep in the meantime, and how it closes again.

use super::{bad_calls, confirms, impatient, pay_by_card, reservation_once, switch};
use crate::harness::{NEVER, Person, World, client::Reply, hold, line, pay};
use frontrow_domain::{Timestamp, breaker::Phase, limits::BREAKER_OPEN_SECONDS};
use serde_json::json;
use std::time::Duration;

const WHILE_OPEN: u32 = BREAKER_OPEN_SECONDS as u32;

/// A dozen members buy by card, or fewer if the breaker opens before. Returns them with their payments.
async fn a_dozen_buy(world: &World) -> Vec<(Person, Reply)> {
    let performance = world.performance(json!({})).await;
    let mut bought = Vec::new();
    for number in 1..=12 {
        let person = world.member(0).await;
        let seat = format!("{}-1-{}", if number > 10 { "B" } else { "A" }, number % 10 + 1);
        let held = hold(&person, &performance, &[&seat]).await.expect(201).text("holdId");
        let paid = pay_by_card(&person, &held, "tok_visa").await;
        if paid.json["code"] == "payments_busy" {
            break;
        }
        bought.push((person, paid.expect(202)));
    }
    bought
}

async fn phase(world: &World) -> Phase {
    world.app().store.breaker(world.stack.clock().now()).await.expect("it can be read").phase
}

async fn until_open(world: &World) {
    let opened = async {
        while !matches!(phase(world).await, Phase::Open { .. }) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(NEVER, opened).await.expect("it opens");
}

/// Opens the breaker as if workers had called a provider that is down.
async fn open(world: &World) {
    world.app().store.count_calls(&bad_calls(), world.stack.clock().now()).await.expect("it can be written");
    until_open(world).await;
}

fn time(reply: &Reply, field: &str) -> Timestamp {
    Timestamp::parse(&reply.text(field)).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_open_it_probes_close_it_and_every_buyer_gets_their_seats() {
    World::run_with(impatient(), async |world| {
        switch(world, json!({"mode": "fail"})).await;
        let bought = a_dozen_buy(world).await;
        until_open(world).await;
        let performance = world.performance(json!({})).await;
        let late = world.member(0).await;
        let held = hold(&late, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let busy = pay_by_card(&late, &held, "tok").await.problem(503, "payments_busy");
        let again: i64 = busy.header("retry-after").parse().expect("seconds");
        assert!((1..=BREAKER_OPEN_SECONDS).contains(&again), "{again}");
        // A provider that is down is not called.
        let asked = confirms(world);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(confirms(world), asked);

        switch(world, json!({"mode": "normal"})).await;
        world.advance_seconds(WHILE_OPEN);
        let paid = pay_by_card(&late, &held, "tok").await.expect(202);
        reservation_once(world, &late, &paid, "confirmed").await;
        for (person, paid) in &bought {
            reservation_once(world, person, paid, "confirmed").await;
        }
        assert!(matches!(phase(world).await, Phase::Closed { .. }));
    })
    .await;
}

/// A purchase that the provider cannot process is retried every second or two, and still counts as one purchase.
#[tokio::test(flavor = "multi_thread")]
async fn one_repeatedly_failing_purchase_does_not_open_it() {
    World::run_with(impatient(), async |world| {
        switch(world, json!({"mode": "fail"})).await;
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let paid = super::buy(&person, &performance, &["A-1-1"]).await;
        let asked = async {
            while confirms(world) < 12 {
                // Workers report their counts every few seconds of the clock.
                world.advance_seconds(3);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(NEVER, asked).await.expect("it is asked about again and again");
        assert!(
            matches!(phase(world).await, Phase::Closed { counts, .. } if counts.failed == 1),
            "{:?}",
            phase(world).await
        );
        switch(world, json!({"mode": "normal"})).await;
        reservation_once(world, &person, &paid, "confirmed").await;
    })
    .await;
}

/// Error responses in the provider's own format are responses, even if they do not decide a payment: the provider is
/// not down.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_in_the_providers_format_do_not_open_it() {
    World::run_with(impatient(), async |world| {
        switch(world, json!({"mode": "busy"})).await;
        let bought = a_dozen_buy(world).await;
        while confirms(world) < 24 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        world.advance_seconds(6);
        super::buy(&world.member(0).await, &world.performance(json!({})).await, &["A-1-1"]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(
            matches!(phase(world).await, Phase::Closed { counts, .. } if counts.failed == 0),
            "{:?}",
            phase(world).await
        );
        switch(world, json!({"mode": "normal"})).await;
        for (person, paid) in &bought {
            reservation_once(world, person, paid, "confirmed").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_responses_open_it_too() {
    World::run_with(impatient(), async |world| {
        switch(world, json!({"delayMillis": 500})).await;
        let bought = a_dozen_buy(world).await;
        for (person, paid) in &bought {
            reservation_once(world, person, paid, "confirmed").await;
        }
        // Counts since the first batch are reported with the next one.
        world.advance_seconds(6);
        super::buy(&world.member(0).await, &world.performance(json!({})).await, &["A-1-1"]).await;
        until_open(world).await;
    })
    .await;
}

/// A failed probe opens the breaker again, for the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_probe_reopens_it() {
    World::run_with(impatient(), async |world| {
        open(world).await;
        switch(world, json!({"mode": "fail"})).await;
        world.advance_seconds(WHILE_OPEN);
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let paid = super::buy(&person, &performance, &["A-1-1"]).await;
        let probed = async {
            while confirms(world) == 0
                || !matches!(phase(world).await, Phase::Open { until } if until > world.stack.clock().now())
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(NEVER, probed).await.expect("it opens again");
        assert_eq!(confirms(world), 1, "one probe");
        switch(world, json!({"mode": "normal"})).await;
        world.advance_seconds(WHILE_OPEN);
        reservation_once(world, &person, &paid, "confirmed").await;
    })
    .await;
}

/// At most twice `holdSeconds` longer, and points are still accepted.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_hold_is_extended_within_limits_and_points_can_pay_it() {
    World::run_with(impatient(), async |world| {
        open(world).await;
        let performance = world.performance(json!({"holdSeconds": 120})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        let (hold_id, created) = (held.text("holdId"), time(&held, "createdAt"));
        for (refusal, lives_seconds) in [(1, 240), (2, 360), (3, 360)] {
            pay_by_card(&person, &hold_id, "tok").await.problem(503, "payments_busy");
            let now = person.get(&format!("/holds/{hold_id}")).await.expect(200);
            assert_eq!(time(&now, "expiresAt"), created.plus_seconds(lives_seconds), "after refusal {refusal}");
        }
        // Never past the close of sales; and a hold that expires is free.
        let close = world.stack.clock().now().plus_seconds(90);
        let closing = world.performance(json!({"holdSeconds": 60, "salesCloseAt": close.to_string()})).await;
        let held = hold(&person, &closing, &["A-1-1"]).await.expect(201);
        pay_by_card(&person, &held.text("holdId"), "tok").await.problem(503, "payments_busy");
        let now = person.get(&format!("/holds/{}", held.text("holdId"))).await.expect(200);
        assert!(time(&now, "expiresAt") > time(&held, "expiresAt"));
        assert!(time(&now, "expiresAt").millis() <= close.millis());
        world.advance_seconds(91);
        pay_by_card(&person, &held.text("holdId"), "tok").await.problem(410, "hold_expired");
        world.advance_seconds(350 - 91);
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.problem(409, "seats_taken");
        pay(&person, &hold_id).await.expect(201);
    })
    .await;
}

/// In a waiting room, the admission lives as long as the hold, and the payment that finally succeeds spends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payment_keeps_the_admission() {
    World::run_with(impatient(), async |world| {
        let room = json!({"maxActive": 1, "admissionSeconds": 60});
        let performance = world.performance(json!({"waitingRoom": room, "holdSeconds": 60})).await;
        let person = world.member(100_000).await;
        let (_, inside) = line::admit(world, &person, &performance).await;
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        open(world).await;
        pay_by_card(&inside, &held, "tok").await.problem(503, "payments_busy");
        // Past the original ends of the admission and the hold.
        world.advance_seconds(100);
        let paid = pay_by_card(&inside, &held, "tok").await.expect(202);
        reservation_once(world, &person, &paid, "confirmed").await;
        let path = format!("/performances/{performance}/queue");
        inside.get(&path).await.problem(401, "queue_token_expired");
    })
    .await;
}
