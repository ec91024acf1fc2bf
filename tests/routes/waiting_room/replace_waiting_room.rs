//! `PUT /performances/{performanceId}/waiting-room`.

use super::room;
use crate::{
    harness::{
        Person, World,
        client::Reply,
        hold,
        line::{admit, join, poll},
    },
    routes::{ODD_IDS, complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::{Value, json};

fn path(performance: &str) -> String {
    format!("/performances/{performance}/waiting-room")
}

/// Members in line, each with their last place.
struct Crowd(Vec<(Person, Reply)>);

impl Crowd {
    async fn join(world: &World, performance: &str, count: usize) -> Self {
        let mut people = Vec::new();
        for _ in 0..count {
            let person = world.member(0).await;
            let place = join(&person, performance).await.expect(201);
            people.push((person, place));
        }
        Self(people)
    }

    /// All poll after `seconds`. Returns how many are inside.
    async fn poll_after(&mut self, world: &World, performance: &str, seconds: u32) -> usize {
        world.advance_seconds(seconds);
        for (person, place) in &mut self.0 {
            *place = poll(person, performance, place).await.expect(200);
        }
        self.0.iter().filter(|(_, place)| place.text("status") == "admitted").count()
    }
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        let organizer = world.organizer().await;
        let mut crowd = Crowd::join(world, &performance, 6).await;
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 1);
        let policy = json!({"maxActive": 4, "admitPerMinute": 100, "admissionSeconds": 90, "paused": false});
        let reply = organizer.put(&path(&performance), policy.clone()).await.expect(200);
        assert_eq!(reply.json, policy);
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 4, "effective within two seconds");
        // The policy is replaced, not merged: absent fields get their defaults.
        let reply = organizer.put(&path(&performance), json!({"maxActive": 5})).await.expect(200);
        let defaults = json!({"maxActive": 5, "admitPerMinute": null, "admissionSeconds": 600, "paused": false});
        assert_eq!(reply.json, defaults);
        assert_eq!(organizer.get(&path(&performance)).await.expect(200).json["policy"], defaults);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 1})).await;
        needs_organizer(world, "PUT", &path(&performance), Some(r#"{"maxActive":9}"#)).await;
        let view = world.organizer().await.get(&path(&performance)).await.expect(200);
        assert_eq!(view.json["policy"]["maxActive"], 1);
    })
    .await;
}

#[tokio::test]
async fn bad_input_changes_nothing() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 3})).await;
        let organizer = world.organizer().await;
        let path = path(&performance);
        let valid = json!({"maxActive": 1, "admitPerMinute": 1, "admissionSeconds": 1, "paused": true});
        refuses_malformed_bodies(&organizer, "PUT", &path, &valid).await;
        let wrong: [(Value, &str); 12] = [
            (json!({}), "maxActive"),
            (json!({"maxActive": null, "admitPerMinute": null}), "maxActive"),
            (json!({"maxActive": 0}), "maxActive"),
            (json!({"maxActive": -1}), "maxActive"),
            (json!({"maxActive": 100_001}), "maxActive"),
            (json!({"maxActive": "5"}), "maxActive"),
            (json!({"admitPerMinute": 0}), "admitPerMinute"),
            (json!({"admitPerMinute": 100_001}), "admitPerMinute"),
            (json!({"maxActive": 1, "admissionSeconds": 0}), "admissionSeconds"),
            (json!({"maxActive": 1, "admissionSeconds": 3_601}), "admissionSeconds"),
            (json!({"maxActive": 1, "paused": 1}), "paused"),
            (json!({"maxActive": 1, "surprise": 5}), "surprise"),
        ];
        for (body, field) in wrong {
            assert_eq!(complaint(organizer.put(&path, body.clone()).await), field, "{body}");
        }
        assert_eq!(organizer.get(&path).await.expect(200).json["policy"]["maxActive"], 3);
        for extreme in [valid, json!({"maxActive": 100_000, "admitPerMinute": 100_000, "admissionSeconds": 3_600})] {
            organizer.put(&path, extreme).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_performance_without_a_waiting_room_is_not_found() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let performance = world.performance(json!({})).await;
        organizer.put(&path(&performance), json!({"maxActive": 1})).await.problem(404, "no_waiting_room");
        for odd in ODD_IDS {
            organizer.put(&path(odd), json!({"maxActive": 1})).await.problem(404, "not_found");
        }
        let still = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
        assert!(still.json["waitingRoom"].is_null(), "nothing was created");
    })
    .await;
}

/// A pause stops the line, but neither those inside nor those called.
#[tokio::test]
async fn a_paused_room_admits_nobody() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 2})).await;
        let organizer = world.organizer().await;
        let called = world.member(0).await;
        let place = join(&called, &performance).await.expect(201);
        let (_, inside) = admit(world, &world.member(0).await, &performance).await;
        organizer.put(&path(&performance), json!({"maxActive": 50, "paused": true})).await.expect(200);
        let mut crowd = Crowd::join(world, &performance, 3).await;
        for _ in 0..3 {
            assert_eq!(crowd.poll_after(world, &performance, 2).await, 0);
        }
        assert!(crowd.0[0].1.json["estimatedWaitSeconds"].is_null(), "it cannot be predicted");
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        assert_eq!(poll(&called, &performance, &place).await.expect(200).text("status"), "admitted");
        organizer.put(&path(&performance), json!({"maxActive": 50, "paused": false})).await.expect(200);
        assert_eq!(crowd.poll_after(world, &performance, 3).await, 3);
    })
    .await;
}

/// Q4: N per minute.
#[tokio::test]
async fn admissions_per_minute_are_limited() {
    World::run(async |world| {
        let performance = room(world, json!({"admitPerMinute": 2})).await;
        let into_minute = world.stack.clock().now().millis().div_euclid(1000).rem_euclid(60);
        world.advance_seconds(u32::try_from(60 - into_minute).unwrap());
        let mut crowd = Crowd::join(world, &performance, 5).await;
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 2);
        assert_eq!(crowd.poll_after(world, &performance, 4).await, 2);
        assert_eq!(crowd.poll_after(world, &performance, 20).await, 2);
        assert_eq!(crowd.poll_after(world, &performance, 40).await, 4, "the next minute");
        assert_eq!(crowd.0[4].1.text("status"), "waiting", "in order");
    })
    .await;
}

/// Both limits together: the smaller one counts.
#[tokio::test]
async fn the_smaller_of_both_limits_applies() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 3, "admitPerMinute": 100})).await;
        let mut crowd = Crowd::join(world, &performance, 5).await;
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 3);
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 3);
    })
    .await;
}

/// A lowered limit removes nobody, and admits nobody until fewer are inside.
#[tokio::test]
async fn a_lowered_limit_removes_nobody() {
    World::run(async |world| {
        let performance = room(world, json!({"maxActive": 3, "admissionSeconds": 300})).await;
        let organizer = world.organizer().await;
        let mut crowd = Crowd::join(world, &performance, 4).await;
        assert_eq!(crowd.poll_after(world, &performance, 2).await, 3);
        organizer.put(&path(&performance), json!({"maxActive": 1, "admissionSeconds": 300})).await.expect(200);
        assert_eq!(crowd.poll_after(world, &performance, 3).await, 3);
        assert_eq!(organizer.get(&path(&performance)).await.expect(200).number("active"), 3);
        let mut last = crowd.0.pop().unwrap();
        for (person, place) in &crowd.0 {
            assert_eq!(last.1.text("status"), "waiting");
            let client = person.with_queue_token(&place.text("queueToken"));
            hold(&client, &performance, &[&format!("A-1-{}", place.number("position"))]).await.expect(201);
            crate::harness::line::leave(person, &performance).await.expect(204);
            world.advance_seconds(2);
            last.1 = poll(&last.0, &performance, &last.1).await.expect(200);
        }
        assert_eq!(last.1.text("status"), "admitted");
    })
    .await;
}
