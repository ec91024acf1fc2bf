//! `POST /sessions/refresh`.

use super::{begin_session, log_in, refresh, sign_up_body};
use crate::{
    harness::World,
    routes::{complaint, needs_no_login, refuses_malformed_bodies},
};
use frontrow_domain::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;

const PATH: &str = "/sessions/refresh";
const DANA: &str = "dana@example.com";

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let first = begin_session(world, DANA).await;
        world.advance_seconds(29 * 60);
        let second = refresh(world, &first).await.expect(200);
        assert_eq!(second.json["member"], first.json["member"]);
        assert_eq!(second.text("tokenType"), "Bearer");
        assert_ne!(second.text("refreshToken"), first.text("refreshToken"));
        let now = world.stack.clock().now();
        let left = |field: &str| Timestamp::parse(&second.text(field)).unwrap().seconds_since(now);
        assert!((30 * 60 - 5..=30 * 60).contains(&left("expiresAt")), "{}", left("expiresAt"));
        let two_weeks = 14 * 24 * 3600;
        assert!((two_weeks - 5..=two_weeks).contains(&left("refreshExpiresAt")), "{}", left("refreshExpiresAt"));
        world.advance_seconds(29 * 60);
        world.anyone().with_login(&second.text("accessToken")).get("/members/me").await.expect(200);
        // Each token lives for two weeks.
        world.advance_seconds(14 * 24 * 3600 - 30 * 60);
        let third = refresh(world, &second).await.expect(200);
        world.advance_seconds(14 * 24 * 3600);
        refresh(world, &third).await.problem(401, "session_expired");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let session = begin_session(world, DANA).await;
        let access = session.text("accessToken");
        let token = session.text("refreshToken");
        let altered = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
        let another = token.replacen(".0.", ".1.", 1);
        for wrong in [access, altered, another, String::new(), "x".repeat(5_000), format!("{token} ")] {
            let body = json!({"refreshToken": wrong});
            world.anyone().post(PATH, body).await.problem(401, "session_expired");
        }
        let body = json!({"refreshToken": token}).to_string();
        needs_no_login(world, "POST", PATH, Some(&body), 200).await;
        // A refresh token is not a login.
        world.anyone().with_login(&token).get("/members/me").await.problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    World::run(async |world| {
        let valid = json!({"refreshToken": "x"});
        refuses_malformed_bodies(&world.anyone(), "POST", PATH, &valid).await;
        assert_eq!(complaint(world.anyone().post(PATH, json!({})).await), "refreshToken");
    })
    .await;
}

#[tokio::test]
async fn a_lost_response_can_be_repeated_for_a_minute() {
    World::run(async |world| {
        let first = begin_session(world, DANA).await;
        let second = refresh(world, &first).await.expect(200);
        world.advance_seconds(55);
        let again = refresh(world, &first).await.expect(200);
        for field in ["refreshToken", "refreshExpiresAt"] {
            assert_eq!(again.text(field), second.text(field), "{field}");
        }
        let third = refresh(world, &again).await.expect(200);
        // Going two tokens back is not a retry.
        refresh(world, &first).await.problem(401, "session_expired");
        refresh(world, &third).await.problem(401, "session_expired");
    })
    .await;
}

#[tokio::test]
async fn a_reused_token_ends_only_its_session() {
    World::run(async |world| {
        let first = begin_session(world, DANA).await;
        let other = log_in(world, DANA, "correct horse").await.expect(200);
        let second = refresh(world, &first).await.expect(200);
        world.advance_seconds(61);
        refresh(world, &first).await.problem(401, "session_expired");
        refresh(world, &second).await.problem(401, "session_expired");
        refresh(world, &other).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_refreshes_get_the_same_token() {
    World::run(async |world| {
        let first = begin_session(world, DANA).await;
        let mut crowd = JoinSet::new();
        for _ in 0..8 {
            let (client, token) = (world.anyone(), first.text("refreshToken"));
            crowd.spawn(async move { client.post(PATH, json!({"refreshToken": token})).await.expect(200) });
        }
        let mut tokens: Vec<_> = crowd.join_all().await.iter().map(|reply| reply.text("refreshToken")).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
        world.anyone().post(PATH, json!({"refreshToken": tokens[0]})).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_all_sessions() {
    World::run(async |world| {
        let before = begin_session(world, DANA).await;
        let asked = sign_up_body(world, DANA).await;
        let reset =
            json!({"verificationId": asked["verificationId"], "code": asked["code"], "password": "battery staple"});
        world.anyone().put("/members/password", reset).await.expect(204);
        refresh(world, &before).await.problem(401, "session_expired");
        let after = log_in(world, DANA, "battery staple").await.expect(200);
        refresh(world, &after).await.expect(200);
    })
    .await;
}
