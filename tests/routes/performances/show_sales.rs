//! `GET /performances/{performanceId}/sales`.

use super::listed_in;
use crate::{
    harness::{World, book},
    routes::{ODD_IDS, needs_organizer, refuses_bad_pages},
};
use frontrow_domain::{Timestamp, show::TimeZone};
use serde_json::{Value, json};

/// Sums by grade, and by grade and day; a cancelled reservation is subtracted from the day on which it was paid.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}/sales");
        let nothing = organizer.get(&path).await.expect(200);
        let empty = json!({
            "performanceId": performance, "seats": 0, "amount": 0, "currency": "KRW", "grades": [], "items": [], "nextCursor": null,
        });
        assert_eq!(nothing.json, empty);

        let person = world.member(10_000_000).await;
        let today = day_at(world.stack.clock().now());
        let first = book(&person, &performance, &["A-1-1", "A-1-2", "B-1-1"]).await.text("reservationId");
        world.advance_seconds(24 * 3600);
        let person = world.log_in_again(&person);
        let organizer = world.log_in_again(&organizer);
        let tomorrow = day_at(world.stack.clock().now());
        book(&person, &performance, &["B-1-2"]).await;
        world.settle().await;
        let sold = organizer.get(&path).await.expect(200);
        assert_eq!((sold.number("seats"), sold.number("amount")), (4, 160_000));
        assert_eq!(sold.json["grades"], json!([sums("R", 2, 60_000), sums("VIP", 2, 100_000)]));
        let of_day = |day: &str, mut sums: Value| {
            sums["day"] = json!(day);
            sums
        };
        let days = [
            of_day(&tomorrow, sums("R", 1, 30_000)),
            of_day(&today, sums("VIP", 2, 100_000)),
            of_day(&today, sums("R", 1, 30_000)),
        ];
        assert_eq!(sold.json["items"], json!(days));
        assert_eq!(sold.header("cache-control"), "no-store");
        let page = organizer.get(&format!("{path}?limit=1")).await.expect(200);
        let rest = organizer.get(&format!("{path}?cursor={}", page.text("nextCursor"))).await.expect(200);
        assert_eq!([page.items(), rest.items()].concat(), days);
        assert_eq!(rest.json["grades"], sold.json["grades"], "totals are whole on every page");

        person.delete(&format!("/reservations/{first}")).await.expect(200);
        world.settle().await;
        let left = organizer.get(&path).await.expect(200);
        assert_eq!((left.number("seats"), left.number("amount")), (1, 30_000));
        assert_eq!(left.json["items"], json!([of_day(&tomorrow, sums("R", 1, 30_000))]));
    })
    .await;
}

/// In Seoul, the default time zone of shows.
fn day_at(moment: Timestamp) -> String {
    TimeZone::default().local(moment).date().to_string()
}

fn sums(grade: &str, seats: i64, amount: i64) -> Value {
    json!({"grade": grade, "seats": seats, "amount": amount})
}

/// At the same moment, it can be another day elsewhere: the show's time zone counts.
#[tokio::test]
async fn days_are_in_the_shows_time_zone() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut days = Vec::new();
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let show = json!({"title": "Aida", "category": "musical", "venue": zone, "timeZone": zone});
            let show = organizer.post("/shows", show).await.expect(201).text("showId");
            let performance = listed_in(world, &organizer, &show, 86_400, json!({})).await;
            let performance = performance["performanceId"].as_str().unwrap().to_owned();
            book(&world.member(50_000).await, &performance, &["A-1-1"]).await;
            world.settle().await;
            let sold = organizer.get(&format!("/performances/{performance}/sales")).await.expect(200);
            days.push(sold.items()[0]["day"].clone());
        }
        assert_ne!(days[0], days[1], "25 hours apart, it is never the same day");
    })
    .await;
}

#[tokio::test]
async fn unknown_performances_and_bad_pages_are_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for id in ODD_IDS {
            organizer.get(&format!("/performances/{id}/sales")).await.problem(404, "not_found");
        }
        let performance = world.performance(json!({})).await;
        refuses_bad_pages(&organizer, &format!("/performances/{performance}/sales")).await;
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        needs_organizer(world, "GET", &format!("/performances/{performance}/sales"), None).await;
    })
    .await;
}
