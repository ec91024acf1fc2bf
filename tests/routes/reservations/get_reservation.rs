//! `GET /reservations/{reservationId}`.

use crate::{
    harness::{World, book},
    routes::needs_login,
};
use frontrow_domain::ids::ReservationId;
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        let paid = book(&person, &performance, &["A-1-1", "B-1-2"]).await;
        let path = format!("/reservations/{}", paid.text("reservationId"));
        world.settle().await;
        let found = person.get(&path).await.expect(200);
        assert_eq!(found.header("cache-control"), "no-store");
        assert_eq!((found.text("status"), found.text("showTitle")), ("confirmed".into(), "Aida".into()));
        assert_eq!(found.text("timeZone"), "Asia/Seoul");
        assert_eq!(found.json["performanceId"], performance.as_str());
        assert_eq!(found.json["paymentId"], paid.json["paymentId"]);
        assert_eq!((found.number("quantity"), found.number("totalPrice")), (2, 80_000));
        assert_eq!(found.json["seatIds"], json!(["A-1-1", "B-1-2"]));
        let tickets = found.json["tickets"].as_array().unwrap();
        assert_eq!((&tickets[0]["grade"], &tickets[0]["price"]), (&json!("VIP"), &json!(50_000)));
        assert_eq!((&tickets[1]["seatId"], &tickets[1]["price"]), (&json!("B-1-2"), &json!(30_000)));
        assert_ne!(tickets[0]["ticketId"], tickets[1]["ticketId"]);
        let place = ["section", "row", "number", "generation", "checkedInAt", "currency"].map(|name| &tickets[1][name]);
        assert_eq!(place, [&json!("B"), &json!(1), &json!(2), &json!(0), &json!(null), &json!("KRW")]);
        let picture = format!("/tickets/{}/qr.png", tickets[1]["ticketId"].as_str().unwrap());
        let picture = person.get(&picture).await.expect(200);
        assert_eq!(tickets[1]["code"], crate::harness::read_qr(&picture.bytes), "the text of the picture");
        assert_eq!(found.text("currency"), "KRW");
        let reservation_id: ReservationId = found.text("reservationId").parse().unwrap();
        let reference = found.text("bookingReference");
        assert_eq!(reference, reservation_id.booking_reference().to_string());
        let mails = world.mails_to(person.identity.email.as_str()).await;
        assert!(mails[0]["text"].as_str().unwrap().contains(&reference), "the mail says it, too");
        assert_eq!(found.json["ticketMail"], json!({"status": "sent"}));
        assert!(found.json["cancelReason"].is_null() && found.json["cancelledAt"].is_null());
        world.member(0).await.get(&path).await.problem(404, "not_found");
        let cancelled = person.delete(&path).await.expect(200);
        assert_eq!(cancelled.json["bookingReference"], reference);
        assert!(cancelled.json["tickets"][0]["code"].is_null(), "it is no longer valid");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "GET", "/reservations/r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", None).await;
    })
    .await;
}
