//! S0: a member signs up with a mailed code, reserves, lists, views and cancels; the ticket comes by mail with its QR
//! code.

use crate::harness::{World, book, read_qr};
use frontrow_domain::{
    member::{Language, Role},
    verification::Verification,
};
use futures_util::{StreamExt, stream};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::json;

/// M1, M2: the code comes by mail; nobody signs up without it.
#[tokio::test]
async fn m1_m2_sign_up_with_a_mailed_code_and_log_in() {
    World::run(async |world| {
        let anyone = world.anyone();
        let asked = anyone
            .with("Accept-Language", "en")
            .post("/email-verifications", json!({"email": "Yn15@Example.com"}))
            .await
            .expect(202);
        let mails = world.mails_to("yn15@example.com").await;
        let text = mails[0]["text"].as_str().unwrap();
        let runs: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6).collect();
        assert_eq!(runs.len(), 1, "the code is the only run of six digits: {text}");

        let body = json!({"verificationId": asked.text("verificationId"), "code": runs[0], "email": "yn15@example.com",
            "password": "correct horse", "name": "영나"});
        let member = anyone.post("/members", body.clone()).await.expect(201);
        assert_eq!(
            (member.text("email"), member.text("role"), member.text("name")),
            ("yn15@example.com".into(), "member".into(), "영나".into())
        );
        anyone.post("/members", body).await.problem(410, "verification_expired");

        let session = anyone
            .post("/sessions", json!({"email": "yn15@example.com", "password": "correct horse"}))
            .await
            .expect(200);
        let me = anyone.with_login(&session.text("accessToken")).get("/members/me").await.expect(200);
        assert_eq!(me.json["memberId"], member.json["memberId"]);
        assert_eq!(me.json, session.json["member"]);
    })
    .await;
}

/// T1, T2, T4, R4, R5: the reservation's whole life, and its mails.
#[tokio::test]
async fn t1_a_reservation_and_its_cancellation_are_mailed() {
    World::run(async |world| {
        let performance = world.performance(json!({"startsAt": "2099-01-15T09:30:00Z"})).await;
        let name = r#"<b>Mallory</b> & "friends""#;
        let person = world.person("mallory@example.com", name, Role::Member).await;
        person.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
        let english =
            crate::harness::Person { client: person.with("Accept-Language", "en-GB, ko;q=0.5"), ..person.clone() };
        let reservation = book(&english, &performance, &["A-1-1", "A-1-2"]).await.text("reservationId");

        let mails = world.mails_to("mallory@example.com").await;
        assert_eq!(mails.len(), 1);
        let id = mails[0]["mailId"].as_str().unwrap();
        let raw = world.anyone().get(&format!("/_local/mails/{id}")).await.expect(200).bytes;
        let mail = MessageParser::default().parse(&raw).expect("a MIME message");
        let html = mail.body_html(0).expect("an HTML part").into_owned();
        let text = mail.body_text(0).expect("a text part").into_owned();
        assert!(!html.contains("<b>Mallory"), "member data is escaped");
        assert!(text.contains(name) && text.contains("Section A · Row 1 · Seat 1") && text.contains("100,000"));
        assert!(html.contains("18:30") && text.contains("18:30"), "the show's local time");
        assert!(!html.contains("data:"), "no base64 images");

        let found = person.get(&format!("/reservations/{reservation}")).await.expect(200);
        assert_eq!(found.json["ticketMail"]["status"], "sent");
        let tickets = found.json["tickets"].as_array().unwrap().clone();
        let pictures: Vec<_> = mail.attachments().filter(|part| part.content_id().is_some()).collect();
        assert_eq!(pictures.len(), 2, "each ticket has its own picture");
        for (picture, ticket) in pictures.iter().zip(&tickets) {
            assert!(html.contains(&format!("cid:{}", picture.content_id().unwrap())), "shown by Content-ID");
            let code = read_qr(picture.contents());
            let ticket = ticket["ticketId"].as_str().unwrap();
            let claim = world.app().codes.open_ticket(&code).expect("a valid code");
            assert_eq!(claim.ticket_id.to_string(), ticket);
            let served = person.get(&format!("/tickets/{ticket}/qr.png")).await.expect(200);
            assert_eq!(read_qr(&served.bytes), code);
        }

        let cancelled = person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        assert_eq!(cancelled.text("status"), "cancelled");
        let listed = person.get("/reservations").await.expect(200).items();
        assert_eq!(
            (listed.len(), &listed[0]["status"]),
            (1, &json!("cancelled")),
            "cancelled ones are listed and marked"
        );
        let mails = world.mails_to("mallory@example.com").await;
        assert_eq!(mails.len(), 2);
        assert_ne!(mails[0]["subject"], mails[1]["subject"]);
        assert!(mails[1]["text"].as_str().unwrap().contains("100,000"));
    })
    .await;
}

/// Korean unless requested otherwise.
#[tokio::test]
async fn t1_the_mail_is_in_the_language_requested_at_payment() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let is_korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        for (seat, language, korean) in
            [("A-1-1", None, true), ("A-1-2", Some("en"), false), ("A-1-3", Some("ko-KR"), true)]
        {
            let person = world.member(50_000).await;
            let client = language.map_or(person.client.clone(), |language| person.with("Accept-Language", language));
            book(&client, &performance, &[seat]).await;
            let mails = world.mails_to(person.identity.email.as_str()).await;
            assert_eq!(
                is_korean(mails[0]["subject"].as_str().unwrap()),
                korean,
                "{language:?}: {}",
                mails[0]["subject"]
            );
            assert_eq!(is_korean(mails[0]["text"].as_str().unwrap()), korean);
        }
    })
    .await;
}

/// T3: mails that cannot be sent are retried, without delaying others; a poisoned message is parked.
#[tokio::test]
async fn t3_an_unsendable_mail_is_parked_without_blocking_others() {
    let world = World::start(frontrow_local::Options {
        demo: false,
        mail_visibility_seconds: 3,
        mail_max_receives: 2,
        ..Default::default()
    })
    .await;
    let performance = world.performance(json!({})).await;
    let (lucky, poor) = (world.member(100_000).await, world.member(100_000).await);
    let poor_address = poor.identity.email.to_string();
    world.stack.mailbox().refuse({
        let address = poor_address.clone();
        move |to| to.contains(&address)
    });
    let parked = book(&poor, &performance, &["A-1-1"]).await.text("reservationId");
    let sent = book(&lucky, &performance, &["A-1-2"]).await.text("reservationId");
    world.settle().await;
    let status = async |person: &crate::harness::Person, id: &str| {
        person.get(&format!("/reservations/{id}")).await.expect(200).json["ticketMail"]["status"].clone()
    };
    assert_eq!(status(&lucky, &sent).await, "sent");
    assert_eq!(status(&poor, &parked).await, "failed");
    assert_eq!(world.stack.queues().parked().await.expect("the queue can be read"), 1);
    assert_eq!(world.stack.mailbox().refusals(), 2, "it was tried as often as the queue allows");
}

/// Anybody can request codes, for as many addresses as there are: tickets overtake them.
#[tokio::test]
async fn t3_codes_do_not_delay_tickets() {
    World::run(async |world| {
        let (performance, person) = (world.performance(json!({})).await, world.member(100_000).await);
        let (store, now) = (&world.app().store, world.stack.clock().now());
        let ask = async |n: u32| {
            let (id, email) = (format!("v{n}").parse().unwrap(), format!("v{n}@example.com").try_into().unwrap());
            let verification = Verification::new(id, email, Language::En, now);
            store.start_verification(&verification, now).await.unwrap();
        };
        const CODES: u32 = 400;
        stream::iter(0..CODES).for_each_concurrent(16, ask).await;
        book(&person, &performance, &["A-1-1"]).await;
        world.settle().await;
        let mails = world.stack.mailbox().mails();
        let address = person.identity.email.as_str();
        let place = mails.iter().position(|mail| mail.to.iter().any(|to| to == address)).expect("a ticket mail");
        println!("the ticket was mailed after {place} of {CODES} codes");
        assert!(mails.len() > CODES as usize);
        assert!(place < CODES as usize, "it waited for all codes");
    })
    .await;
}

/// The largest possible mails: each is sent once, in one attempt.
#[tokio::test]
async fn t3_fifty_tickets_fit_one_mail() {
    World::run(async |world| {
        let seats = world
            .performance(json!({"maxSeatsPerMember": 50, "seating": {"type": "numbered", "sections": [
                {"name": "A", "grade": "R", "price": 1_000, "rows": 4, "seatsPerRow": 50}
            ]}}))
            .await;
        let mut bought = Vec::new();
        for row in 1..=4 {
            let person = world.member(100_000).await;
            let seat_ids: Vec<_> = (1..=50).map(|number| format!("A-{row}-{number}")).collect();
            let seat_ids: Vec<_> = seat_ids.iter().map(String::as_str).collect();
            bought.push((book(&person, &seats, &seat_ids).await.text("reservationId"), person));
        }
        world.settle().await;
        for (reservation_id, person) in bought {
            let mails = world.mailed(person.identity.email.as_str());
            assert_eq!(mails.len(), 1);
            let message = MessageParser::default().parse(&mails[0].raw).expect("a mail");
            assert_eq!(message.parts.iter().filter(|part| part.content_id().is_some()).count(), 50);
            let shown = person.get(&format!("/reservations/{reservation_id}")).await.expect(200);
            assert_eq!(shown.json["ticketMail"]["status"], "sent");
        }
        assert_eq!(world.stack.queues().parked().await.expect("the queue can be read"), 0);
    })
    .await;
}
