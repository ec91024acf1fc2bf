//! `DELETE /performances/{performanceId}`.

use super::new_show;
use crate::{
    harness::{World, book, hold, performance_details},
    routes::{ODD_IDS, needs_organizer},
};
use serde_json::json;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let dates = format!("/shows/{}/performances", new_show(&organizer).await);
        let body = performance_details(world.app(), json!({"waitingRoom": {"maxActive": 1}}));
        let made = organizer.post(&dates, body.clone()).await.expect(201).header("location");
        organizer.delete(&made).await.expect(204);
        world.anyone().get(&made).await.problem(404, "not_found");
        world.member(0).await.post(&format!("{made}/queue"), json!(null)).await.problem(404, "not_found");
        assert!(world.anyone().get(&dates).await.items().is_empty());
        assert!(world.anyone().get("/shows?sort=ending").await.items().is_empty());
        organizer.delete(&made).await.problem(404, "not_found");
        // Its slot is free again.
        organizer.post(&dates, body).await.expect(201);
        assert_eq!(world.anyone().get("/shows?sort=ending").await.items().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        needs_organizer(world, "DELETE", &format!("/performances/{performance}"), None).await;
        for odd in ODD_IDS {
            world.organizer().await.delete(&format!("/performances/{odd}")).await.problem(404, "not_found");
        }
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}

/// C7: live holds and reservations count; expired, released and cancelled ones do not.
#[tokio::test]
async fn a_performance_with_holds_or_reservations_stays() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (organizer, path) = (world.organizer().await, format!("/performances/{performance}"));
        let person = world.member(100_000).await;
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201);
        organizer.delete(&path).await.problem(409, "has_reservations");
        person.delete(&held.header("location")).await.expect(204);
        let reservation = book(&person, &performance, &["B-3-10"]).await.text("reservationId");
        organizer.delete(&path).await.problem(409, "has_reservations");
        world.anyone().get(&path).await.expect(200);
        person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        hold(&person, &performance, &["A-1-2"]).await.expect(201);
        world.advance_seconds(300);
        organizer.delete(&path).await.expect(204);
        hold(&person, &performance, &["A-1-3"]).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn general_admission_reservations_prevent_deletion() {
    World::run(async |world| {
        let areas = json!([{"grade": "Floor", "price": 10_000, "capacity": 1_200}]);
        let performance = world.performance(json!({"seating": {"type": "general", "areas": areas}})).await;
        let (organizer, path) = (world.organizer().await, format!("/performances/{performance}"));
        let person = world.member(100_000).await;
        let holds = format!("{path}/holds");
        let take = || person.post(&holds, json!({"grade": "Floor", "quantity": 2}));
        let held = take().await.expect(201);
        organizer.delete(&path).await.problem(409, "has_reservations");
        person.delete(&held.header("location")).await.expect(204);
        let held = take().await.expect(201).text("holdId");
        let paid = crate::harness::pay(&person, &held).await.expect(201).text("reservationId");
        organizer.delete(&path).await.problem(409, "has_reservations");
        person.delete(&format!("/reservations/{paid}")).await.expect(200);
        take().await.expect(201);
        // Held places expire with their bucket, at most a tenth of the hold's duration late.
        world.advance_seconds(330);
        organizer.delete(&path).await.expect(204);
        take().await.problem(404, "not_found");
    })
    .await;
}
