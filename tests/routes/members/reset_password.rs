//! `PUT /members/password`.

use super::{begin_session, begin_window, log_in, sign_up, sign_up_body};
use crate::{
    harness::World,
    routes::{complaint, needs_no_login, refuses_malformed_bodies},
};
use frontrow_domain::limits::{
    LOGIN_MAX_FAILURES, LOGIN_WINDOW_SECONDS, VERIFICATION_MAX_ATTEMPTS, WRONG_CODES_PER_DAY,
    WRONG_CODES_WINDOW_SECONDS,
};
use serde_json::{Value, json};

const PATH: &str = "/members/password";
const DANA: &str = "dana@example.com";

/// A body for a reset with the right code, not sent yet.
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
        // An earlier access token is accepted until it expires, as documented. Its session has ended.
        world.anyone().with_login(&before).get("/members/me").await.expect(200);
        // A code resets once, and signs nobody up afterwards.
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

/// A caller who proves an address without an account learns that, as they would by signing up, and can still sign up.
#[tokio::test]
async fn an_unknown_address_cannot_reset_a_password() {
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

/// Members who forgot their password have most likely guessed before.
#[tokio::test]
async fn a_reset_clears_failed_logins() {
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

/// Uses up the guesses that strangers have at an address's codes in a day.
async fn guess_all_day(world: &World, email: &str) {
    for _ in 0..WRONG_CODES_PER_DAY / VERIFICATION_MAX_ATTEMPTS {
        // In another hour, which has its own codes.
        begin_window(world, 3600);
        let mut guess = reset_body(world, email, "battery staple").await;
        guess["code"] = json!("000000");
        for _ in 0..VERIFICATION_MAX_ATTEMPTS {
            world.anyone().put(PATH, guess.clone()).await.problem(401, "wrong_code");
        }
        world.anyone().put(PATH, guess).await.problem(429, "too_many_attempts");
    }
}

#[tokio::test]
async fn wrong_codes_are_limited_per_day() {
    World::run(async |world| {
        for email in [DANA, "erin@example.com"] {
            sign_up(world, email).await;
        }
        begin_window(world, WRONG_CODES_WINDOW_SECONDS);
        guess_all_day(world, DANA).await;
        begin_window(world, 3600);
        let mut body = reset_body(world, DANA, "battery staple").await;
        let right = std::mem::replace(&mut body["code"], json!("000000"));
        let refused = world.anyone().put(PATH, body.clone()).await.problem(429, "too_many_attempts");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 3600, "until the next day");
        body["code"] = right;
        world.anyone().put(PATH, body).await.problem(429, "too_many_attempts");
        log_in(world, DANA, "correct horse").await.expect(200);
        world.anyone().put(PATH, reset_body(world, "erin@example.com", "battery staple").await).await.expect(204);
        begin_window(world, WRONG_CODES_WINDOW_SECONDS);
        world.anyone().put(PATH, reset_body(world, DANA, "battery staple").await).await.expect(204);
    })
    .await;
}

/// A rival who uses up the codes of an address and its guesses does not lock out a device that logged in before.
#[tokio::test]
async fn strangers_do_not_stop_a_known_device_from_resetting() {
    World::run(async |world| {
        let token = begin_session(world, DANA).await.text("refreshToken");
        begin_window(world, WRONG_CODES_WINDOW_SECONDS);
        guess_all_day(world, DANA).await;
        for _ in 0..4 {
            world.anyone().post("/email-verifications", json!({"email": DANA})).await.expect(202);
        }
        world.anyone().post("/email-verifications", json!({"email": DANA})).await.problem(429, "too_many_requests");
        let asked = json!({"email": DANA, "refreshToken": token});
        let asked = world.anyone().post("/email-verifications", asked).await.expect(202).text("verificationId");
        let code = world.app().codes.verification_code(&asked.parse().expect("an id"));
        let body = json!({"verificationId": asked, "code": code, "password": "battery staple"});
        world.anyone().put(PATH, body).await.expect(204);
        log_in(world, DANA, "battery staple").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_password_change_is_mailed() {
    World::run(async |world| {
        sign_up(world, DANA).await;
        let client = world.anyone().with("Accept-Language", "en");
        let asked =
            client.post("/email-verifications", json!({"email": DANA})).await.expect(202).text("verificationId");
        let code = world.app().codes.verification_code(&asked.parse().expect("an id"));
        let body = json!({"verificationId": asked, "code": code, "password": "battery staple"});
        client.put(PATH, body.clone()).await.expect(204);
        client.put(PATH, body).await.problem(410, "verification_expired");
        let mails = world.mails_to(DANA).await;
        let notices: Vec<_> =
            mails.iter().filter(|mail| mail["subject"] == "[frontrow] Your password was changed").collect();
        assert_eq!((notices.len(), mails.len()), (1, 3), "two codes, and this once: {mails:?}");
        assert!(!notices[0]["text"].as_str().unwrap().contains(&code));
    })
    .await;
}

#[tokio::test]
async fn a_common_password_is_refused() {
    World::run(async |world| {
        sign_up(world, DANA).await;
        let mut body = reset_body(world, DANA, "battery staple").await;
        for known in ["password1", "12345678", "dana@example.com", "Dana1234!", "frontrow1"] {
            body["password"] = json!(known);
            assert_eq!(complaint(world.anyone().put(PATH, body.clone()).await), "password", "{known}");
        }
        body["password"] = json!("battery staple");
        world.anyone().put(PATH, body).await.expect(204);
    })
    .await;
}
