//! `POST /email-verifications`.

use super::{begin_window, sign_up};
use crate::{
    harness::World,
    routes::{complaint, needs_no_login, refuses_malformed_bodies},
};
use frontrow_domain::Timestamp;
use serde_json::json;

const PATH: &str = "/email-verifications";

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let asked =
            world.anyone().with("Accept-Language", "en").post(PATH, json!({"email": " Dana@Example.COM "})).await;
        let asked = asked.expect(202);
        let id = asked.text("verificationId");
        let expires_at = Timestamp::parse(&asked.text("expiresAt")).unwrap();
        let seconds = expires_at.seconds_since(world.stack.clock().now());
        assert!((580..=600).contains(&seconds), "ten minutes, not {seconds} s");

        let mails = world.mails_to("dana@example.com").await;
        assert_eq!(mails.len(), 1, "lower-cased and trimmed");
        let text = mails[0]["text"].as_str().unwrap();
        let runs: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6).collect();
        assert_eq!(runs, [world.app().codes.verification_code(&id.parse().unwrap())]);
        assert!(text.is_ascii(), "in English: {text}");
        let answer = asked.json.to_string();
        assert!(!answer.contains(runs[0]), "the response does not contain the code");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_no_login(world, "POST", PATH, Some(r#"{"email":"dana@example.com"}"#), 202).await;
    })
    .await;
}

#[tokio::test]
async fn bad_input_mails_nothing() {
    World::run(async |world| {
        let anyone = world.anyone();
        refuses_malformed_bodies(&anyone, "POST", PATH, &json!({"email": "dana@example.com"})).await;
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(190));
        for email in ["", "dana", "@example.com", "dana@", "dana@example", "a b@example.com", "a@b@c.com", &long] {
            assert_eq!(complaint(anyone.post(PATH, json!({"email": email})).await), "email", "{email}");
        }
        for injected in ["a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", "<a@example.com>"] {
            anyone.post(PATH, json!({"email": injected})).await.problem(400, "invalid_request");
        }
        anyone.post(PATH, json!({"email": null})).await.problem(400, "invalid_request");
        world.settle().await;
        assert_eq!(anyone.get("/_local/mails").await.json, json!([]));
    })
    .await;
}

/// M1: asking does not reveal whether somebody has signed up.
#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_response() {
    World::run(async |world| {
        sign_up(world, "dana@example.com").await;
        let known = world.anyone().post(PATH, json!({"email": "dana@example.com"})).await.expect(202);
        let unknown = world.anyone().post(PATH, json!({"email": "erin@example.com"})).await.expect(202);
        let fields = |reply: &crate::harness::client::Reply| -> Vec<String> {
            reply.json.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(fields(&known), fields(&unknown));
        assert_eq!(known.text("verificationId").len(), unknown.text("verificationId").len());
        for (address, asked) in [("dana@example.com", known), ("erin@example.com", unknown)] {
            let code = world.app().codes.verification_code(&asked.text("verificationId").parse().unwrap());
            let mails = world.mails_to(address).await;
            assert!(mails.iter().any(|mail| mail["text"].as_str().unwrap().contains(&code)), "{address}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_gets_five_codes_an_hour() {
    World::run(async |world| {
        begin_window(world, 3600);
        for email in
            ["dana@example.com", "DANA@example.com", "dana+1@Example.com", "dana@example.com", "Dana+two@example.com"]
        {
            world.anyone().post(PATH, json!({"email": email})).await.expect(202);
        }
        let refused = world.anyone().post(PATH, json!({"email": "dana+three@example.com"})).await;
        let refused = refused.problem(429, "too_many_requests");
        world.anyone().post(PATH, json!({"email": "erin@example.com"})).await.expect(202);
        assert_eq!(world.mails_to("dana@example.com").await.len(), 3);
        assert_eq!(world.mailed("dana+two@example.com").len(), 1);

        let retry_after: u32 = refused.header("retry-after").parse().unwrap();
        assert!((3_000..=3_600).contains(&retry_after), "{retry_after}");
        world.advance_seconds(retry_after);
        world.anyone().post(PATH, json!({"email": "dana@example.com"})).await.expect(202);
    })
    .await;
}
