//! `PUT /members/me`.

use super::{log_in, sign_up};
use crate::{
    harness::{World, book, settled_door_list},
    routes::{complaint, needs_login, refuses_malformed_bodies},
};
use serde_json::json;

const PATH: &str = "/members/me";

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        sign_up(world, "dana@example.com").await;
        let session = log_in(world, "dana@example.com", "correct horse").await.expect(200);
        let dana = world.anyone().with_login(&session.text("accessToken"));
        let renamed = dana.put(PATH, json!({"name": "Dana Kim"})).await.expect(200);
        assert_eq!(renamed.text("name"), "Dana Kim");
        assert_eq!(dana.get(PATH).await.expect(200).json, renamed.json);
        let refreshed = json!({"refreshToken": session.text("refreshToken")});
        let refreshed = world.anyone().post("/sessions/refresh", refreshed).await.expect(200);
        assert_eq!(refreshed.json["member"], renamed.json);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "PUT", PATH, Some(r#"{"name":"Dana"}"#)).await).await;
}

#[tokio::test]
async fn bad_input_changes_nothing() {
    World::run(async |world| {
        let person = world.member(0).await;
        let before = person.get(PATH).await.expect(200).json;
        refuses_malformed_bodies(&person, "PUT", PATH, &json!({"name": "Dana"})).await;
        for name in [json!(""), json!("n".repeat(101)), json!(null)] {
            assert_eq!(complaint(person.put(PATH, json!({"name": name})).await), "name");
        }
        assert_eq!(person.get(PATH).await.expect(200).json, before);
    })
    .await;
}

#[tokio::test]
async fn ten_renames_a_day_are_allowed() {
    World::run(async |world| {
        super::begin_window(world, 24 * 3600);
        let person = world.member(0).await;
        for number in 0..10 {
            person.put(PATH, json!({"name": format!("Name {number}")})).await.expect(200);
        }
        person.put(PATH, json!({"name": "Another"})).await.problem(429, "too_many_requests");
        assert_eq!(person.get(PATH).await.expect(200).text("name"), "Name 9");
    })
    .await;
}

/// The door list is ordered and searched by the new name, tickets use it, and nothing is counted twice.
#[tokio::test]
async fn the_door_list_and_mails_use_the_new_name() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.person("zoe@example.com", "Zoe", frontrow_domain::member::Role::Member).await;
        person.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
        let paid = book(&person, &performance, &["A-1-1"]).await;
        world.settle().await;
        for name in ["Yuna", "ADAM", "Adam"] {
            person.put(PATH, json!({"name": name})).await.expect(200);
            world.settle().await;
            assert_eq!(settled_door_list(world, &performance, "").await, [name]);
        }
        assert_eq!(settled_door_list(world, &performance, "zo").await, Vec::<String>::new());
        assert_eq!(settled_door_list(world, &performance, "ad").await, ["Adam"]);
        // An earlier login books under the old name, which the next pass changes: 15 minutes later in production, at
        // once here.
        let path = format!("/reservations/{}/ticket-mail", paid.text("reservationId"));
        person.post(&path, json!(null)).await.expect(202);
        let mails = world.mails_to("zoe@example.com").await;
        assert!(mails.last().unwrap()["text"].as_str().unwrap().contains("Adam"), "{mails:?}");
        // The audit of every test checks the door list and the sums against the reservations.
    })
    .await;
}
