//! `GET /performances/{performanceId}`.

use crate::{
    harness::{World, book, hold, hold_of_grade, performance_details, show_details},
    routes::{ODD_IDS, needs_no_login},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.text("showId");
        let body = performance_details(world.app(), json!({}));
        let made = organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201);
        let found = world.anyone().get(&made.header("location")).await.expect(200);
        assert_eq!(found.json, made.json);
        assert_eq!(found.header("cache-control"), "public, max-age=1");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        needs_no_login(world, "GET", &format!("/performances/{performance}"), None, 200).await;
    })
    .await;
}

/// C6: the free seats of each grade fall and rise with holds, sales, releases, cancellations and expiries.
#[tokio::test]
async fn grades_count_available_seats() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let left = async || {
            let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
            let grades = found.json["grades"].as_array().unwrap().clone();
            assert_eq!((&grades[0]["total"], &grades[1]["total"]), (&json!(20), &json!(30)));
            (grades[0]["available"].as_i64().unwrap(), grades[1]["available"].as_i64().unwrap())
        };
        assert_eq!(left().await, (20, 30));
        let (ann, bob) = (world.member(1_000_000).await, world.member(1_000_000).await);
        let held = hold(&ann, &performance, &["A-1-1", "B-1-1", "B-1-2"]).await.expect(201);
        assert_eq!(left().await, (19, 28));
        let paid = book(&bob, &performance, &["A-2-10", "B-3-10"]).await;
        assert_eq!(left().await, (18, 27));
        ann.delete(&held.header("location")).await.expect(204);
        assert_eq!(left().await, (19, 29));
        bob.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        assert_eq!(left().await, (20, 30));
        hold(&ann, &performance, &["A-1-1"]).await.expect(201);
        assert_eq!(left().await, (19, 30));
        world.advance_seconds(300);
        assert_eq!(left().await, (20, 30), "a lapsed hold's seats are free, and nothing had to sweep");
    })
    .await;
}

#[tokio::test]
async fn a_changed_policy_is_shown() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        let policy = json!({"maxActive": 7, "admitPerMinute": 60, "admissionSeconds": 90, "paused": true});
        let path = format!("/performances/{performance}");
        world.organizer().await.put(&format!("{path}/waiting-room"), policy.clone()).await.expect(200);
        world.advance_seconds(2);
        assert_eq!(world.anyone().get(&path).await.expect(200).json["waitingRoom"], policy);
    })
    .await;
}

/// C4: an unknown performance is 404.
#[tokio::test]
async fn an_unknown_performance_is_not_found() {
    World::run(async |world| {
        for odd in ODD_IDS {
            world.anyone().get(&format!("/performances/{odd}")).await.problem(404, "not_found");
            world.anyone().get(&format!("/performances/{odd}/seats")).await.problem(404, "not_found");
        }
    })
    .await;
}

/// A caller with current counts gets a 304, until one of them changes.
#[tokio::test]
async fn unchanged_counts_return_304() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}");
        let tag = world.anyone().get(&path).await.expect(200).header("etag");
        let again = world.anyone().with("If-None-Match", &tag);
        assert_eq!(again.get(&path).await.expect(304).header("cache-control"), "public, max-age=1");
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
        assert_ne!(again.get(&path).await.expect(200).header("etag"), tag);
        world.advance_seconds(300);
        again.get(&path).await.expect(304);
    })
    .await;
}

/// One response has everything a page needs to show a performance: title and venue, state of sales, and prices.
#[tokio::test]
async fn the_response_has_everything_a_page_needs() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let details = json!({"title": "Aida", "category": "musical", "venue": "Blue Hall", "timeZone": "Asia/Tokyo"});
        let show = organizer.post("/shows", details).await.expect(201).text("showId");
        let now = world.stack.clock().now();
        let body = performance_details(
            world.app(),
            json!({
                "salesOpenAt": now.plus_seconds(100).to_string(),
                "salesCloseAt": now.plus_seconds(1_000).to_string(),
                "seating": {"type": "general", "areas": [{"grade": "Standing", "price": 1_000, "capacity": 2}]},
            }),
        );
        let path = organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201).header("location");
        let found = async || world.anyone().get(&path).await.expect(200);
        let state = async || found().await.text("salesState");
        let first = found().await;
        assert_eq!(
            ["showTitle", "venue", "timeZone", "currency"].map(|field| first.text(field)),
            ["Aida", "Blue Hall", "Asia/Tokyo", "KRW"]
        );
        assert_eq!(state().await, "upcoming");
        world.advance_seconds(100);
        assert_eq!(state().await, "open");
        let id = path.rsplit('/').next().unwrap();
        let person = world.member(10_000).await;
        let held = hold_of_grade(&person, id, "Standing", 2).await.expect(201).header("location");
        assert_eq!(state().await, "sold_out");
        person.delete(&held).await.expect(204);
        assert_eq!(state().await, "open");
        world.advance_seconds(900);
        assert_eq!(state().await, "closed");

        let renamed = json!({"title": "Nora", "category": "play", "venue": "Blue Hall"});
        organizer.put(&format!("/shows/{show}"), renamed).await.expect(200);
        assert_eq!(found().await.text("showTitle"), "Nora");
    })
    .await;
}

/// Nothing of a cancelled performance is available.
#[tokio::test]
async fn a_cancelled_performance_has_nothing_available() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}");
        world.organizer().await.post(&format!("{path}/cancellation"), json!({"reason": "Snow."})).await.expect(202);
        world.advance_seconds(2);
        let found = world.anyone().get(&path).await.expect(200);
        assert_eq!((found.text("salesState"), found.text("currency")), ("cancelled".into(), "KRW".into()));
        for grades in [found.json, world.anyone().get(&format!("{path}/seats")).await.expect(200).json] {
            assert!(grades["grades"].as_array().unwrap().iter().all(|grade| grade["available"] == 0), "{grades}");
        }
    })
    .await;
}
