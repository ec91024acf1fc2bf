//! `POST /reservations/{reservationId}/ticket-mail`.

use crate::{
    harness::{
        World, book,
        door::{Tickets, codes_in, mailed_codes},
    },
    routes::{ODD_IDS, needs_login},
};
use frontrow_domain::limits::TICKET_MAILINGS_PER_HOUR;
use serde_json::{Value, json};

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        let answer = tickets.mail_again().await.expect(202);
        assert_eq!(answer.json["ticketMail"]["status"], "queued");
        let mails = world.mails_to(tickets.owner.identity.email.as_str()).await;
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[1]["subject"], "[frontrow] 티켓 재발송: Aida");
        assert_eq!(codes_in(world, &mails[1]).await, tickets.codes, "nothing was reissued");
        let found = tickets.owner.get(&tickets.reservation).await.expect(200);
        assert_eq!(found.json["ticketMail"]["status"], "sent");
        let listed = tickets.owner.get("/reservations").await.items();
        assert_eq!(listed[0]["ticketMail"]["status"], "sent");
        tickets.scan(&tickets.codes[0]).await.expect(201);
        tickets.mail_again().await.expect(202);
        assert_eq!(world.mails_to(tickets.owner.identity.email.as_str()).await.len(), 3, "used tickets too");
    })
    .await;
}

/// A request before the first mail was sent still has its own mail.
#[tokio::test]
async fn each_request_sends_a_mail() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        world.stack.mailbox().refuse(|_| true);
        let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
        for _ in 0..3 {
            person.post(&format!("{path}/ticket-mail"), Value::Null).await.expect(202);
        }
        assert_eq!(person.get(&path).await.json["ticketMail"]["status"], "queued");
        world.stack.mailbox().refuse(|_| false);
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 4);
        assert_eq!(person.get(&path).await.json["ticketMail"]["status"], "sent");
        mailed_codes(world, &person).await;
    })
    .await;
}

#[tokio::test]
async fn only_own_confirmed_reservations_are_mailed_within_limits() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1"]).await;
        let path = format!("{}/ticket-mail", tickets.reservation);
        world.member(0).await.post(&path, Value::Null).await.problem(404, "not_found");
        tickets.organizer.post(&path, Value::Null).await.problem(404, "not_found");
        for odd in ODD_IDS {
            let path = format!("/reservations/{odd}/ticket-mail");
            tickets.owner.post(&path, Value::Null).await.problem(404, "not_found");
        }
        for _ in 0..TICKET_MAILINGS_PER_HOUR {
            tickets.mail_again().await.expect(202);
        }
        tickets.mail_again().await.problem(429, "too_many_requests");
        let mails = world.mails_to(tickets.owner.identity.email.as_str()).await;
        assert_eq!(mails.len(), 1 + TICKET_MAILINGS_PER_HOUR as usize);
        tickets.owner.delete(&tickets.reservation).await.expect(200);
        tickets.mail_again().await.problem(409, "reservation_cancelled");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "POST", "/reservations/r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo/ticket-mail", None).await;
    })
    .await;
}
