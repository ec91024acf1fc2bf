//! `DELETE /sessions`.

use super::{begin_session, log_in, refresh};
use crate::{harness::World, routes::needs_login};

const DANA: &str = "dana@example.com";

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let phone = begin_session(world, DANA).await;
        let laptop = log_in(world, DANA, "correct horse").await.expect(200);
        let login = world.anyone().with_login(&phone.text("accessToken"));
        for _ in 0..2 {
            assert!(login.delete("/sessions").await.expect(204).bytes.is_empty(), "idempotent");
        }
        refresh(world, &phone).await.problem(401, "session_expired");
        // As documented: access tokens are not looked up, so this one is accepted until it expires.
        login.get("/members/me").await.expect(200);
        world.advance_seconds(30 * 60);
        login.get("/members/me").await.problem(401, "unauthenticated");
        refresh(world, &laptop).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn all_current_sessions_end_but_later_ones_live() {
    World::run(async |world| {
        let phone = begin_session(world, DANA).await;
        let laptop = log_in(world, DANA, "correct horse").await.expect(200);
        let erin = begin_session(world, "erin@example.com").await;
        let login = world.anyone().with_login(&phone.text("accessToken"));
        login.delete("/sessions?all=true").await.expect(204);
        for session in [&phone, &laptop] {
            refresh(world, session).await.problem(401, "session_expired");
        }
        refresh(world, &erin).await.expect(200);
        let later = log_in(world, DANA, "correct horse").await.expect(200);
        login.delete("/sessions?all=true").await.expect(204);
        refresh(world, &later).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        for path in ["/sessions", "/sessions?all=true"] {
            needs_login(world, "DELETE", path, None).await;
        }
        // A login from before sessions existed ends all of them, and has none of its own.
        let person = world.member(0).await;
        person.delete("/sessions").await.expect(204);
        person.delete("/sessions?all=true").await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    World::run(async |world| {
        let person = world.member(0).await;
        for query in ["all=yes", "all=", "all=1", "session=x", "all=true&all=true"] {
            person.delete(&format!("/sessions?{query}")).await.problem(400, "invalid_request");
        }
        person.delete("/sessions?all=false").await.expect(204);
    })
    .await;
}
