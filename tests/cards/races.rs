//! Concurrent operations on one card purchase.

use super::{buy, card_is, impatient, pay_by_card, reservation_once, switch};
use crate::harness::{World, hold, pay};
use frontrow_domain::card::CardState;
use frontrow_edge::Queue;
use frontrow_workers::{message::PaymentDue, queue::Outgoing};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_clients_paying_one_hold_by_card_make_one_payment() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let mut clients = JoinSet::new();
        for number in 0..20 {
            let (person, held) = (person.clone(), held.clone());
            clients.spawn(async move { pay_by_card(&person, &held, &format!("tok_{number}")).await });
        }
        let replies = clients.join_all().await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 202).count(), 1, "{replies:?}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 19, "{replies:?}");
        let ids: BTreeSet<_> = replies.iter().map(|reply| reply.text("paymentId")).collect();
        assert_eq!(ids.len(), 1);
        reservation_once(world, &person, &replies[0], "confirmed").await;
        assert_eq!(world.stack.provider().entries().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_and_points_at_once_pay_a_hold_once() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 20})).await;
        for round in 1..=10 {
            let person = world.member(50_000).await;
            let held = hold(&person, &performance, &[&format!("A-1-{round}")]).await.expect(201).text("holdId");
            let (card, points) = tokio::join!(pay_by_card(&person, &held, "tok"), pay(&person, &held));
            match (card.status, points.status) {
                (202, 200) => assert_eq!(points.text("method"), "card"),
                (200, 201) => assert_eq!(card.text("method"), "points"),
                other => panic!("card and points responded {other:?}"),
            }
            let balance = person.get("/points").await.number("balance");
            assert_eq!(balance, if points.status == 201 { 0 } else { 50_000 });
            reservation_once(world, &person, &card, "confirmed").await;
        }
    })
    .await;
}

/// Whichever comes first: in the end, the money is where the seats are.
#[tokio::test(flavor = "multi_thread")]
async fn a_concurrent_cancellation_and_confirmation_agree() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 20})).await;
        let mut bought = Vec::new();
        for round in 1..=10 {
            let person = world.member(0).await;
            let paid = buy(&person, &performance, &[&format!("A-1-{round}")]).await;
            tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(0..60))).await;
            let cancelled = person.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
            assert_eq!(
                (cancelled.text("status"), cancelled.text("cancelReason")),
                ("cancelled".into(), "member".into())
            );
            bought.push(paid);
        }
        world.settle().await;
        // Past every wait for requests that might still be in flight.
        world.advance_seconds(600 + 901);
        for paid in &bought {
            let all = crate::harness::audit::Snapshot::of(world).await.reservations();
            let card = all.into_iter().find(|one| one.reservation_id.to_string() == paid.text("reservationId"));
            match card.and_then(|one| one.card).expect("a card").state {
                CardState::RefundDue | CardState::Refunded => card_is(world, paid, CardState::Refunded).await,
                _ => card_is(world, paid, CardState::Voided).await,
            }
        }
        let kept: i64 = world.stack.provider().entries().iter().map(|entry| entry.balance_amount).sum();
        assert_eq!(kept, 0);
    })
    .await;
}

/// Queues deliver twice, and relays send twice.
#[tokio::test(flavor = "multi_thread")]
async fn repeated_messages_change_nothing() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"delayMillis": 200})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        let due = PaymentDue {
            member_id: person.identity.member_id,
            reservation_id: paid.text("reservationId").parse().expect("an id"),
        };
        let messages = vec![Outgoing::now(Queue::Payments, due.encode()); 20];
        world.stack.queues().sender().send(&messages).await.expect("the queue takes them");
        reservation_once(world, &person, &paid, "confirmed").await;
        world.settle().await;
        let twenty = vec![person.clone(); 20].into_iter().map(|person| {
            let path = format!("/reservations/{}", paid.text("reservationId"));
            async move { person.delete(&path).await.expect(200).json }
        });
        let responses: BTreeSet<String> =
            twenty.collect::<JoinSet<_>>().join_all().await.iter().map(|it| it["cancelledAt"].to_string()).collect();
        assert_eq!(responses.len(), 1);
        world.stack.queues().sender().send(&messages).await.expect("the queue takes them");
        card_is(world, &paid, CardState::Refunded).await;
        world.settle().await;
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 2, "a ticket and a cancellation");
    })
    .await;
}
