//! Defects seen in similar systems: each line of the requirements that concerns what is offered.

use crate::harness::{
    World, book, hold, hold_of_grade,
    line::{admit, join, poll_later},
    pay, read_qr,
};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn seat_numbers_repeat_across_performances() {
    World::run(async |world| {
        let person = world.member(500_000).await;
        for _ in 0..2 {
            let performance = world.performance(json!({})).await;
            book(&person, &performance, &["A-1-1"]).await;
        }
        assert_eq!(person.get("/reservations").await.items().len(), 2, "each performance has its own A-1-1");
    })
    .await;
}

#[tokio::test]
async fn a_hold_lasts_only_its_own_time() {
    World::run(async |world| {
        let performance = world.performance(json!({"holdSeconds": 60})).await;
        let (first, second) = (world.member(50_000).await, world.member(0).await);
        let held = hold(&first, &performance, &["A-1-1"]).await.expect(201);
        // Neither the same key nor a failed payment restarts the hold's time.
        world.advance_seconds(45);
        hold(&first, &performance, &["A-1-1"]).await.problem(409, "hold_exists");
        assert_eq!(first.get(&held.header("location")).await.expect(200).text("expiresAt"), held.text("expiresAt"));
        world.advance_seconds(15);
        pay(&first, &held.text("holdId")).await.problem(410, "hold_expired");
        hold(&second, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn points_are_not_taken_before_the_seat_is_checked() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, faster) = (world.member(50_000).await, world.member(50_000).await);
        let lapsed = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        world.advance_seconds(300);
        book(&faster, &performance, &["A-1-1"]).await;
        for _ in 0..3 {
            pay(&person, &lapsed).await.problem(410, "hold_expired");
        }
        assert_eq!(person.get("/points").await.number("balance"), 50_000);
        assert_eq!(person.get("/points/entries").await.items().len(), 1, "no charge and refund either");
    })
    .await;
}

#[tokio::test]
async fn a_queue_slot_is_freed() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 1, "admissionSeconds": 30}})).await;
        // The first holds and vanishes, the second is called and never comes, the third is admitted and never comes
        // back.
        let (_, inside) = admit(world, &world.member(0).await, &performance).await;
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        join(&world.member(0).await, &performance).await.expect(201);
        let third = world.member(0).await;
        let mut waiting = join(&third, &performance).await.expect(201);
        let mut waited = 2;
        while waiting.text("status") == "waiting" {
            world.advance_seconds(28);
            waiting = poll_later(world, &third, &performance, &waiting).await.expect(200);
            waited += 30;
            assert!(waited < 600, "the place is never freed");
        }
        let last = world.member(0).await;
        join(&last, &performance).await.expect(201);
        world.advance_seconds(40);
        admit(world, &last, &performance).await;
    })
    .await;
}

#[tokio::test]
async fn a_hold_of_another_member_cannot_be_released() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (first, second, third) = (world.member(0).await, world.member(50_000).await, world.member(0).await);
        let lapsed = hold(&first, &performance, &["A-1-1"]).await.expect(201).header("location");
        second.delete(&lapsed).await.problem(404, "not_found");
        world.advance_seconds(300);
        let held = hold(&second, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        first.delete(&lapsed).await.problem(404, "not_found");
        hold(&third, &performance, &["A-1-1"]).await.problem(409, "seats_taken");
        pay(&second, &held).await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_holds_do_not_both_pass_a_check() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let mut holding = JoinSet::new();
        for _ in 0..20 {
            let (person, performance) = (world.member(0).await, performance.clone());
            holding.spawn(async move { hold(&person, &performance, &["A-1-1", "A-1-2"]).await.status });
        }
        let mut statuses = holding.join_all().await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
    })
    .await;
}

#[tokio::test]
async fn a_cached_reservation_is_not_served_to_another_member() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (owner, other) = (world.member(50_000).await, world.member(0).await);
        let paid = book(&owner, &performance, &["A-1-1"]).await;
        let path = format!("/reservations/{}", paid.text("reservationId"));
        let ticket = owner.get(&path).await.json["tickets"][0]["ticketId"].as_str().unwrap().to_owned();
        for path in [path, paid.header("location"), format!("/tickets/{ticket}/qr.png")] {
            assert_eq!(owner.get(&path).await.expect(200).header("cache-control"), "no-store");
            other.get(&path).await.problem(404, "not_found");
        }
        for list in ["/reservations", "/payments", "/points/entries", "/holds"] {
            assert_eq!(owner.get(list).await.expect(200).header("cache-control"), "no-store");
            assert!(other.get(list).await.expect(200).items().is_empty());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_is_refunded_exactly_once() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let paid = book(&person, &performance, &["A-1-1", "A-1-2"]).await;
        assert_eq!(person.get("/points").await.number("balance"), 0);
        let mut cancelling = JoinSet::new();
        for _ in 0..10 {
            let (person, path) = (person.clone(), format!("/reservations/{}", paid.text("reservationId")));
            cancelling.spawn(async move { person.delete(&path).await.expect(200).text("status") });
        }
        assert_eq!(cancelling.join_all().await, ["cancelled"; 10]);
        assert_eq!(person.get("/points").await.number("balance"), 100_000);
        let refunds = person.get("/points/entries").await.items();
        assert_eq!(refunds.iter().filter(|entry| entry["type"] == "refund").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_reservation_is_mailed_exactly_once() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201).text("holdId");
        for status in [201, 200, 200] {
            pay(&person, &held).await.expect(status);
        }
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_client_cannot_set_the_price() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        let holds = format!("/performances/{performance}/holds");
        for field in ["price", "totalPrice", "amount"] {
            let cheap = json!({"seatIds": ["A-1-1"], field: 1});
            person.post(&holds, cheap).await.problem(400, "invalid_request");
        }
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        for field in ["price", "totalPrice", "amount"] {
            let cheap = json!({"holdId": held, "method": "points", field: 1});
            person.post("/payments", cheap).await.problem(400, "invalid_request");
        }
        assert_eq!(pay(&person, &held).await.expect(201).number("amount"), 50_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_mails_do_not_swap_qr_codes() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let mut people = Vec::new();
        let mut paying = JoinSet::new();
        for number in 1..=8 {
            let person = world.member(50_000).await;
            people.push(person.clone());
            let held = hold(&person, &performance, &[&format!("A-1-{number}")]).await.expect(201).text("holdId");
            paying.spawn(async move { pay(&person, &held).await.expect(201) });
        }
        paying.join_all().await;
        for person in people {
            let tickets = person.get("/reservations").await.items()[0]["tickets"].clone();
            let mails = world.mails_to(person.identity.email.as_str()).await;
            let raw = format!("/_local/mails/{}", mails[0]["mailId"].as_str().unwrap());
            let raw = world.anyone().get(&raw).await.expect(200).bytes;
            let mail = MessageParser::default().parse(&raw).expect("a MIME message");
            let pictures: Vec<_> = mail.attachments().filter(|part| part.content_id().is_some()).collect();
            assert_eq!(pictures.len(), 1);
            let code = read_qr(pictures[0].contents());
            let claim = world.app().codes.open_ticket(&code).expect("a valid code");
            assert_eq!(claim.ticket_id.to_string(), tickets[0]["ticketId"].as_str().unwrap());
        }
    })
    .await;
}

/// All seats refused while some are free: a search for the best seats that loses every race.
#[tokio::test(flavor = "multi_thread")]
async fn holds_succeed_while_seats_are_free() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let mut buyers = JoinSet::new();
        for _ in 0..15 {
            let (person, performance) = (world.member(60_000).await, performance.clone());
            buyers.spawn(async move {
                let held = hold_of_grade(&person, &performance, "R", 2).await;
                pay(&person, &held.text("holdId")).await.expect(201);
            });
        }
        buyers.join_all().await;
        let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
        assert_eq!(found.json["grades"][1]["available"], 0);
        hold_of_grade(&world.member(0).await, &performance, "R", 1).await.problem(409, "not_enough_seats");
    })
    .await;
}
