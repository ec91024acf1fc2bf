//! Every course of a card purchase.

use super::{
    bought, buy, card_is, confirms, impatient, order_at_provider, pay_by_card, reservation_once, seat_status, switch,
};
use crate::harness::{World, hold, pay, process::call};
use frontrow_domain::{card::CardState, limits::CARD_DEADLINE_SECONDS};
use frontrow_edge::{App, Method};
use frontrow_local::provider::EntryStatus;
use serde_json::{Value, json};

const PAST_DEADLINE: u32 = CARD_DEADLINE_SECONDS as u32 + 1;
const PAST_VOIDING: u32 = 901;

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_is_accepted_at_once_and_confirmed_after_the_charge() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let held = hold(&person, &performance, &["A-1-1", "B-1-1"]).await.expect(201).text("holdId");
        // The token is valid for exactly the price of the seats: the server sets the amount, and it is right.
        let paid = pay_by_card(&person.client.with("Accept-Language", "en"), &held, "tok@80000").await.expect(202);
        assert_eq!((paid.text("status"), paid.text("method")), ("pending".into(), "card".into()));
        let confirmed = reservation_once(world, &person, &paid, "confirmed").await;
        assert!(confirmed.json["cancelReason"].is_null());
        let path = format!("/payments/{}", paid.text("paymentId"));
        assert_eq!(person.get(&path).await.expect(200).text("status"), "approved");
        assert_eq!(seat_status(world, &performance, "A-1-1").await, "sold");
        let mails = world.mails_to(person.identity.email.as_str()).await;
        assert_eq!(mails.len(), 1, "the tickets");
        assert!(!mails[0].to_string().contains("tok@80000"));
        let entries = world.stack.provider().entries();
        assert_eq!((entries.len(), entries[0].balance_amount), (1, 80_000));
        // The member may book again.
        hold(&person, &performance, &["A-1-2"]).await.expect(201);
    })
    .await;
}

/// The member is notified, and that the seats are still in the hold.
#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_mailed_and_keeps_the_hold() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let english = person.client.with("Accept-Language", "en");
        let paid = pay_by_card(&english, &held, "declined_card").await.expect(202);
        let over = reservation_once(world, &person, &paid, "cancelled").await;
        assert_eq!(over.text("cancelReason"), "payment_declined");
        assert!(over.json["cancelledAt"].is_string());
        let payment = person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
        assert_eq!(payment.text("status"), "declined");
        assert_eq!(seat_status(world, &performance, "A-1-1").await, "held");
        let mails = world.mails_to(person.identity.email.as_str()).await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail["subject"].as_str().unwrap_or_default()).collect();
        assert_eq!(subjects, ["[frontrow] Card declined: Aida"]);
        assert!(mails[0]["text"].as_str().unwrap_or_default().contains("still held for you"), "{}", mails[0]);
        pay(&person, &held).await.expect(201);
    })
    .await;
}

/// Accepted while the provider is down, in any way; confirmed when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn payments_wait_while_the_provider_is_down() {
    for mode in ["fail", "refuse", "hang"] {
        World::run_with(impatient(), async |world| {
            let performance = world.performance(json!({})).await;
            let person = world.member(1_000_000).await;
            switch(world, json!({"mode": mode})).await;
            let paid = buy(&person, &performance, &["A-1-1"]).await;
            let pending = reservation_once(world, &person, &paid, "pending").await;
            assert_eq!(pending.json["ticketMail"]["status"], "queued");
            assert_eq!(seat_status(world, &performance, "A-1-1").await, "held");
            hold(&world.member(0).await, &performance, &["A-1-1"]).await.problem(409, "seats_taken");
            // It counts as the member's hold, but they cannot look at it or release it.
            let other = hold(&person, &performance, &["A-1-2"]).await.problem(409, "hold_exists");
            assert_eq!(other.json["holdId"], paid.json["holdId"]);
            assert!(person.get("/holds").await.items().is_empty());
            person.delete(&format!("/holds/{}", paid.text("holdId"))).await.problem(404, "not_found");
            assert_eq!(pay(&person, &paid.text("holdId")).await.expect(200).json, paid.json);
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            assert_eq!(person.get("/points").await.number("balance"), 1_000_000);
            assert!(world.stack.provider().entries().is_empty());
            switch(world, json!({"mode": "normal"})).await;
            reservation_once(world, &person, &paid, "confirmed").await;
        })
        .await;
    }
}

/// The provider took the money and its response was lost: it is called again, and there is one charge.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_charges_once() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"mode": "answer_late"})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Done);
        reservation_once(world, &person, &paid, "pending").await;
        switch(world, json!({"mode": "normal"})).await;
        reservation_once(world, &person, &paid, "confirmed").await;
        assert!(confirms(world) >= 2);
        assert_eq!(world.stack.provider().entries().len(), 1);
    })
    .await;
}

/// The request reaches the provider's books only after the worker gave up on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_charges_once() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"delayMillis": 1_500})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Done);
        switch(world, json!({"delayMillis": 0})).await;
        reservation_once(world, &person, &paid, "confirmed").await;
        assert_eq!(world.stack.provider().entries().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_deadline_seats_are_free_and_nothing_is_charged() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"mode": "refuse"})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        world.advance_seconds(PAST_DEADLINE);
        // The seats expire by themselves: another member gets them whether a worker has run or not.
        let other = world.member(100_000).await;
        let taken = hold(&other, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let over = reservation_once(world, &person, &paid, "cancelled").await;
        assert_eq!(over.text("cancelReason"), "payment_expired");
        pay(&other, &taken).await.expect(201);
        switch(world, json!({"mode": "normal"})).await;
        // The provider does not know the payment, but a request might still be in flight to it.
        card_is(world, &paid, CardState::Voiding).await;
        world.advance_seconds(PAST_VOIDING);
        card_is(world, &paid, CardState::Voided).await;
        assert!(world.stack.provider().entries().is_empty());
        let payment =
            world.log_in_again(&person).get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
        assert_eq!(payment.text("status"), "cancelled");
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 1);
    })
    .await;
}

/// Charged, but found only after the deadline: refunded.
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_found_after_the_deadline_is_refunded() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        switch(world, json!({"mode": "answer_late"})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Done);
        world.advance_seconds(PAST_DEADLINE);
        reservation_once(world, &person, &paid, "cancelled").await;
        switch(world, json!({"mode": "normal"})).await;
        card_is(world, &paid, CardState::Voided).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Canceled);
    })
    .await;
}

/// A process with a fast clock saw the seats expire and gave them to another member before the provider approved.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_after_the_seats_were_lost_is_refunded() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let (person, other) = (world.member(0).await, world.member(100_000).await);
        switch(world, json!({"mode": "fail"})).await;
        let paid = buy(&person, &performance, &["A-1-1", "A-1-2"]).await;
        let ahead = world.stack.clock().skewed_by_seconds(CARD_DEADLINE_SECONDS + 60);
        let ahead = App { clock: ahead, ..world.app().clone() };
        let login = format!("Bearer {}", world.app().tokens.access(&other.identity));
        let path = format!("/performances/{performance}/holds");
        let body = json!({"seatIds": ["A-1-1"]});
        let taken = call(&ahead, &Method::POST, &path, &[("authorization", &login)], &body).await;
        assert_eq!(taken.status, 201, "{taken:?}");
        switch(world, json!({"mode": "normal"})).await;
        let over = reservation_once(world, &person, &paid, "cancelled").await;
        assert_eq!(over.text("cancelReason"), "payment_expired");
        card_is(world, &paid, CardState::Voided).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Canceled);
        assert_eq!(seat_status(world, &performance, "A-1-1").await, "held", "another member holds it");
        assert_eq!(seat_status(world, &performance, "A-1-2").await, "free");
    })
    .await;
}

/// Cancelling is confirmed at once, and the member may book again, whatever the provider does.
#[tokio::test(flavor = "multi_thread")]
async fn a_pending_purchase_can_be_cancelled() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        switch(world, json!({"mode": "answer_late"})).await;
        let paid = buy(&person, &performance, &["A-1-1"]).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Done);
        let path = format!("/reservations/{}", paid.text("reservationId"));
        let cancelled = person.delete(&path).await.expect(200);
        assert_eq!((cancelled.text("status"), cancelled.text("cancelReason")), ("cancelled".into(), "member".into()));
        assert_eq!(person.delete(&path).await.expect(200).json, cancelled.json);
        let again = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&person, &again).await.expect(201);
        switch(world, json!({"mode": "normal"})).await;
        card_is(world, &paid, CardState::Voided).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Canceled);
    })
    .await;
}

/// The money is refunded to the card, even if the provider is down at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_purchase_is_refunded_at_the_provider() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let paid = bought(world, &person, &performance, &["A-1-1"]).await;
        world.settle().await;
        switch(world, json!({"mode": "fail"})).await;
        let path = format!("/reservations/{}", paid.text("reservationId"));
        let cancelled = person.delete(&path).await.expect(200);
        assert_eq!(cancelled.text("status"), "cancelled");
        assert_eq!(seat_status(world, &performance, "A-1-1").await, "free");
        let payment = person.get(&format!("/payments/{}", paid.text("paymentId"))).await.expect(200);
        assert_eq!(payment.text("status"), "cancelled");
        card_is(world, &paid, CardState::RefundDue).await;
        switch(world, json!({"mode": "normal"})).await;
        card_is(world, &paid, CardState::Refunded).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Canceled);
        assert_eq!(person.get("/points").await.number("balance"), 0, "no points were given for it");
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 2);
    })
    .await;
}

/// However long the organizer's reason is: the provider accepts 200 characters of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_reason_does_not_block_the_refund() {
    World::run_with(impatient(), async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let paid = bought(world, &person, &performance, &["A-1-1"]).await;
        let reason = json!({"reason": "비가 옵니다. ".repeat(62)});
        let path = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&path, reason).await.expect(202);
        card_is(world, &paid, CardState::Refunded).await;
        assert_eq!(order_at_provider(world).await, EntryStatus::Canceled);
    })
    .await;
}

/// A seat in each of forty grades makes eighty sums; they are added and subtracted like any others.
#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_of_forty_grades_is_refunded_with_its_performance() {
    World::run_with(impatient(), async |world| {
        let section = |number: u32| {
            json!({"name": format!("S{number}"), "grade": format!("G{number}"), "price": 1_000, "rows": 1, "seatsPerRow": 1})
        };
        let sections: Vec<Value> = (0..40).map(section).collect();
        let seating = json!({"type": "numbered", "sections": sections});
        let performance = world.performance(json!({"seating": seating, "maxSeatsPerMember": 50})).await;
        let seats: Vec<String> = (0..40).map(|number| format!("S{number}-1-1")).collect();
        let person = world.member(0).await;
        let paid = bought(world, &person, &performance, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let (organizer, path) = (world.organizer().await, format!("/performances/{performance}"));
        world.settle().await;
        assert_eq!(organizer.get(&format!("{path}/sales")).await.expect(200).number("seats"), 40);
        organizer.post(&format!("{path}/cancellation"), json!({"reason": "Rain"})).await.expect(202);
        card_is(world, &paid, CardState::Refunded).await;
        world.settle().await;
        assert_eq!(organizer.get(&format!("{path}/sales")).await.expect(200).number("seats"), 0);
    })
    .await;
}

/// General admission places are kept, sold and freed like seats.
#[tokio::test(flavor = "multi_thread")]
async fn general_admission_is_sold_by_card_too() {
    World::run_with(impatient(), async |world| {
        let areas = json!([{"grade": "Standing", "price": 10_000, "capacity": 10}]);
        let details = json!({"seating": {"type": "general", "areas": areas}, "maxSeatsPerMember": 6});
        let performance = world.performance(details).await;
        let left = async || {
            let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
            found.json["grades"][0]["available"].as_i64()
        };
        for (token, status, available) in [("tok@60000", "confirmed", 4), ("declined", "cancelled", 0)] {
            let person = world.member(0).await;
            let quantity = if status == "confirmed" { 6 } else { 4 };
            let path = format!("/performances/{performance}/holds");
            let held = person.post(&path, json!({"grade": "Standing", "quantity": quantity})).await.expect(201);
            let paid = pay_by_card(&person, &held.text("holdId"), token).await.expect(202);
            reservation_once(world, &person, &paid, status).await;
            tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
            assert_eq!(left().await, Some(available));
            if status == "cancelled" {
                person.delete(&format!("/holds/{}", held.text("holdId"))).await.expect(204);
            }
        }
        // Kept until the deadline, longer than the hold's own five minutes, and free afterwards.
        switch(world, json!({"mode": "refuse"})).await;
        let person = world.member(0).await;
        let path = format!("/performances/{performance}/holds");
        let held = person.post(&path, json!({"grade": "Standing", "quantity": 4})).await.expect(201);
        let paid = pay_by_card(&person, &held.text("holdId"), "tok").await.expect(202);
        let one = json!({"grade": "Standing", "quantity": 1});
        world.advance_seconds(400);
        world.member(0).await.post(&path, one.clone()).await.problem(409, "not_enough_seats");
        world.advance_seconds(PAST_DEADLINE - 400);
        reservation_once(world, &person, &paid, "cancelled").await;
        world.member(0).await.post(&path, one).await.expect(201);
    })
    .await;
}
