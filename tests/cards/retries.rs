//! After a declined card, the hold and the admission are back, and the next payment is a new one.

use super::{buy, impatient, order_at_provider, pay_by_card, reservation_once, seat_status, switch};
use crate::harness::{Person, World, audit::Snapshot, client::Client, client::Reply, hold, line, pay};
use frontrow_domain::{
    Timestamp,
    limits::{CARD_ATTEMPTS_MAX, CARD_DEADLINE_SECONDS},
};
use serde_json::{Value, json};
use std::{borrow::Borrow, collections::BTreeSet};
use tokio::task::JoinSet;

/// Like the provider's widget: requests a token for the order that the hold names.
async fn token(world: &World, order: &Value, outcome: &str) -> String {
    let body = json!({"orderId": order["orderId"], "amount": order["amount"], "outcome": outcome});
    world.anyone().post("/_local/provider/tokens", body).await.expect(200).text("cardToken")
}

async fn live(person: &impl Borrow<Client>, hold_id: &str) -> Reply {
    person.borrow().get(&format!("/holds/{hold_id}")).await.expect(200)
}

/// Pays by a card that is declined, and waits until the payment is declined.
async fn declined(world: &World, person: &Person, inside: &Client, hold_id: &str) -> Reply {
    let paid = pay_by_card(inside, hold_id, "declined").await.expect(202);
    reservation_once(world, person, &paid, "cancelled").await;
    person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200)
}

fn time(reply: &Reply, field: &str) -> Timestamp {
    Timestamp::parse(&reply.text(field)).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_precedes_its_token_and_a_declined_hold_gets_a_new_order() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["B-1-1", "A-1-1"]).await.expect(201);
        let (hold_id, first) = (held.text("holdId"), held.json["payment"].clone());
        assert_eq!((&first["amount"], &first["currency"]), (&json!(80_000), &json!("KRW")));
        assert_eq!(first["orderName"], "Aida × 2");
        let cards = [
            ("decline_funds", "insufficient_funds"),
            ("decline_limit", "limit_exceeded"),
            ("decline_expired", "card_expired"),
            ("decline_rejected", "rejected"),
            ("decline_other", "other"),
        ];
        let (mut orders, mut payments) = (BTreeSet::new(), Vec::new());
        for (outcome, reason) in cards {
            let order = live(&person, &hold_id).await.json["payment"].clone();
            assert!(orders.insert(order["orderId"].to_string()), "{order} was there before");
            let paid = pay_by_card(&person, &hold_id, &token(world, &order, outcome).await).await.expect(202);
            assert!(paid.json["declineReason"].is_null());
            let over = reservation_once(world, &person, &paid, "cancelled").await;
            assert_eq!(over.text("cancelReason"), "payment_declined");
            let payment = person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
            assert_eq!((payment.text("status"), payment.text("declineReason")), ("declined".into(), reason.into()));
            assert_eq!(seat_status(world, &performance, "A-1-1").await, "held");
            payments.push(paid.json["paymentId"].clone());
        }
        let again = live(&person, &hold_id).await;
        for field in ["holdId", "seats", "seatIds", "expiresAt", "createdAt", "totalPrice"] {
            assert_eq!(again.json[field], held.json[field], "{field}");
        }
        let order = again.json["payment"].clone();
        let paid = pay_by_card(&person, &hold_id, &token(world, &order, "approve").await).await.expect(202);
        reservation_once(world, &person, &paid, "confirmed").await;
        payments.push(paid.json["paymentId"].clone());
        // From here on it is paid, by that payment, whatever is sent.
        let replay = pay_by_card(&person, &hold_id, "tok_other").await.expect(200);
        assert_eq!((&replay.json["paymentId"], replay.text("status")), (&paid.json["paymentId"], "approved".into()));
        assert_eq!(pay(&person, &hold_id).await.expect(200).json["paymentId"], paid.json["paymentId"]);
        payments.reverse();
        let listed: Vec<_> = person.get("/payments").await.items().iter().map(|one| one["paymentId"].clone()).collect();
        assert_eq!(listed, payments, "each is listed, newest first");
        assert!(person.get("/holds").await.items().is_empty());
        let notices = person.get("/notices").await;
        let declines = notices.items().iter().filter(|one| one["type"] == "payment_declined").count();
        assert_eq!(declines, cards.len());
        let charged: i64 = world.stack.provider().entries().iter().map(|entry| entry.balance_amount).sum();
        assert_eq!(charged, 80_000);
    })
    .await;
}

/// As at the real provider: a token is valid for one order and its amount.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_order_or_amount_is_declined() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        let order = held.json["payment"].clone();
        let stolen = json!({"orderId": "p-0193f1b07c8a7d3fae52c1d1a5b0c006", "amount": order["amount"]});
        let cheap = json!({"orderId": order["orderId"], "amount": 1});
        let used = token(world, &order, "decline_funds").await;
        let bad =
            [token(world, &stolen, "approve").await, token(world, &cheap, "approve").await, "made_up".into(), used];
        for token in bad {
            let paid = pay_by_card(&person, &held.text("holdId"), &token).await.expect(202);
            reservation_once(world, &person, &paid, "cancelled").await;
            let payment = person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
            assert_eq!((payment.text("status"), payment.text("declineReason")), ("declined".into(), "other".into()));
        }
        assert!(world.stack.provider().entries().is_empty(), "none of them reached the provider's book");
        for odd in [json!({}), json!({"orderId": "p", "amount": 1}), json!({"orderId": "p-000001", "amount": 0})] {
            world.anyone().post("/_local/provider/tokens", odd).await.problem(400, "invalid_request");
        }
        world.anyone().get("/_local/provider/tokens").await.problem(405, "method_not_allowed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_hold_lives_at_least_a_minute_but_not_past_the_close() {
    World::run_with(impatient(), async |world| {
        for (left, close, expected) in [(30, 86_400, 60), (200, 86_400, 200), (30, 50, 50), (20, 15, 0)] {
            let close = world.stack.clock().now().plus_seconds(300 - left + close);
            let performance = world.performance(json!({"salesCloseAt": close.to_string()})).await;
            let person = world.member(0).await;
            let hold_id = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
            switch(world, json!({"mode": "fail"})).await;
            world.advance_seconds(u32::try_from(300 - left - 5).expect("positive"));
            let paid = pay_by_card(&world.log_in_again(&person), &hold_id, "declined").await.expect(202);
            world.advance_seconds(if expected == 0 { 25 } else { 5 });
            let now = world.stack.clock().now();
            switch(world, json!({"mode": "normal"})).await;
            reservation_once(world, &person, &paid, "cancelled").await;
            if expected == 0 {
                person.get(&format!("/holds/{hold_id}")).await.problem(404, "not_found");
                pay(&person, &hold_id).await.problem(410, "hold_expired");
                continue;
            }
            let lives = time(&live(&person, &hold_id).await, "expiresAt").seconds_since(now);
            assert!((expected - 5..=expected + 10).contains(&lives), "{left} s were left, and it lives {lives}");
            world.advance_seconds(u32::try_from(lives + 2).expect("positive"));
            pay_by_card(&person, &hold_id, "tok").await.problem(410, "hold_expired");
        }
    })
    .await;
}

/// Points are as good as another card, and a returned hold can be released.
#[tokio::test(flavor = "multi_thread")]
async fn a_returned_hold_can_be_paid_with_points_or_released() {
    World::run_with(impatient(), async |world| {
        let areas = json!([{"grade": "Standing", "price": 10_000, "capacity": 10}]);
        let general = json!({"seating": {"type": "general", "areas": areas}, "maxSeatsPerMember": 6});
        for (details, seats) in
            [(json!({}), json!({"seatIds": ["A-1-1"]})), (general, json!({"grade": "Standing", "quantity": 3}))]
        {
            let performance = world.performance(details).await;
            let person = world.member(1_000_000).await;
            let path = format!("/performances/{performance}/holds");
            let held = person.post(&path, seats.clone()).await.expect(201).text("holdId");
            declined(world, &person, &person, &held).await;
            person.post(&path, seats.clone()).await.problem(409, "hold_exists");
            person.delete(&format!("/holds/{held}")).await.expect(204);
            pay(&person, &held).await.problem(410, "hold_expired");
            let held = person.post(&path, seats).await.expect(201).text("holdId");
            let first = declined(world, &person, &person, &held).await;
            let paid = pay(&person, &held).await.expect(201);
            assert_ne!(paid.json["paymentId"], first.json["paymentId"]);
            assert_eq!((paid.text("status"), paid.text("holdId")), ("approved".into(), held.clone()));
            assert_eq!(pay(&person, &held).await.expect(200).json, paid.json);
            let reservation = person.get(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
            let ticket = reservation.json["tickets"][0]["ticketId"].as_str().expect("a ticket").to_owned();
            person.get(&format!("/tickets/{ticket}/qr.png")).await.expect(200);
            person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
            let found = person.get(&format!("/payments/{}", first.text("paymentId"))).await.expect(200);
            assert_eq!(found.json, first.json, "the declined purchase is unchanged");
        }
    })
    .await;
}

/// The number of card attempts on one hold is limited.
#[tokio::test(flavor = "multi_thread")]
async fn after_many_declines_a_hold_accepts_only_points() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        for _ in 0..CARD_ATTEMPTS_MAX {
            declined(world, &person, &person, &held).await;
        }
        assert!(live(&person, &held).await.json["payment"].is_null());
        let refused = pay_by_card(&person, &held, "tok").await.problem(429, "too_many_attempts");
        assert!((1..=300).contains(&refused.header("retry-after").parse::<i64>().expect("seconds")));
        pay(&person, &held).await.expect(201);
    })
    .await;
}

/// While its payment is pending, an admission books nothing and is given to nobody else: it may come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_decline_restores_the_admission_without_exceeding_max_active() {
    World::run_with(impatient(), async |world| {
        let room = json!({"maxActive": 1, "admissionSeconds": 600});
        let performance = world.performance(json!({"waitingRoom": room})).await;
        let (person, other) = (world.member(0).await, world.member(0).await);
        let queue = format!("/performances/{performance}/queue");
        let (place, inside) = line::admit(world, &person, &performance).await;
        let second = line::join(&other, &performance).await.expect(201);
        let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let organizer = world.organizer().await;
        let active = async || {
            let path = format!("/performances/{performance}/waiting-room");
            organizer.get(&path).await.expect(200).number("active")
        };
        for _ in 0..2 {
            switch(world, json!({"mode": "fail"})).await;
            let paid = pay_by_card(&inside, &held, "declined").await.expect(202);
            inside.get(&queue).await.problem(401, "queue_token_expired");
            hold(&inside, &performance, &["A-1-2"]).await.problem(401, "queue_token_expired");
            let kept = line::join(&person, &performance).await.expect(200);
            assert_eq!((&kept.json["position"], kept.text("status")), (&place.json["position"], "waiting".into()));
            let waits = line::poll_later(world, &person, &performance, &kept).await.expect(200);
            assert_eq!((waits.text("status"), waits.number("ahead")), ("waiting".into(), 0));
            assert_eq!(line::poll_later(world, &other, &performance, &second).await.text("status"), "waiting");
            assert_eq!(active().await, 1);
            switch(world, json!({"mode": "normal"})).await;
            reservation_once(world, &person, &paid, "cancelled").await;
            assert_eq!(inside.get(&queue).await.expect(200).text("status"), "admitted");
            assert_eq!(line::poll(&person, &performance, &waits).await.expect(200).text("status"), "admitted");
            assert_eq!(line::join(&person, &performance).await.expect(200).text("status"), "admitted");
            assert_eq!(line::poll_later(world, &other, &performance, &second).await.text("status"), "waiting");
            assert_eq!(active().await, 1);
        }
        // A retry needs the token, like any payment.
        pay_by_card(&person, &held, "tok").await.problem(401, "queue_token_missing");
        let paid = pay_by_card(&inside, &held, "tok").await.expect(202);
        reservation_once(world, &person, &paid, "confirmed").await;
        inside.get(&queue).await.problem(401, "queue_token_expired");
        assert!(active().await <= 1);
        assert_eq!(line::poll_later(world, &other, &performance, &second).await.text("status"), "admitted");
        assert_eq!(pay_by_card(&person, &held, "tok").await.expect(200).json["paymentId"], paid.json["paymentId"]);
    })
    .await;
}

/// Cancelling the purchase or letting it expire spends the admission.
#[tokio::test(flavor = "multi_thread")]
async fn other_ends_of_a_payment_spend_the_admission() {
    World::run_with(impatient(), async |world| {
        let room = json!({"maxActive": 1, "admissionSeconds": 600});
        let performance = world.performance(json!({"waitingRoom": room})).await;
        for (way, seat) in [("cancelled", "A-1-1"), ("expired", "A-1-2"), ("left", "A-1-3")] {
            let person = world.member(0).await;
            let (_, inside) = line::admit(world, &person, &performance).await;
            let held = hold(&inside, &performance, &[seat]).await.expect(201).text("holdId");
            switch(world, json!({"mode": "refuse"})).await;
            let paid = pay_by_card(&inside, &held, "declined").await.expect(202);
            match way {
                "cancelled" => {
                    person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
                }
                "expired" => world.advance_seconds(u32::try_from(CARD_DEADLINE_SECONDS).expect("positive") + 1),
                _ => {
                    line::leave(&person, &performance).await.expect(204);
                }
            }
            switch(world, json!({"mode": "normal"})).await;
            reservation_once(world, &person, &paid, "cancelled").await;
            assert!(world.log_in_again(&person).get("/holds").await.items().is_empty(), "{way}");
            let map = world.log_in_again(&person).get(&format!("/performances/{performance}/seats")).await;
            assert_eq!(map.status, 401, "{way}");
            assert_eq!(Snapshot::of(world).await.admissions(), 0, "{way}");
        }
    })
    .await;
}

/// A cancelled performance keeps no seats. Its cancellation finds the purchase declined, or cancels it.
#[tokio::test(flavor = "multi_thread")]
async fn a_decline_and_the_organizers_cancellation_agree() {
    World::run_with(impatient(), async |world| {
        let organizer = world.organizer().await;
        for wait_millis in [0, 200, 600, 1_300] {
            let performance = world.performance(json!({})).await;
            let person = world.member(0).await;
            switch(world, json!({"delayMillis": 400})).await;
            let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
            let paid = pay_by_card(&person, &held, "declined").await.expect(202);
            tokio::time::sleep(std::time::Duration::from_millis(wait_millis)).await;
            let path = format!("/performances/{performance}/cancellation");
            organizer.post(&path, json!({"reason": "Rain"})).await.expect(202);
            let over = reservation_once(world, &person, &paid, "cancelled").await;
            assert!(["Rain", "payment_declined"].contains(&over.text("cancelReason").as_str()), "{}", over.json);
            let again = pay_by_card(&person, &held, "tok").await;
            assert!([200, 409, 410].contains(&again.status), "{again:?}");
            switch(world, json!({"delayMillis": 0})).await;
        }
        world.settle().await;
        world.advance_seconds(1_600);
    })
    .await;
}

/// Whichever comes first: the purchase ends once, and the seats are in one hold or free.
#[tokio::test(flavor = "multi_thread")]
async fn a_decline_agrees_with_concurrent_cancels_releases_and_leaves() {
    World::run_with(impatient(), async |world| {
        let room = json!({"maxActive": 30, "admissionSeconds": 600});
        let performance = world.performance(json!({"waitingRoom": room})).await;
        for round in 0..12 {
            let person = world.member(0).await;
            let (_, inside) = line::admit(world, &person, &performance).await;
            let seat = format!("A-{}-{}", round / 10 + 1, round % 10 + 1);
            let held = hold(&inside, &performance, &[&seat]).await.expect(201).text("holdId");
            let paid = pay_by_card(&inside, &held, "declined").await.expect(202);
            tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(0..80))).await;
            let path = format!("/reservations/{}", paid.text("reservationId"));
            match round % 3 {
                0 => {
                    let over = person.delete(&path).await.expect(200);
                    assert_eq!(over.text("status"), "cancelled");
                }
                1 => assert!([204, 404].contains(&person.delete(&format!("/holds/{held}")).await.status)),
                _ => {
                    line::leave(&person, &performance).await.expect(204);
                }
            }
            let over = reservation_once(world, &person, &paid, "cancelled").await;
            let is_held = !person.get("/holds").await.items().is_empty();
            if over.text("cancelReason") == "member" || round % 3 == 2 {
                assert!(!is_held, "round {round}: {}", over.json);
            }
            if is_held {
                let paid = pay_by_card(&inside, &held, "tok").await.expect(202);
                reservation_once(world, &person, &paid, "confirmed").await;
            }
        }
        world.settle().await;
        world.advance_seconds(1_600);
        world.settle().await;
    })
    .await;
}

/// One payment at a time, even if many arrive concurrently after a decline.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_clients_paying_a_declined_hold_make_one_payment() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let first = declined(world, &person, &person, &held).await;
        let mut clients = JoinSet::new();
        for number in 0..20 {
            let (person, held) = (person.clone(), held.clone());
            clients.spawn(async move {
                if number % 5 == 0 { pay(&person, &held).await } else { pay_by_card(&person, &held, "tok").await }
            });
        }
        let replies = clients.join_all().await;
        let new = replies.iter().filter(|reply| [201, 202].contains(&reply.status)).count();
        assert_eq!((new, replies.iter().filter(|reply| reply.status == 200).count()), (1, 19), "{replies:?}");
        let ids: BTreeSet<_> = replies.iter().map(|reply| reply.text("paymentId")).collect();
        assert_eq!(ids.len(), 1);
        assert!(!ids.contains(&first.text("paymentId")));
        reservation_once(world, &person, &replies[0], "confirmed").await;
    })
    .await;
}

/// The provider took the money, its response was lost, and then it reports that the card was rejected.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_after_a_charge_is_not_a_decline() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"mode": "contradict"})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        order_at_provider(world).await;
        reservation_once(world, &person, &paid, "confirmed").await;
        assert_eq!(world.stack.provider().entries()[0].balance_amount, 50_000);
    })
    .await;
}

/// One key returns the first payment again, even if it was declined meanwhile; another key starts a new one.
#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_returns_its_own_payment() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let first = pay_by_card(&person.with_key("one"), &held, "declined").await.expect(202);
        reservation_once(world, &person, &first, "cancelled").await;
        assert_eq!(pay_by_card(&person.with_key("one"), &held, "declined").await.expect(202).json, first.json);
        let second = pay_by_card(&person.with_key("two"), &held, "tok").await.expect(202);
        assert_ne!(second.json["paymentId"], first.json["paymentId"]);
        reservation_once(world, &person, &second, "confirmed").await;
        assert_eq!(pay_by_card(&person.with_key("two"), &held, "tok").await.expect(202).json, second.json);
    })
    .await;
}
