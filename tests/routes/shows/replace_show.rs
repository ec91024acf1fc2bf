//! `PUT /shows/{showId}`.

use crate::{
    harness::{Person, World, book, performance_details},
    routes::{ODD_IDS, complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::{Value, json};

fn valid() -> Value {
    json!({"title": "Aida", "category": "musical", "venue": "Hall"})
}

async fn new_show(organizer: &Person, body: Value) -> String {
    organizer.post("/shows", body).await.expect(201).header("location")
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let made = organizer.post("/shows", valid()).await.expect(201);
        let show = made.header("location");
        let body = json!({
            "title": " Zaide ", "category": "concert", "venue": " Blue Hall ", "timeZone": "Europe/Paris",
            "runningMinutes": 90, "posterUrl": "https://example.com/z.png", "description": "New",
        });
        let changed = organizer.put(&show, body).await.expect(200);
        assert_eq!((changed.text("title"), changed.text("venue")), ("Zaide".into(), "Blue Hall".into()));
        assert_eq!((changed.text("category"), changed.text("timeZone")), ("concert".into(), "Europe/Paris".into()));
        assert_eq!(
            (&changed.json["showId"], &changed.json["createdAt"]),
            (&made.json["showId"], &made.json["createdAt"])
        );
        assert_eq!(world.anyone().get(&show).await.expect(200).json, changed.json);
        for sort in ["recent", "title"] {
            let listed = world.anyone().get(&format!("/shows?sort={sort}")).await.items();
            assert_eq!(listed, std::slice::from_ref(&changed.json), "{sort}");
        }
        // It is a replacement: absent fields are removed.
        let plain = organizer.put(&show, valid()).await.expect(200);
        assert_eq!(plain.json, made.json);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer, valid()).await;
        needs_organizer(world, "PUT", &show, Some(&valid().to_string())).await;
        for odd in ODD_IDS {
            organizer.put(&format!("/shows/{odd}"), valid()).await.problem(404, "not_found");
        }
        world.organizer().await.put(&show, valid()).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn bad_input_changes_nothing() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let made = organizer.post("/shows", valid()).await.expect(201);
        let show = made.header("location");
        refuses_malformed_bodies(&organizer, "PUT", &show, &valid()).await;
        for field in ["title", "category", "venue"] {
            let mut body = valid();
            body.as_object_mut().unwrap().remove(field);
            assert_eq!(complaint(organizer.put(&show, body).await), field);
        }
        assert_eq!(organizer.get(&show).await.json, made.json);
    })
    .await;
}

/// C3: the slots move with the show, all or none.
#[tokio::test]
async fn a_new_venue_moves_all_performances() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let at =
            |day: u32| performance_details(world.app(), json!({"startsAt": format!("2099-12-{day:02}T10:00:00Z")}));
        let show = new_show(&organizer, valid()).await;
        for day in 1..=3 {
            organizer.post(&format!("{show}/performances"), at(day)).await.expect(201);
        }
        let mut elsewhere = valid();
        elsewhere["venue"] = json!("Blue Hall");
        let other = new_show(&organizer, elsewhere.clone()).await;
        organizer.post(&format!("{other}/performances"), at(2)).await.expect(201);
        organizer.put(&show, elsewhere.clone()).await.problem(409, "slot_taken");
        assert_eq!(organizer.get(&show).await.text("venue"), "Hall");
        // It took no slots there and lost none here.
        let third = new_show(&organizer, elsewhere.clone()).await;
        organizer.post(&format!("{third}/performances"), at(1)).await.expect(201);
        let here = new_show(&organizer, valid()).await;
        organizer.post(&format!("{here}/performances"), at(3)).await.problem(409, "slot_taken");

        let mut free = valid();
        free["venue"] = json!("Red Hall");
        assert_eq!(organizer.put(&show, free.clone()).await.expect(200).text("venue"), "Red Hall");
        for day in 1..=3 {
            organizer.post(&format!("{here}/performances"), at(day)).await.expect(201);
        }
        let there = new_show(&organizer, free).await;
        for day in 1..=3 {
            organizer.post(&format!("{there}/performances"), at(day)).await.problem(409, "slot_taken");
        }
        assert_eq!(world.anyone().get(&format!("{show}/performances")).await.items().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn only_the_venue_is_fixed_by_a_reservation() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer, valid()).await;
        let body = performance_details(world.app(), json!({}));
        let performance = organizer.post(&format!("{show}/performances"), body).await.expect(201).text("performanceId");
        let person = world.member(100_000).await;
        book(&person, &performance, &["A-1-1"]).await;
        let mut moved = valid();
        moved["venue"] = json!("Blue Hall");
        organizer.put(&show, moved).await.problem(409, "has_reservations");
        let mut renamed = valid();
        renamed["title"] = json!("Aida, at last");
        organizer.put(&show, renamed.clone()).await.expect(200);
        assert_eq!(organizer.get(&show).await.text("title"), "Aida, at last");
        // Still on sale.
        world.advance_seconds(2);
        book(&world.member(100_000).await, &performance, &["A-1-2"]).await;
    })
    .await;
}
