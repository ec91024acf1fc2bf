//! `PUT /members/me/alerts`.

use crate::{
    harness::{World, client::Client, show_details},
    routes::{complaint, needs_login, refuses_malformed_bodies},
};
use frontrow_domain::member::Role;
use serde_json::{Value, json};

const PATH: &str = "/members/me/alerts";

async fn list(organizer: &Client, category: &str, title: &str) {
    let mut show = show_details();
    (show["category"], show["title"]) = (json!(category), json!(title));
    organizer.post("/shows", show).await.expect(201);
}

/// C2.
#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let name = "<b>김\r\nBcc: x</b> & Co";
        let person = world.person("dana@example.com", name, Role::Member).await;
        let other = world.member(0).await;
        list(&organizer, "musical", "Too early").await;
        world.settle().await;
        let chosen = person.put(PATH, json!({"categories": ["musical", "play", "musical"]})).await.expect(200);
        assert_eq!(chosen.json["alerts"], json!(["musical", "play"]));
        assert_eq!(person.get("/members/me").await.json, chosen.json);
        list(&organizer, "musical", "Aida <2>").await;
        list(&organizer, "concert", "Not asked for").await;
        list(&organizer, "play", "Nora").await;

        let mails = world.mails_to("dana@example.com").await;
        let mut subjects: Vec<_> = mails.iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        assert_eq!(subjects, ["(광고) [frontrow] 새 뮤지컬: Aida <2>", "(광고) [frontrow] 새 연극: Nora"]);
        assert!(world.mails_to(other.identity.email.as_str()).await.is_empty());
        let mail = mails.iter().find(|mail| mail["subject"].as_str().unwrap().contains("Aida")).unwrap();
        let text = mail["text"].as_str().unwrap();
        assert!(
            text.contains("<b>김 Bcc: x</b> & Co님") && text.contains("알림 메일 수신 거부: http://localhost:"),
            "{text}"
        );
        let page = world.anyone().get(&format!("/_local/mails/{}.html", mail["mailId"].as_str().unwrap())).await;
        let page = String::from_utf8(page.expect(200).bytes).unwrap();
        assert!(page.contains("Aida &#60;2&#62;") && !page.contains("<b>김"), "{page}");

        // No categories: no more mails.
        assert_eq!(person.put(PATH, json!({"categories": []})).await.expect(200).json["alerts"], json!([]));
        list(&organizer, "musical", "Too late").await;
        assert_eq!(world.mails_to("dana@example.com").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| needs_login(world, "PUT", PATH, Some(r#"{"categories":["play"]}"#)).await).await;
}

#[tokio::test]
async fn bad_input_chooses_nothing() {
    World::run(async |world| {
        let person = world.member(0).await;
        person.put(PATH, json!({"categories": ["movie"]})).await.expect(200);
        refuses_malformed_bodies(&person, "PUT", PATH, &json!({"categories": ["play"]})).await;
        for wrong in [json!("play"), json!(["opera"]), json!(["Play"]), json!([[]]), json!({"play": true}), Value::Null]
        {
            let field = complaint(person.put(PATH, json!({"categories": wrong})).await);
            assert!(field.starts_with("categories") || field == "body", "{field}");
        }
        assert_eq!(person.get("/members/me").await.json["alerts"], json!(["movie"]));
    })
    .await;
}

/// The mail is in the language in which the address was verified.
#[tokio::test]
async fn an_alert_is_in_the_members_language() {
    World::run(async |world| {
        let english = world.anyone().with("Accept-Language", "en-GB,en;q=0.9");
        let asked = english.post("/email-verifications", json!({"email": "erin@example.com"})).await.expect(202);
        let id = asked.text("verificationId");
        let code = world.app().codes.verification_code(&id.parse().unwrap());
        let body = json!({"verificationId": id, "code": code, "email": "erin@example.com",
            "password": "correct horse", "name": "Erin"});
        world.anyone().post("/members", body).await.expect(201);
        let login = json!({"email": "erin@example.com", "password": "correct horse"});
        let session = world.anyone().post("/sessions", login).await.expect(200);
        let erin = world.anyone().with_login(&session.text("accessToken"));
        erin.put(PATH, json!({"categories": ["concert"]})).await.expect(200);
        list(&world.organizer().await.client, "concert", "Anime OST").await;
        let mails = world.mails_to("erin@example.com").await;
        let alert = mails.last().unwrap();
        assert_eq!(alert["subject"], "[frontrow] New concert: Anime OST");
        let text = alert["text"].as_str().unwrap();
        assert!(
            text.contains("Hello Erin,") && text.contains("Unsubscribe from all alerts: http://localhost:"),
            "{text}"
        );
    })
    .await;
}
