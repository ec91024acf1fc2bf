//! Guards of signing up.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::harness::{
    World,
    audit::Snapshot,
    client::{Client, Reply},
};
use frontrow_domain::limits::{VERIFICATION_MAX_ATTEMPTS, VERIFICATION_WINDOW_SECONDS, VERIFICATIONS_PER_HOUR};
use serde_json::json;

const ADDRESS: &str = "dana@example.com";

async fn verify(world: &World) -> Reply {
    world.anyone().post("/email-verifications", json!({"email": ADDRESS})).await
}

/// The code in the mail for `verification`.
fn code(world: &World, verification: &str) -> String {
    world.app().codes.verification_code(&verification.parse().expect("an id"))
}

async fn sign_up(client: &Client, verification: &str, code: &str) -> Reply {
    let body = json!({
        "verificationId": verification, "code": code, "email": ADDRESS, "password": "correct horse", "name": "Dana",
    });
    client.post("/members", body).await
}

/// Guesses until no more are judged.
async fn guess(client: &Client, verification: &str) {
    for _ in 0..VERIFICATION_MAX_ATTEMPTS {
        sign_up(client, verification, "000000").await;
    }
}

pub(super) async fn an_address_can_sign_up_once(world: &World) -> GuardResult {
    let mut replies = Vec::new();
    for _ in 0..2 {
        let verification = verify(world).await.expect(202).text("verificationId");
        replies.push(sign_up(&world.anyone(), &verification, &code(world, &verification)).await);
    }
    ensure(replies[0].status == 201 && replies[1].status == 409, || format!("one address, twice: {replies:?}"))
}

pub(super) async fn a_verification_is_used_once(world: &World) -> GuardResult {
    let verification = verify(world).await.expect(202).text("verificationId");
    let right = code(world, &verification);
    let (client, id, same) = (world.anyone(), verification.clone(), right.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        sign_up(&client, &id, &same).await;
    })));
    let second = sign_up(&world.anyone(), &verification, &right).await;
    ensure(second.status == 410, || format!("used twice concurrently, the second use gets {second:?}"))
}

pub(super) async fn wrong_codes_void_a_verification(world: &World) -> GuardResult {
    let verification = verify(world).await.expect(202).text("verificationId");
    let (client, id) = (world.anyone(), verification.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        guess(&client, &id).await;
    })));
    let lucky = sign_up(&world.anyone(), &verification, &code(world, &verification)).await;
    ensure(lucky.status == 429, || format!("the right code, found by too many guesses at once: {lucky:?}"))
}

pub(super) async fn guesses_are_checked_up_to_the_limit(world: &World) -> GuardResult {
    let verification = verify(world).await.expect(202).text("verificationId");
    let (client, id) = (world.anyone(), verification.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        guess(&client, &id).await;
    })));
    let sixth = sign_up(&world.anyone(), &verification, "000000").await;
    ensure(sixth.status == 429, || format!("the sixth of six guesses at once: {sixth:?}"))
}

async fn begin_session(world: &World) -> Reply {
    let body = json!({"email": "organizer@example.com", "password": "frontrow-demo"});
    world.anyone().post("/sessions", body).await.expect(200)
}

async fn refresh(world: &World, session: &Reply) -> Reply {
    world.anyone().post("/sessions/refresh", json!({"refreshToken": session.text("refreshToken")})).await
}

pub(super) async fn a_refresh_does_not_revive_a_session(world: &World) -> GuardResult {
    let session = begin_session(world).await;
    let login = world.anyone().with_login(&session.text("accessToken"));
    world.wire.intercept(Some(Interlude::before_update("#renewed_at", async move {
        login.delete("/sessions").await.expect(204);
    })));
    let refreshed = refresh(world, &session).await;
    ensure(refreshed.status == 401, || format!("logged out while it was refreshed: {refreshed:?}"))
}

pub(super) async fn a_late_end_of_all_sessions_ends_no_newer_one(world: &World) -> GuardResult {
    let first = begin_session(world).await;
    let end_all = async |session: &Reply| {
        world.anyone().with_login(&session.text("accessToken")).delete("/sessions?all=true").await.expect(204);
    };
    end_all(&first).await;
    end_all(&begin_session(world).await).await;
    let live = begin_session(world).await;
    // A retry of the same request, whose first response was lost.
    end_all(&first).await;
    let refreshed = refresh(world, &live).await;
    ensure(refreshed.status == 200, || format!("ended by a repetition of an earlier request: {refreshed:?}"))
}

/// Ends all sessions of a member who has one.
async fn ends(world: &World) -> GuardResult {
    let session = begin_session(world).await;
    let login = world.anyone().with_login(&session.text("accessToken"));
    login.delete("/sessions?all=true").await.expect(204);
    let refreshed = refresh(world, &session).await;
    ensure(refreshed.status == 401, || format!("a session continues after all were ended: {refreshed:?}"))
}

pub(super) async fn all_sessions_end(world: &World) -> GuardResult {
    ends(world).await
}

/// Members who signed up before sessions existed have no such count.
pub(super) async fn sessions_of_a_member_without_an_edition_end(world: &World) -> GuardResult {
    let snapshot = Snapshot::of(world).await;
    for member in snapshot.of_kind("member") {
        let mut member = member.clone();
        member.remove("sessions_edition");
        let put = world.stack.engine().dynamodb().put_item().table_name(&world.app().config.table_name);
        put.set_item(Some(member)).send().await.expect("the engine writes");
    }
    ends(world).await
}

pub(super) async fn an_address_gets_codes_up_to_its_hourly_limit(world: &World) -> GuardResult {
    // Moves to the beginning of a window, so that it does not end during the test.
    let window_millis = VERIFICATION_WINDOW_SECONDS * 1000;
    let left_millis = window_millis - world.stack.clock().now().millis() % window_millis;
    world.advance_seconds(u32::try_from(left_millis / 1000 + 1).expect("at most an hour"));
    for _ in 0..VERIFICATIONS_PER_HOUR {
        verify(world).await.expect(202);
    }
    let more = verify(world).await;
    ensure(more.status == 429, || format!("one code too many: {more:?}"))
}
