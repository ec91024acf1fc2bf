//! `POST /tickets/{ticketId}/reissue`.

use crate::{
    harness::{
        World,
        door::{Tickets, mailed_codes},
    },
    routes::{ODD_IDS, needs_login},
};
use frontrow_domain::limits::TICKET_MAILINGS_PER_HOUR;
use serde_json::{Value, json};

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        let reissued = tickets.reissue(0).await.expect(200);
        assert_eq!(
            reissued.json,
            json!({
                "ticketId": tickets.ids[0], "seatId": "A-1-1", "section": "A", "row": 1, "number": 1, "grade": "VIP",
                "price": 50_000, "currency": "KRW", "code": tickets.shown(0).await, "generation": 1, "checkedInAt": null,
            })
        );
        let mails = world.mails_to(tickets.owner.identity.email.as_str()).await;
        assert_eq!(mails.len(), 2, "mailed once more");
        assert_eq!(mails[1]["subject"], "[frontrow] 티켓 재발급: Aida");
        let new = mailed_codes(world, &tickets.owner).await;
        assert_eq!(new.len(), 2, "one mail holds every ticket");
        assert!(new[0] != tickets.codes[0] && new[1] == tickets.codes[1]);
        assert_eq!(tickets.shown(0).await, new[0], "the picture is of the current code");
        let found = tickets.owner.get(&tickets.reservation).await.expect(200);
        assert_eq!(found.json["ticketMail"]["status"], "sent");

        tickets.scan(&tickets.codes[0]).await.problem(409, "ticket_reissued");
        tickets.scan(&new[0]).await.expect(201);
        let used = tickets.reissue(0).await.problem(409, "already_checked_in");
        assert!(used.json["checkedInAt"].is_string());
        tickets.reissue(1).await.expect(200);
        tickets.scan(&tickets.codes[1]).await.problem(409, "ticket_reissued");
        tickets.scan(&tickets.shown(1).await).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn only_own_valid_tickets_are_reissued_within_limits() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1"]).await;
        let path = format!("/tickets/{}/reissue", tickets.ids[0]);
        world.member(0).await.post(&path, Value::Null).await.problem(404, "not_found");
        tickets.organizer.post(&path, Value::Null).await.problem(404, "not_found");
        let beyond = path.replace(".0/", ".1/");
        tickets.owner.post(&beyond, Value::Null).await.problem(404, "not_found");
        for odd in ODD_IDS {
            tickets.owner.post(&format!("/tickets/{odd}/reissue"), Value::Null).await.problem(404, "not_found");
        }
        for _ in 0..TICKET_MAILINGS_PER_HOUR {
            tickets.reissue(0).await.expect(200);
        }
        let refused = tickets.reissue(0).await.problem(429, "too_many_requests");
        let seconds: u32 = refused.header("retry-after").parse().unwrap();
        tickets.mail_again().await.problem(429, "too_many_requests");
        tickets.scan(&tickets.codes[0]).await.problem(409, "ticket_reissued");
        world.advance_seconds(seconds);
        tickets.reissue(0).await.expect(200);
        tickets.owner.delete(&tickets.reservation).await.expect(200);
        tickets.reissue(0).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "POST", "/tickets/t-0193f1b07c8a7d3fae52c1d1a5b0c006.demo.0/reissue", None).await;
    })
    .await;
}
