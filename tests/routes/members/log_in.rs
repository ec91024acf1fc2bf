//! `POST /sessions`.

use super::{begin_window, log_in, sign_up};
use crate::{
    harness::World,
    routes::{complaint, refuses_malformed_bodies},
};
use frontrow_domain::Timestamp;
use serde_json::json;
use std::time::{Duration, Instant};

const PATH: &str = "/sessions";
/// After so many rounds two times that differ are different.
const ROUNDS_MAX: usize = 40;

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let member = sign_up(world, "dana@example.com").await;
        let session = log_in(world, " DANA@Example.com", "correct horse").await.expect(200);
        assert_eq!(session.text("tokenType"), "Bearer");
        assert_eq!(session.json["member"], member.json);
        let expires_at = Timestamp::parse(&session.text("expiresAt")).unwrap();
        let me = world.anyone().with_login(&session.text("accessToken"));
        assert_eq!(me.get("/members/me").await.expect(200).json, member.json);
        // The token lives as long as the answer said.
        let left = expires_at.seconds_since(world.stack.clock().now());
        world.advance_seconds(u32::try_from(left - 60).unwrap());
        me.get("/members/me").await.expect(200);
        world.advance_seconds(61);
        me.get("/members/me").await.problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        sign_up(world, "dana@example.com").await;
        for (email, password) in [
            ("dana@example.com", "correct horsf"),
            ("dana@example.com", "Correct horse"),
            ("dana@example.com", "correct horse "),
            ("dana@example.com", ""),
            ("erin@example.com", "correct horse"),
        ] {
            log_in(world, email, password).await.problem(401, "wrong_credentials");
        }
        let body = json!({"email": "dana@example.com", "password": "correct horse"});
        world.anyone().with_login("forged").post(PATH, body).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    World::run(async |world| {
        let anyone = world.anyone();
        let valid = json!({"email": "dana@example.com", "password": "correct horse"});
        refuses_malformed_bodies(&anyone, "POST", PATH, &valid).await;
        assert_eq!(complaint(anyone.post(PATH, json!({"email": "dana@example.com"})).await), "password");
        assert_eq!(complaint(anyone.post(PATH, json!({"password": "x"})).await), "email");
        assert_eq!(complaint(anyone.post(PATH, json!({"email": "dana", "password": "x"})).await), "email");
        // One that could never have been chosen is wrong, however long.
        log_in(world, "dana@example.com", &"x".repeat(60_000)).await.problem(401, "wrong_credentials");
    })
    .await;
}

/// M2: an unknown address answers the same, in about the same time.
#[tokio::test]
async fn nobody_learns_who_has_signed_up() {
    World::run(async |world| {
        sign_up(world, "dana@example.com").await;
        let known = log_in(world, "dana@example.com", "wrong horse").await.problem(401, "wrong_credentials");
        let unknown = log_in(world, "erin@example.com", "wrong horse").await.problem(401, "wrong_credentials");
        assert_eq!(known.bytes, unknown.bytes);
        // Whatever else the machine does only adds to that, so the fastest of some rounds are compared, of as many as it takes.
        let mut fastest = [Duration::MAX; 2];
        let alike = |[known, unknown]: [Duration; 2]| unknown < 2 * known && known < 2 * unknown;
        for round in 0..ROUNDS_MAX {
            if round >= 3 && alike(fastest) {
                break;
            }
            for (email, fastest) in ["dana@example.com", "erin@example.com"].iter().zip(&mut fastest) {
                let started = Instant::now();
                log_in(world, email, "wrong horse").await.problem(401, "wrong_credentials");
                *fastest = started.elapsed().min(*fastest);
            }
        }
        assert!(alike(fastest), "known and unknown {fastest:?}");
    })
    .await;
}

#[tokio::test]
async fn an_address_waits_after_repeated_failures() {
    World::run(async |world| {
        for email in ["dana@example.com", "erin@example.com"] {
            sign_up(world, email).await;
        }
        begin_window(world, 900);
        for _ in 0..10 {
            log_in(world, "dana@example.com", "wrong horse").await.problem(401, "wrong_credentials");
        }
        log_in(world, "dana@example.com", "wrong horse").await.problem(429, "too_many_attempts");
        let refused = log_in(world, "dana@example.com", "correct horse").await.problem(429, "too_many_attempts");
        log_in(world, "erin@example.com", "correct horse").await.expect(200);
        world.advance_seconds(refused.header("retry-after").parse().unwrap());
        log_in(world, "dana@example.com", "correct horse").await.expect(200);
    })
    .await;
}
