//! Members.

mod delete_me;
mod log_in;
mod log_out;
mod refresh_session;
mod replace_alerts;
mod replace_me;
mod request_email_verification;
mod reset_password;
mod show_me;
mod show_unsubscription;
mod sign_up;
mod unsubscribe;

use crate::harness::{World, client::Reply};
use serde_json::{Value, json};

/// Requests a code and returns a sign-up body with it, not sent yet. The mail itself has its own tests.
pub(crate) async fn sign_up_body(world: &World, email: &str) -> Value {
    let asked = world.anyone().post("/email-verifications", json!({"email": email})).await.expect(202);
    let id = asked.text("verificationId");
    let code = world.app().codes.verification_code(&id.parse().expect("an id"));
    json!({"verificationId": id, "code": code, "email": email, "password": "correct horse", "name": "Dana"})
}

/// Signs up with the password `correct horse`.
async fn sign_up(world: &World, email: &str) -> Reply {
    let body = sign_up_body(world, email).await;
    world.anyone().post("/members", body).await.expect(201)
}

/// Logs in.
pub(crate) async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.anyone().post("/sessions", json!({"email": email, "password": password})).await
}

/// Begins a session of a new member.
async fn begin_session(world: &World, email: &str) -> Reply {
    sign_up(world, email).await;
    log_in(world, email, "correct horse").await.expect(200)
}

/// Refreshes a session.
async fn refresh(world: &World, session: &Reply) -> Reply {
    world.anyone().post("/sessions/refresh", json!({"refreshToken": session.text("refreshToken")})).await
}

/// Moves the clock to the beginning of a counting window of `seconds`, so that no window ends during a test.
fn begin_window(world: &World, seconds: i64) {
    let into = world.stack.clock().now().millis().div_euclid(1000).rem_euclid(seconds);
    world.advance_seconds(u32::try_from(seconds - into).expect("a window is short"));
}
