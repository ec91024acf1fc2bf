//! `POST /members`.

use super::{log_in, sign_up, sign_up_body};
use crate::{
    harness::World,
    routes::{complaint, needs_no_login, refuses_malformed_bodies},
};
use frontrow_domain::member::EmailAddress;
use frontrow_local::Options;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/members";

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let mut body = sign_up_body(world, "Dana@Example.com").await;
        body["name"] = json!("<b>다나</b> 🎫");
        let member = world.anyone().post(PATH, body).await.expect(201);
        assert_eq!(member.header("location"), "/members/me");
        assert_eq!(member.text("email"), "dana@example.com");
        assert_eq!(member.text("name"), "<b>다나</b> 🎫", "any characters");
        assert_eq!((member.text("role"), &member.json["alerts"]), ("member".to_owned(), &json!([])));
        assert!(member.text("createdAt").ends_with('Z'));
        let id: Uuid = member.text("memberId").parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        let fields: Vec<&String> = member.json.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["alerts", "createdAt", "email", "memberId", "name", "role"], "and no password");
        let second = sign_up(world, "erin@example.com").await;
        assert!(second.text("memberId") > member.text("memberId"), "ids are time-ordered");
        log_in(world, "DANA@example.com", "correct horse").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let body = json!({"verificationId": "unknown", "code": "123456", "email": "dana@example.com",
            "password": "correct horse", "name": "Dana"});
        // No login is required; the unknown verification is reported first.
        let refused = world.anyone().with_login("forged").post(PATH, body.clone()).await;
        refused.problem(410, "verification_expired");
        let ready = sign_up_body(world, "dana@example.com").await.to_string();
        world.anyone().with_login("forged").send("POST", PATH, Some(ready.into_bytes())).await.expect(201);
        needs_no_login(world, "POST", PATH, Some(&body.to_string()), 410).await;
    })
    .await;
}

#[tokio::test]
async fn bad_input_makes_no_member() {
    World::run(async |world| {
        let valid = sign_up_body(world, "dana@example.com").await;
        let anyone = world.anyone();
        refuses_malformed_bodies(&anyone, "POST", PATH, &valid).await;
        let wrong: [(&str, Value); 18] = [
            ("password", json!("7 chars")),
            ("password", json!("x".repeat(129))),
            ("password", json!(null)),
            ("password", json!("PassWord")),
            ("password", json!("12345678")),
            ("password", json!("가나가나가나가나")),
            ("password", json!("Dana@Example.com")),
            ("password", json!("dana2026!")),
            ("password", json!("frontrow")),
            ("name", json!("")),
            ("name", json!("n".repeat(101))),
            ("name", json!(7)),
            ("email", json!("dana")),
            ("email", json!(null)),
            ("code", json!(123_456)),
            ("code", json!(null)),
            ("verificationId", json!(7)),
            ("verificationId", json!(null)),
        ];
        for (field, value) in wrong {
            let mut body = valid.clone();
            body[field] = value;
            assert_eq!(complaint(anyone.post(PATH, body).await), field);
        }
        for field in ["verificationId", "code", "email", "password", "name"] {
            let mut body = valid.clone();
            body.as_object_mut().unwrap().remove(field);
            assert_eq!(complaint(anyone.post(PATH, body).await), field);
        }
        let mut body = valid.clone();
        body["role"] = json!("organizer");
        assert_eq!(complaint(anyone.post(PATH, body).await), "role", "members cannot make themselves organizers");
        log_in(world, "dana@example.com", "correct horse").await.problem(401, "wrong_credentials");
        anyone.post(PATH, valid).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn the_longest_and_shortest_values_are_accepted() {
    World::run(async |world| {
        for (email, password, name) in [
            ("a@example.com", "8 letter".to_owned(), "n".to_owned()),
            ("b@example.com", "밀".repeat(128), "이".repeat(100)),
        ] {
            let mut body = sign_up_body(world, email).await;
            (body["password"], body["name"]) = (json!(password), json!(name));
            assert_eq!(world.anyone().post(PATH, body).await.expect(201).text("name"), name);
            log_in(world, email, &password).await.expect(200);
        }
    })
    .await;
}

/// M1: valid for ten minutes by the clock, once.
#[tokio::test]
async fn a_code_is_valid_for_ten_minutes_and_one_member() {
    World::run(async |world| {
        let body = sign_up_body(world, "dana@example.com").await;
        let late = sign_up_body(world, "erin@example.com").await;
        world.advance_seconds(570);
        world.anyone().post(PATH, body.clone()).await.expect(201);
        world.anyone().post(PATH, body).await.problem(410, "verification_expired");
        world.advance_seconds(30);
        world.anyone().post(PATH, late.clone()).await.problem(410, "verification_expired");
        for unknown in ["0193f1b07c8a7d3fae52c1d1a5b0c003", "x", "", "../x", &"x".repeat(500)] {
            let mut body = late.clone();
            body["verificationId"] = json!(unknown);
            world.anyone().post(PATH, body).await.problem(410, "verification_expired");
        }
    })
    .await;
}

#[tokio::test]
async fn five_wrong_codes_lock_a_verification() {
    World::run(async |world| {
        let right = sign_up_body(world, "dana@example.com").await;
        let mut wrong = right.clone();
        wrong["code"] = if right["code"] == "000000" { json!("000001") } else { json!("000000") };
        for _ in 0..4 {
            world.anyone().post(PATH, wrong.clone()).await.problem(401, "wrong_code");
        }
        // Another address is a wrong code, too, and counts as one.
        let mut other = right.clone();
        other["email"] = json!("erin@example.com");
        world.anyone().post(PATH, other).await.problem(401, "wrong_code");
        let refused = world.anyone().post(PATH, right.clone()).await.problem(429, "too_many_attempts");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 600);
        let fresh = sign_up_body(world, "dana@example.com").await;
        world.anyone().post(PATH, fresh).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn malformed_codes_are_refused() {
    World::run(async |world| {
        let right = sign_up_body(world, "dana@example.com").await;
        let code = right["code"].as_str().unwrap();
        for odd in ["", "x", &format!("{code}0"), &format!("{code}x"), "12345"] {
            let mut body = right.clone();
            body["code"] = json!(odd);
            assert_eq!(complaint(world.anyone().post(PATH, body).await), "code");
        }
        world.anyone().post(PATH, right).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_address_can_sign_up_once() {
    World::run(async |world| {
        let (first, second) =
            (sign_up_body(world, "dana@example.com").await, sign_up_body(world, "Dana@example.com").await);
        let member = world.anyone().post(PATH, first).await.expect(201).text("memberId");
        world.anyone().post(PATH, second).await.problem(409, "email_taken");
        let session = log_in(world, "dana@example.com", "correct horse").await.expect(200);
        assert_eq!(session.json["member"]["memberId"], member.as_str());
    })
    .await;
}

/// M2: addresses in `ORGANIZER_EMAILS` sign up as organizers, once they are verified.
#[tokio::test]
async fn a_listed_address_signs_up_as_organizer() {
    let listed = EmailAddress::try_from("md@example.com".to_owned()).unwrap();
    let options = Options { demo: false, organizer_emails: [listed].into(), ..Options::default() };
    World::run_with(options, async |world| {
        assert_eq!(sign_up(world, "MD@example.com").await.text("role"), "organizer");
        assert_eq!(sign_up(world, "md2@example.com").await.text("role"), "member");
        let token = log_in(world, "md@example.com", "correct horse").await.text("accessToken");
        let body = json!({"title": "Aida", "category": "musical", "venue": "Hall"});
        world.anyone().with_login(&token).post("/shows", body).await.expect(201);
    })
    .await;
}
