//! `PUT /members/password`.

use super::{begin_window, log_in, sign_up, sign_up_body};
use crate::{
    harness::World,
    routes::{complaint, needs_no_login, refuses_malformed_bodies},
};
use frontrow_domain::limits::{LOGIN_MAX_FAILURES, LOGIN_WINDOW_SECONDS};
use serde_json::{Value, json};

const PATH: &str = "/members/password";
const DANA: &str = "dana@example.com";

/// A reset with the right code, which nobody has sent yet.
async fn reset_body(world: &World, email: &str, password: &str) -> Value {
    let asked = sign_up_body(world, email).await;
    json!({"verificationId": asked["verificationId"], "code": asked["code"], "password": password})
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let member = sign_up(world, DANA).await;
        let before = log_in(world, DANA, "correct horse").await.expect(200).text("accessToken");
        let body = reset_body(world, "Dana@Example.com", "battery staple").await;
        let reset = world.anyone().put(PATH, body.clone()).await.expect(204);
        assert!(reset.bytes.is_empty());
        log_in(world, DANA, "correct horse").await.problem(401, "wrong_credentials");
        let session = log_in(world, DANA, "battery staple").await.expect(200);
        assert_eq!(session.json["member"], member.json);
        // A login of before lives on until its time is over; the README says so.
        world.anyone().with_login(&before).get("/members/me").await.expect(200);
        // A code resets once, and signs nobody up after that.
        world.anyone().put(PATH, body.clone()).await.problem(410, "verification_expired");
        let mut again = body;
        (again["email"], again["name"]) = (json!(DANA), json!("Dana"));
        world.anyone().post("/members", again).await.problem(410, "verification_expired");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        sign_up(world, DANA).await;
        let body = json!({"verificationId": "unknown", "code": "123456", "password": "battery staple"}).to_string();
        needs_no_login(world, "PUT", PATH, Some(&body), 410).await;
        let mut wrong = reset_body(world, DANA, "battery staple").await;
        let right = wrong["code"].clone();
        let digit = if right == "000000" { 1 } else { 0 };
        for code in
            [format!("00000{digit}"), format!("000-00{digit}"), format!(" 00000{digit}"), format!("00000{digit}\n")]
        {
            wrong["code"] = json!(code);
            world.anyone().put(PATH, wrong.clone()).await.problem(401, "wrong_code");
        }
        let mut anothers = wrong.clone();
        anothers["code"] = reset_body(world, "erin@example.com", "battery staple").await["code"].clone();
        assert_ne!(anothers["code"], right);
        world.anyone().put(PATH, anothers).await.problem(401, "wrong_code");
        wrong["code"] = right;
        world.anyone().put(PATH, wrong).await.problem(429, "too_many_attempts");
        log_in(world, DANA, "correct horse").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn bad_input_resets_nothing() {
    World::run(async |world| {
        sign_up(world, DANA).await;
        let valid = reset_body(world, DANA, "battery staple").await;
        refuses_malformed_bodies(&world.anyone(), "PUT", PATH, &valid).await;
        for (field, value) in [
            ("password", json!("short")),
            ("password", json!("x".repeat(129))),
            ("password", json!(12_345_678)),
            ("code", json!(123_456)),
            ("verificationId", json!(null)),
        ] {
            let mut body = valid.clone();
            body[field] = value;
            assert_eq!(complaint(world.anyone().put(PATH, body).await), field);
        }
        world.advance_seconds(600);
        world.anyone().put(PATH, valid).await.problem(410, "verification_expired");
        log_in(world, DANA, "correct horse").await.expect(200);
    })
    .await;
}

/// Who proves an address that nobody signed up with learns it, as he would by signing up, and still can.
#[tokio::test]
async fn an_unknown_address_has_no_password() {
    World::run(async |world| {
        let mut sign_up = sign_up_body(world, DANA).await;
        let mut body = json!({"verificationId": sign_up["verificationId"], "password": "battery staple"});
        body["code"] = json!("no code");
        assert_eq!(complaint(world.anyone().put(PATH, body.clone()).await), "code");
        body["code"] = sign_up["code"].clone();
        world.anyone().put(PATH, body).await.problem(404, "not_found");
        sign_up["password"] = json!("correct horse");
        world.anyone().post("/members", sign_up).await.expect(201);
    })
    .await;
}

/// Who forgot his password has most likely guessed before.
#[tokio::test]
async fn a_reset_forgets_wrong_passwords() {
    World::run(async |world| {
        sign_up(world, DANA).await;
        begin_window(world, LOGIN_WINDOW_SECONDS);
        for _ in 0..LOGIN_MAX_FAILURES {
            log_in(world, DANA, "guess").await.problem(401, "wrong_credentials");
        }
        log_in(world, DANA, "correct horse").await.problem(429, "too_many_attempts");
        world.anyone().put(PATH, reset_body(world, DANA, "battery staple").await).await.expect(204);
        log_in(world, DANA, "battery staple").await.expect(200);
    })
    .await;
}
