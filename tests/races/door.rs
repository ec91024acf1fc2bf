//! Scanners, members and organizers who meet at one ticket.

use crate::harness::{
    World,
    crowd::at_once,
    door::{Tickets, all_mailed_codes, scan},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How often each race is run.
const ROUNDS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_scanners_admits_a_ticket() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1"]).await;
        let scanners = vec![tickets.organizer.clone(); 20];
        let replies = at_once(scanners, |_, organizer| {
            let (performance, code) = (tickets.performance.clone(), tickets.codes[0].clone());
            async move { scan(&organizer, &performance, &code).await }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((won.len(), lost.len()), (1, 19));
        for reply in lost {
            assert_eq!(reply.problem(409, "already_checked_in").json["checkedInAt"], won[0].json["checkedInAt"]);
        }
    })
    .await;
}

/// Either the ticket was used, and nothing is refunded; or it was cancelled, and nobody is admitted.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_used_or_refunded_but_never_both() {
    World::run(async |world| {
        for _ in 0..ROUNDS {
            let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
            let before = tickets.owner.get("/points").await.number("balance");
            let (cancelled, one, other) = tokio::join!(
                tickets.owner.delete(&tickets.reservation),
                tickets.scan(&tickets.codes[0]),
                tickets.scan(&tickets.codes[1]),
            );
            let refund = tickets.owner.get("/points").await.number("balance") - before;
            if cancelled.status == 200 {
                assert_eq!(refund, 100_000);
                one.problem(409, "reservation_cancelled");
                other.problem(409, "reservation_cancelled");
            } else {
                assert_eq!(refund, 0);
                let shown = cancelled.problem(409, "already_checked_in").text("checkedInAt");
                let used = [one.expect(201).text("checkedInAt"), other.expect(201).text("checkedInAt")];
                assert!(used.contains(&shown), "{shown} of {used:?}");
            }
        }
    })
    .await;
}

/// The old code admits and nothing is reissued, or the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_used_or_reissued_but_never_both() {
    World::run(async |world| {
        for _ in 0..ROUNDS {
            let tickets = Tickets::buy(world, &["A-1-1"]).await;
            let (scanned, reissued) = tokio::join!(tickets.scan(&tickets.codes[0]), tickets.reissue(0));
            let code = tickets.shown(0).await;
            if scanned.status == 201 {
                reissued.problem(409, "already_checked_in");
                assert_eq!(code, tickets.codes[0]);
            } else {
                scanned.problem(409, "ticket_reissued");
                reissued.expect(200);
                tickets.scan(&code).await.expect(201);
            }
        }
    })
    .await;
}

/// Ten taps on one button make one reissue and one mail; ten tickets concurrently make ten.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_reissues_leave_one_valid_code_per_ticket() {
    World::run(async |world| {
        let seats: Vec<String> = (1..=10).map(|number| format!("A-1-{number}")).collect();
        let tickets = Tickets::buy(world, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let reissue = |id: String| {
            move |_: usize, owner: crate::harness::Person| {
                let id = id.clone();
                async move { owner.post(&format!("/tickets/{id}/reissue"), Value::Null).await }
            }
        };
        for reply in at_once(vec![tickets.owner.clone(); 10], reissue(tickets.ids[0].clone())).await {
            reply.expect(200);
        }
        let mails = world.mails_to(tickets.owner.identity.email.as_str()).await.len();
        assert!((2..=11).contains(&mails), "{mails}");
        world.advance_seconds(3600);
        let ids = tickets.ids.clone();
        let replies = at_once(vec![tickets.owner.clone(); 10], |index, owner| {
            let path = format!("/tickets/{}/reissue", ids[index]);
            async move { owner.post(&path, Value::Null).await }
        })
        .await;
        for reply in replies {
            reply.expect(200);
        }
        assert_eq!(world.mails_to(tickets.owner.identity.email.as_str()).await.len(), mails + 10);
        // Of concurrent mails, the newest is not always the last.
        let shown = tickets.owner.get(&tickets.reservation).await.expect(200).json["tickets"].clone();
        let code = |ticket: &Value| ticket["code"].as_str().expect("a code").to_owned();
        let new: Vec<String> = shown.as_array().expect("tickets").iter().map(code).collect();
        let mailed = all_mailed_codes(world, &tickets.owner).await;
        assert!(new.iter().all(|code| mailed.contains(code)), "each is mailed");
        let all: BTreeSet<_> = new.iter().chain(&tickets.codes).collect();
        assert_eq!(all.len(), 20, "each has a new code");
        for (old, new) in tickets.codes.iter().zip(&new) {
            tickets.scan(old).await.problem(409, "ticket_reissued");
            tickets.scan(new).await.expect(201);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_mail_requests_are_limited() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1"]).await;
        let path = format!("{}/ticket-mail", tickets.reservation);
        let replies = at_once(vec![tickets.owner.clone(); 20], |_, owner| {
            let path = path.clone();
            async move { owner.post(&path, json!(null)).await }
        })
        .await;
        let accepted = replies.iter().filter(|reply| reply.status == 202).count();
        assert!(replies.iter().all(|reply| [202, 429].contains(&reply.status)), "{replies:?}");
        let mails = world.mails_to(tickets.owner.identity.email.as_str()).await.len();
        assert!((2..=11).contains(&mails) && mails <= 1 + accepted, "{mails} mails, {accepted} accepted");
    })
    .await;
}
