//! `POST /performances/{performanceId}/cancellation`.

use super::{listed_in, new_show};
use crate::{
    harness::{
        World, book,
        door::{Tickets, scan},
        hold,
        line::join,
        pay,
    },
    routes::{ODD_IDS, complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::json;

/// Everybody is refunded and notified, with the organizer's words; nothing is sold any more.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let listed = listed_in(world, &organizer, &show, 86_400, json!({})).await;
        let performance = listed["performanceId"].as_str().unwrap().to_owned();
        let path = format!("/performances/{performance}");
        let (person, other) = (world.member(200_000).await, world.member(200_000).await);
        let paid = book(&person, &performance, &["A-1-1", "B-1-1"]).await;
        let reservation = format!("/reservations/{}", paid.text("reservationId"));
        let held = hold(&other, &performance, &["A-1-2"]).await.expect(201).text("holdId");
        let reason = "The stage <b>burned</b> down.\nWe are sorry.";
        assert!(organizer.get(&path).await.json["cancellation"].is_null());

        let answer = organizer.post(&format!("{path}/cancellation"), json!({"reason": reason})).await.expect(202);
        assert_eq!((answer.text("performanceId"), answer.text("reason")), (performance.clone(), reason.to_owned()));
        // At once: no process relies on an older copy.
        pay(&other, &held).await.problem(409, "sales_closed");
        hold(&person, &performance, &["A-1-3"]).await.problem(409, "sales_closed");
        world.settle().await;

        let found = person.get(&reservation).await.expect(200);
        assert_eq!((found.text("status"), found.text("cancelReason")), ("cancelled".into(), reason.into()));
        assert_eq!(person.get("/points").await.number("balance"), 200_000);
        assert_eq!(person.get(&format!("/payments/{}", paid.text("paymentId"))).await.text("status"), "cancelled");
        let notices = person.get("/notices").await.expect(200).items();
        assert_eq!((&notices[0]["type"], &notices[0]["amount"]), (&json!("performance_cancelled"), &json!(80_000)));
        let page = person.get("/my-page").await.expect(200).items();
        assert_eq!((&page[0]["type"], &page[0]["status"]), (&json!("cancellation"), &json!("payment_cancelled")));
        let mails = world.mails_to(person.identity.email.as_str()).await;
        let cancellation = mails.iter().find(|mail| mail["text"].as_str().unwrap_or_default().contains("burned"));
        let cancellation = cancellation.expect("a mail with the reason");
        let html =
            world.anyone().get(&format!("/_local/mails/{}.html", cancellation["mailId"].as_str().unwrap())).await;
        let html = String::from_utf8(html.bytes).expect("text");
        assert!(!html.contains("<b>burned") && html.contains("burned"), "the organizer's reason is escaped");
        assert!(world.mails_to(other.identity.email.as_str()).await.is_empty(), "a hold is not a purchase");

        let dates = organizer.get(&format!("/shows/{show}/performances")).await.expect(200).items();
        assert!(dates.is_empty(), "it cannot be booked, so it is not listed");
        let shown = organizer.get(&path).await.expect(200);
        assert_eq!(shown.json["cancellation"], json!({"reason": reason, "cancelledAt": answer.json["cancelledAt"]}));
        let sales = organizer.get(&format!("{path}/sales")).await.expect(200);
        assert_eq!((sales.number("seats"), sales.number("amount")), (0, 0));
        let door = organizer.get(&format!("{path}/reservations")).await.expect(200).items();
        assert_eq!(door[0]["status"], "cancelled");
    })
    .await;
}

/// The first reason stands, even after the start.
#[tokio::test]
async fn a_repeated_cancellation_returns_the_first_one() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let listed = listed_in(world, &organizer, &show, 3600, json!({})).await;
        let path = format!("/performances/{}/cancellation", listed["performanceId"].as_str().unwrap());
        let first = organizer.post(&path, json!({"reason": "Rain"})).await.expect(202);
        world.advance_seconds(60);
        let other = world.organizer().await;
        assert_eq!(other.post(&path, json!({"reason": "Snow"})).await.expect(202).json, first.json);
        world.advance_seconds(3600);
        assert_eq!(organizer.post(&path, json!({"reason": "Hail"})).await.expect(202).json, first.json);
    })
    .await;
}

/// One call must not refund everybody for a performance that has begun.
#[tokio::test]
async fn cancelling_after_the_start_is_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let listed = listed_in(world, &organizer, &show, 3600, json!({})).await;
        let performance = listed["performanceId"].as_str().unwrap();
        let person = world.member(50_000).await;
        let reservation =
            format!("/reservations/{}", book(&person, performance, &["A-1-1"]).await.text("reservationId"));
        world.advance_seconds(3600);
        let path = format!("/performances/{performance}/cancellation");
        organizer.post(&path, json!({"reason": "Rain"})).await.problem(409, "performance_started");
        world.settle().await;
        assert_eq!(person.get(&reservation).await.text("status"), "confirmed");
    })
    .await;
}

#[tokio::test]
async fn joining_its_line_is_refused() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        let organizer = world.organizer().await;
        let path = format!("/performances/{performance}/cancellation");
        organizer.post(&path, json!({"reason": "Rain"})).await.expect(202);
        join(&world.member(0).await, &performance).await.problem(409, "sales_closed");
    })
    .await;
}

/// Even members who were already admitted have not seen the performance.
#[tokio::test]
async fn used_tickets_are_refunded_too() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        scan(&tickets.organizer, &tickets.performance, &tickets.codes[0]).await.expect(201);
        let path = format!("/performances/{}/cancellation", tickets.performance);
        tickets.organizer.post(&path, json!({"reason": "The singer is ill"})).await.expect(202);
        world.settle().await;
        assert_eq!(tickets.owner.get("/points").await.number("balance"), 1_000_000);
        let second = scan(&tickets.organizer, &tickets.performance, &tickets.codes[1]).await;
        second.problem(409, "reservation_cancelled");
    })
    .await;
}

/// A reason that equals one of the system's own words is still distinguishable.
#[tokio::test]
async fn an_organizers_reason_is_not_mistaken_for_a_system_reason() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(50_000).await;
        book(&person, &performance, &["A-1-1"]).await;
        let path = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&path, json!({"reason": " member "})).await.expect(202);
        world.settle().await;
        assert_eq!(person.get("/reservations").await.items()[0]["cancelReason"], "member");
        assert_eq!(person.get("/notices").await.items()[0]["type"], "performance_cancelled");
    })
    .await;
}

#[tokio::test]
async fn bad_input() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let path = format!("/performances/{}/cancellation", world.performance(json!({})).await);
        for reason in ["", "  ", "\u{7}", &"x".repeat(501)] {
            assert_eq!(complaint(organizer.post(&path, json!({"reason": reason})).await), "reason");
        }
        assert_eq!(complaint(organizer.post(&path, json!({})).await), "reason");
        refuses_malformed_bodies(&organizer, "POST", &path, &json!({"reason": "Rain"})).await;
        for id in ODD_IDS {
            let path = format!("/performances/{id}/cancellation");
            organizer.post(&path, json!({"reason": "Rain"})).await.problem(404, "not_found");
        }
        organizer.post(&path, json!({"reason": "x".repeat(500)})).await.expect(202);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let path = format!("/performances/{}/cancellation", world.performance(json!({})).await);
        needs_organizer(world, "POST", &path, Some(r#"{"reason":"Rain"}"#)).await;
    })
    .await;
}
