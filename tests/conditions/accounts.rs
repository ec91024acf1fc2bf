//! Guards of renaming and deleting accounts.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::harness::{
    World,
    audit::Snapshot,
    book,
    client::{Client, Reply},
};
use serde_json::{Value, json};

const ADDRESS: &str = "organizer@example.com";
const PASSWORD: &str = "frontrow-demo";

async fn login(world: &World) -> Client {
    let session = world.anyone().post("/sessions", json!({"email": ADDRESS, "password": PASSWORD})).await.expect(200);
    world.anyone().with_login(&session.text("accessToken"))
}

async fn delete_account(client: &Client) -> Reply {
    client.send("DELETE", "/members/me", Some(json!({"password": PASSWORD}).to_string().into_bytes())).await
}

async fn reset_body(world: &World) -> Value {
    let asked = world.anyone().post("/email-verifications", json!({"email": ADDRESS})).await.expect(202);
    let verification = asked.text("verificationId");
    let code = world.app().codes.verification_code(&verification.parse().expect("an id"));
    json!({"verificationId": verification, "code": code, "password": "battery staple"})
}

/// Deletes the account before the next transaction.
async fn delete_meanwhile(world: &World) -> Client {
    let (login, same) = (login(world).await, login(world).await);
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        delete_account(&same).await.expect(204);
    })));
    login
}

pub(super) async fn a_rename_recreates_no_account(world: &World) -> GuardResult {
    let login = delete_meanwhile(world).await;
    let renamed = login.put("/members/me", json!({"name": "Ghost"})).await;
    ensure(renamed.status == 401, || format!("renamed after it was deleted: {renamed:?}"))
}

pub(super) async fn alerts_recreate_no_account(world: &World) -> GuardResult {
    let login = delete_meanwhile(world).await;
    let chosen = login.put("/members/me/alerts", json!({"categories": ["musical"]})).await;
    ensure(chosen.status == 401, || format!("alerts of a deleted account: {chosen:?}"))
}

pub(super) async fn a_new_password_recreates_no_account(world: &World) -> GuardResult {
    let reset = reset_body(world).await;
    delete_meanwhile(world).await;
    let replaced = world.anyone().put("/members/password", reset).await;
    ensure(replaced.status == 404, || format!("a new password of a deleted account: {replaced:?}"))
}

pub(super) async fn a_log_out_recreates_no_account(world: &World) -> GuardResult {
    let login = login(world).await;
    delete_account(&login).await.expect(204);
    login.delete("/sessions?all=true").await.expect(204);
    let snapshot = Snapshot::of(world).await;
    let deleted = snapshot.of_kind("member").find(|item| item.contains_key("deleted_at")).expect("a tombstone");
    ensure(!deleted.contains_key("sessions_edition"), || format!("a log-out left {deleted:?}"))
}

pub(super) async fn a_replaced_password_deletes_nothing(world: &World) -> GuardResult {
    let (login, client, reset) = (login(world).await, world.anyone(), reset_body(world).await);
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        client.put("/members/password", reset).await.expect(204);
    })));
    let deleted = delete_account(&login).await;
    ensure(deleted.status == 401, || format!("deleted by a password that was replaced: {deleted:?}"))
}

pub(super) async fn a_payment_meanwhile_keeps_the_account(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let (login, buyer) = (login(world).await, login(world).await);
    buyer.post("/points/top-ups", json!({"amount": 50_000})).await.expect(201);
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        book(&buyer, &performance, &["A-1-1"]).await;
    })));
    let deleted = delete_account(&login).await;
    ensure(deleted.status == 409, || format!("deleted though a reservation was paid meanwhile: {deleted:?}"))
}

pub(super) async fn a_closed_wallet_takes_no_top_up(world: &World) -> GuardResult {
    let login = delete_meanwhile(world).await;
    let topped_up = login.post("/points/top-ups", json!({"amount": 10})).await;
    ensure(topped_up.status == 401, || format!("points of a deleted account: {topped_up:?}"))
}
