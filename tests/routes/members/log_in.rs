//! `POST /sessions`.

use super::{begin_session, begin_window, log_in, sign_up};
use crate::{
    harness::World,
    routes::{complaint, refuses_malformed_bodies},
};
use frontrow_domain::Timestamp;
use serde_json::json;
use std::time::{Duration, Instant};

const PATH: &str = "/sessions";
/// After this many rounds, times that differ are really different.
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
        // The token lives as long as the response says.
        let left = expires_at.seconds_since(world.stack.clock().now());
        assert!((30 * 60 - 5..=30 * 60).contains(&left), "{left}");
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
        // A password that could never have been chosen is wrong, however long.
        log_in(world, "dana@example.com", &"x".repeat(60_000)).await.problem(401, "wrong_credentials");
    })
    .await;
}

/// M2: an unknown address gets the same response, in about the same time.
#[tokio::test]
async fn unknown_addresses_are_indistinguishable() {
    World::run(async |world| {
        sign_up(world, "dana@example.com").await;
        let known = log_in(world, "dana@example.com", "wrong horse").await.problem(401, "wrong_credentials");
        let unknown = log_in(world, "erin@example.com", "wrong horse").await.problem(401, "wrong_credentials");
        assert_eq!(known.bytes, unknown.bytes);
        // Load on the machine only adds to the time, so the fastest of several rounds are compared, in as many rounds
        // as necessary.
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
async fn repeated_failures_lock_an_address_for_a_while() {
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

/// A rival who tries passwords can only keep the owner out of new devices: a device that logged in before is counted
/// separately.
#[tokio::test]
async fn strangers_do_not_lock_out_a_known_device() {
    World::run(async |world| {
        let mine = begin_session(world, "dana@example.com").await.text("refreshToken");
        let others = begin_session(world, "erin@example.com").await.text("refreshToken");
        let log_in_with = async |token: &str, password: &str| {
            let body = json!({"email": "dana@example.com", "password": password, "refreshToken": token});
            world.anyone().post(PATH, body).await
        };
        begin_window(world, 900);
        for _ in 0..10 {
            log_in_with(&others, "wrong horse").await.problem(401, "wrong_credentials");
        }
        for stranger in [others.as_str(), "", "forged", &format!("{mine}x")] {
            log_in_with(stranger, "correct horse").await.problem(429, "too_many_attempts");
        }
        log_in_with(&mine, "correct horse").await.expect(200);
        // Even if its session has ended and the token was used.
        world.anyone().post("/sessions/refresh", json!({"refreshToken": mine})).await.expect(200);
        world.advance_seconds(61);
        world.anyone().post("/sessions/refresh", json!({"refreshToken": mine})).await.problem(401, "session_expired");
        log_in_with(&mine, "correct horse").await.expect(200);
        // It is counted, too, and does not use up other devices' attempts.
        begin_window(world, 900);
        for _ in 0..10 {
            log_in_with(&mine, "wrong horse").await.problem(401, "wrong_credentials");
        }
        log_in_with(&mine, "correct horse").await.problem(429, "too_many_attempts");
        log_in(world, "dana@example.com", "correct horse").await.expect(200);
    })
    .await;
}
