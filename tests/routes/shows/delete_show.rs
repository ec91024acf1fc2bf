//! `DELETE /shows/{showId}`.

use crate::{
    harness::{World, book, hold, performance_details, show_details},
    routes::{ODD_IDS, needs_organizer},
};
use serde_json::{Value, json};

/// A show with performances one day apart: its path and theirs.
async fn show_with(world: &World, performances: i64) -> (String, Vec<String>) {
    let organizer = world.organizer().await;
    let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
    let mut paths = Vec::new();
    for day in 1..=performances {
        let starts_at = world.stack.clock().now().plus_seconds(day * 24 * 3600).to_string();
        let body = performance_details(world.app(), json!({"startsAt": starts_at, "waitingRoom": {"maxActive": 1}}));
        paths.push(organizer.post(&format!("{show}/performances"), body).await.expect(201).header("location"));
    }
    (show, paths)
}

/// More performances than one transaction deletes.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let (show, performances) = show_with(world, 30).await;
        organizer.delete(&show).await.expect(204);
        for gone in performances.iter().chain([&show]) {
            world.anyone().get(gone).await.problem(404, "not_found");
        }
        for sort in ["recent", "title", "ending"] {
            assert_eq!(world.anyone().get(&format!("/shows?sort={sort}")).await.items(), Vec::<Value>::new());
        }
        organizer.delete(&show).await.problem(404, "not_found");
    })
    .await;
}

/// A show is moved and deleted as a whole, whatever its seating.
#[tokio::test]
async fn general_admission_shows_move_and_are_deleted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let areas = json!([{"grade": "Floor", "price": 10_000, "capacity": 1_200}]);
        let body = performance_details(world.app(), json!({"seating": {"type": "general", "areas": areas}}));
        let performance = organizer.post(&format!("{show}/performances"), body).await.expect(201).header("location");
        let mut elsewhere = show_details();
        elsewhere["venue"] = json!("Blue Hall");
        organizer.put(&show, elsewhere).await.expect(200);
        organizer.delete(&show).await.expect(204);
        world.anyone().get(&performance).await.problem(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let (show, _) = show_with(world, 0).await;
        needs_organizer(world, "DELETE", &show, None).await;
        for odd in ODD_IDS {
            world.organizer().await.delete(&format!("/shows/{odd}")).await.problem(404, "not_found");
        }
        // Organizers may edit each other's shows.
        world.organizer().await.delete(&show).await.expect(204);
    })
    .await;
}

/// C7: one ticket for one performance keeps the whole show unchanged.
#[tokio::test]
async fn a_show_with_a_reservation_stays() {
    World::run(async |world| {
        let (show, performances) = show_with(world, 0).await;
        assert!(performances.is_empty());
        let organizer = world.organizer().await;
        let body = performance_details(world.app(), json!({}));
        let sold = organizer.post(&format!("{show}/performances"), body).await.expect(201).text("performanceId");
        let at = world.stack.clock().now().plus_seconds(3 * 24 * 3600).to_string();
        let body = performance_details(world.app(), json!({"startsAt": at}));
        let unsold = organizer.post(&format!("{show}/performances"), body).await.expect(201).text("performanceId");
        let person = world.member(100_000).await;
        let reservation = book(&person, &sold, &["A-1-1"]).await.text("reservationId");
        organizer.delete(&show).await.problem(409, "has_reservations");
        assert_eq!(world.anyone().get(&format!("{show}/performances")).await.items().len(), 2);
        hold(&world.member(0).await, &unsold, &["A-1-1"]).await.expect(201);
        person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        organizer.delete(&show).await.problem(409, "has_reservations");
        // The hold expires without any process running.
        world.advance_seconds(300);
        organizer.delete(&show).await.expect(204);
        let kept = person.get(&format!("/reservations/{reservation}")).await.expect(200);
        assert_eq!(kept.text("status"), "cancelled", "buyers still see what it was");
    })
    .await;
}
