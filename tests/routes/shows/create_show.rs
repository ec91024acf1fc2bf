//! `POST /shows`.

use crate::{
    harness::World,
    routes::{complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::{Value, json};

const PATH: &str = "/shows";

fn valid() -> Value {
    json!({"title": "Aida", "category": "musical", "venue": "Hall"})
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let body = json!({
            "title": "  애니 OST <콘서트> ", "category": "concert", "venue": " Olympic Hall ", "timeZone": "Europe/Paris",
            "runningMinutes": 150, "posterUrl": "https://example.com/p.png?a=1", "description": "Two\nlines",
        });
        let show = organizer.post(PATH, body).await.expect(201);
        let id = show.text("showId");
        assert_eq!(show.header("location"), format!("/shows/{id}"));
        assert_eq!(show.text("title"), "애니 OST <콘서트>");
        assert_eq!(show.text("venue"), "Olympic Hall");
        assert_eq!((show.text("category"), show.text("timeZone")), ("concert".into(), "Europe/Paris".into()));
        assert_eq!((show.number("runningMinutes"), show.text("description")), (150, "Two\nlines".into()));
        assert_eq!(show.text("posterUrl"), "https://example.com/p.png?a=1");
        assert!(show.text("createdAt").ends_with('Z'));
        assert_eq!(world.anyone().get(&format!("/shows/{id}")).await.expect(200).json, show.json);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_organizer(world, "POST", PATH, Some(&valid().to_string())).await;
        // The request is validated before the login.
        world.anyone().post(PATH, json!({})).await.problem(400, "invalid_request");
        assert!(world.anyone().get(PATH).await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn absent_and_null_fields_get_defaults() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut nulls = valid();
        for field in ["timeZone", "runningMinutes", "posterUrl", "description"] {
            nulls[field] = Value::Null;
        }
        for body in [valid(), nulls] {
            let show = organizer.post(PATH, body).await.expect(201);
            assert_eq!(show.text("timeZone"), "Asia/Seoul");
            for field in ["runningMinutes", "posterUrl", "description"] {
                assert!(show.json[field].is_null());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_lists_nothing() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut full = valid();
        full["timeZone"] = json!("Asia/Seoul");
        full["runningMinutes"] = json!(90);
        full["posterUrl"] = json!("https://example.com/");
        full["description"] = json!("d");
        refuses_malformed_bodies(&organizer, "POST", PATH, &full).await;
        for field in ["title", "category", "venue"] {
            let mut body = valid();
            body.as_object_mut().unwrap().remove(field);
            assert_eq!(complaint(organizer.post(PATH, body).await), field);
        }
        let long_url = format!("https://{}", "a".repeat(1_993));
        let wrong: [(&str, Value); 22] = [
            ("title", json!("  ")),
            ("title", json!("t".repeat(201))),
            ("title", json!("a\u{7}b")),
            ("title", json!(null)),
            ("category", json!("opera")),
            ("category", json!("Musical")),
            ("category", json!(null)),
            ("venue", json!("")),
            ("venue", json!("v".repeat(201))),
            ("timeZone", json!("Mars/Olympus")),
            ("timeZone", json!("")),
            ("timeZone", json!("../../etc/passwd")),
            ("runningMinutes", json!(0)),
            ("runningMinutes", json!(1_441)),
            ("runningMinutes", json!(-1)),
            ("runningMinutes", json!(1.5)),
            ("runningMinutes", json!("90")),
            ("posterUrl", json!("javascript:alert(1)")),
            ("posterUrl", json!("https://example.com/\"onload=\"x")),
            ("posterUrl", json!("https://")),
            ("posterUrl", json!(long_url)),
            ("description", json!("d".repeat(10_001))),
        ];
        for (field, value) in wrong {
            let mut body = valid();
            body[field] = value.clone();
            assert_eq!(complaint(organizer.post(PATH, body).await), field, "{value}");
        }
        assert!(organizer.get(PATH).await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_longest_values_are_accepted() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let body = json!({
            "title": "가".repeat(200), "category": "play", "venue": "나".repeat(200), "runningMinutes": 1_440,
            "posterUrl": format!("https://{}", "a".repeat(1_992)), "description": "다".repeat(10_000),
        });
        let show = organizer.post(PATH, body.clone()).await.expect(201);
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&show.json[field], value);
        }
        for category in ["concert", "musical", "movie", "play"] {
            let body = json!({"title": "t", "category": category, "venue": "v", "runningMinutes": 1});
            assert_eq!(organizer.post(PATH, body).await.expect(201).text("category"), category);
        }
    })
    .await;
}
