//! `POST /check-ins`.

use crate::{
    harness::{World, door::Tickets},
    routes::{needs_organizer, refuses_malformed_bodies},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "B-2-3"]).await;
        let door = tickets.scan(&tickets.codes[1]).await.expect(201);
        let reservation = tickets.owner.get(&tickets.reservation).await;
        assert_eq!(
            door.json,
            json!({
                "ticketId": tickets.ids[1], "seatId": "B-2-3", "grade": "R",
                "reservationId": reservation.text("reservationId"), "performanceId": tickets.performance,
                "showTitle": "Aida", "startsAt": reservation.text("startsAt"), "checkedInAt": door.text("checkedInAt"),
            })
        );
        world.advance_seconds(90);
        let again = tickets.scan(&tickets.codes[1]).await.problem(409, "already_checked_in");
        assert_eq!(again.json["checkedInAt"], door.json["checkedInAt"], "when it was used first");
        tickets.scan(&format!(" {}\r\n", tickets.codes[0])).await.expect(201);
    })
    .await;
}

/// Each fault of a ticket has its own code, and the latest fact decides.
#[tokio::test]
async fn each_refusal_has_its_code() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        let elsewhere = world.performance(json!({})).await;
        let other_door = json!({"performanceId": elsewhere, "code": tickets.codes[0]});
        tickets.organizer.post("/check-ins", other_door).await.problem(409, "wrong_performance");
        let nowhere = json!({"performanceId": "nowhere", "code": tickets.codes[0]});
        tickets.organizer.post("/check-ins", nowhere).await.problem(409, "wrong_performance");

        tickets.reissue(0).await.expect(200);
        tickets.scan(&tickets.codes[0]).await.problem(409, "ticket_reissued");
        let new = tickets.shown(0).await;
        tickets.scan(&new).await.expect(201);
        tickets.scan(&tickets.codes[0]).await.problem(409, "ticket_reissued");
        tickets.scan(&new).await.problem(409, "already_checked_in");

        let cancelled = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        cancelled.reissue(0).await.expect(200);
        let new = cancelled.shown(0).await;
        cancelled.owner.delete(&cancelled.reservation).await.expect(200);
        for code in [&cancelled.codes[0], &new, &cancelled.codes[1]] {
            cancelled.scan(code).await.problem(409, "reservation_cancelled");
        }
    })
    .await;
}

#[tokio::test]
async fn forged_codes_are_refused_without_a_read() {
    World::run(async |world| {
        let tickets = Tickets::buy(world, &["A-1-1", "A-1-2"]).await;
        let code = &tickets.codes[0];
        let (claim, signature) = code.rsplit_once(':').unwrap();
        let (_, others) = tickets.codes[1].rsplit_once(':').unwrap();
        let altered = |at: usize| {
            let other = if code[at..].starts_with('A') { 'B' } else { 'A' };
            format!("{}{other}{}", &code[..at], &code[at + 1..])
        };
        let mut wrong = vec![
            String::new(),
            "FR1".to_owned(),
            "FR1::".to_owned(),
            "https://example.com/".to_owned(),
            code.replace(':', ";"),
            format!("{code} ."),
            format!("{code}{code}"),
            claim.to_owned(),
            format!("{claim}:{others}"),
            format!("{claim}:{signature}:{signature}"),
            code.replacen("FR1", "FR2", 1),
            tickets.ids[0].clone(),
            "표\u{0}\n\u{1F3AB}".to_owned(),
            "A".repeat(60_000),
        ];
        wrong.extend((0..code.len()).step_by(7).map(altered));
        let (_, cost) = world
            .wire
            .meter(async {
                for text in &wrong {
                    tickets.scan(text).await.problem(400, "invalid_ticket");
                }
            })
            .await;
        assert!(cost.is_empty(), "{cost:?}");
        tickets.scan(code).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn bad_input() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let valid = json!({"performanceId": "demo", "code": "FR1:A:A"});
        refuses_malformed_bodies(&organizer, "POST", "/check-ins", &valid).await;
        for body in [
            json!({"performanceId": "demo"}),
            json!({"code": "x"}),
            json!({"performanceId": "a/b", "code": "x"}),
            json!({"performanceId": "", "code": "x"}),
            json!({"performanceId": null, "code": null}),
        ] {
            organizer.post("/check-ins", body).await.problem(400, "invalid_request");
        }
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let body = r#"{"performanceId":"demo","code":"x"}"#;
        needs_organizer(world, "POST", "/check-ins", Some(body)).await;
    })
    .await;
}
