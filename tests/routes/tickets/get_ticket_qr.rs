//! `GET /tickets/{ticketId}/qr.png`.

use crate::{
    harness::{World, book, read_qr},
    routes::needs_login,
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let reservation = book(&person, &performance, &["A-1-1", "A-1-2"]).await.text("reservationId");
        let path = format!("/reservations/{reservation}");
        let tickets = person.get(&path).await.json["tickets"].clone();
        let mut codes = Vec::new();
        for ticket in tickets.as_array().unwrap() {
            let ticket = ticket["ticketId"].as_str().unwrap();
            let png = person.get(&format!("/tickets/{ticket}/qr.png")).await.expect(200);
            assert_eq!(
                (png.header("content-type"), png.header("cache-control")),
                ("image/png".into(), "no-store".into())
            );
            let code = read_qr(&png.bytes);
            let claim = world.app().codes.open_ticket(&code).expect("a valid code");
            assert_eq!(claim.ticket_id.to_string(), ticket);
            codes.push(code);
        }
        assert_ne!(codes[0], codes[1]);
        let first = format!("/tickets/{}/qr.png", tickets[0]["ticketId"].as_str().unwrap());
        world.member(0).await.get(&first).await.problem(404, "not_found");
        let beyond = first.replace(".0/", ".2/");
        person.get(&beyond).await.problem(404, "not_found");
        person.delete(&path).await.expect(200);
        person.get(&first).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "GET", "/tickets/t-0193f1b07c8a7d3fae52c1d1a5b0c006.demo.0/qr.png", None).await;
    })
    .await;
}
