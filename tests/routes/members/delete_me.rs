//! `DELETE /members/me`.

use super::{begin_window, log_in, refresh, sign_up};
use crate::{
    conditions::interlude::Interlude,
    harness::{
        World,
        audit::{Item, Snapshot},
        book,
        client::{Client, Reply},
        hold, pay, settled_door_list, show_details,
    },
    routes::{complaint, needs_login},
};
use frontrow_domain::reservation::ReservationStatus;
use serde_json::json;

const PATH: &str = "/members/me";
const DANA: &str = "dana@example.com";

async fn delete(client: &Client, password: &str) -> Reply {
    client.send("DELETE", PATH, Some(json!({"password": password}).to_string().into_bytes())).await
}

/// Signs up and logs in. Returns the session and its client.
async fn dana(world: &World) -> (Reply, Client) {
    sign_up(world, DANA).await;
    let session = log_in(world, DANA, "correct horse").await.expect(200);
    let client = world.anyone().with_login(&session.text("accessToken"));
    (session, client)
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let (session, client) = dana(world).await;
        client.put("/members/me/alerts", json!({"categories": ["musical"]})).await.expect(200);
        client.post("/points/top-ups", json!({"amount": 100})).await.expect(201);
        let first = session.json["member"]["memberId"].clone();
        assert!(delete(&client, "correct horse").await.expect(204).bytes.is_empty());
        delete(&client, "correct horse").await.expect(204);
        refresh(world, &session).await.problem(401, "session_expired");
        log_in(world, DANA, "correct horse").await.problem(401, "wrong_credentials");
        client.get(PATH).await.problem(401, "unauthenticated");
        client.put(PATH, json!({"name": "Ghost"})).await.problem(401, "unauthenticated");
        client.put("/members/me/alerts", json!({"categories": ["play"]})).await.problem(401, "unauthenticated");
        client.post("/points/top-ups", json!({"amount": 100})).await.problem(401, "unauthenticated");
        assert_eq!(client.get("/points").await.expect(200).number("balance"), 100, "the ledger stays");
        // The address is free for another member.
        begin_window(world, 3600);
        let again = sign_up(world, DANA).await;
        assert_ne!(again.json["memberId"], first);
        assert_eq!(again.json["alerts"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        needs_login(world, "DELETE", PATH, Some(r#"{"password":"correct horse"}"#)).await;
        let (_, client) = dana(world).await;
        begin_window(world, 900);
        for _ in 0..10 {
            delete(&client, "wrong horse").await.problem(401, "wrong_credentials");
        }
        delete(&client, "correct horse").await.problem(429, "too_many_attempts");
        // Counted for this device only.
        log_in(world, DANA, "correct horse").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn bad_input_deletes_nothing() {
    World::run(async |world| {
        let (_, client) = dana(world).await;
        for body in ["", "{", "[]", "null"] {
            client.send("DELETE", PATH, Some(body.as_bytes().to_vec())).await.problem(400, "invalid_request");
        }
        let surprise = json!({"password": "correct horse", "really": true}).to_string();
        assert_eq!(complaint(client.send("DELETE", PATH, Some(surprise.into_bytes())).await), "really");
        assert_eq!(complaint(client.send("DELETE", PATH, Some(b"{}".to_vec())).await), "password");
        client.get(PATH).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn an_account_with_an_upcoming_reservation_stays() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (_, client) = dana(world).await;
        client.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
        let paid = book(&client, &performance, &["A-1-1"]).await;
        delete(&client, "correct horse").await.problem(409, "has_reservations");
        client.get(PATH).await.expect(200);
        client.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        delete(&client, "correct horse").await.expect(204);
        // Nothing can be paid any more.
        let held = hold(&client, &performance, &["A-1-2"]).await.expect(201).text("holdId");
        pay(&client, &held).await.problem(401, "unauthenticated");
        let card = json!({"holdId": held, "method": "card", "cardToken": "tok_x"});
        client.post("/payments", card).await.problem(401, "unauthenticated");
    })
    .await;
}

/// No item contains the name or the address any more, except those that TTL collects.
#[tokio::test]
async fn no_personal_data_remains() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (_, client) = dana(world).await;
        client.put(PATH, json!({"name": "Persephone"})).await.expect(200);
        client.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
        let paid = book(&client, &performance, &["A-1-1"]).await;
        client.delete(&format!("/reservations/{}", paid.text("reservationId"))).await.expect(200);
        world.settle().await;
        delete(&client, "correct horse").await.expect(204);
        world.settle().await;
        assert_eq!(settled_door_list(world, &performance, "").await, ["—"]);
        let text = |item: &Item| format!("{item:?}").to_lowercase();
        let snapshot = Snapshot::of(world).await;
        assert_eq!(snapshot.of_kind("session").count(), 0);
        let left: Vec<_> = snapshot.items.iter().filter(|item| !item.contains_key("ttl")).map(text).collect();
        assert!(!left.iter().any(|item| item.contains(DANA)), "the address");
        // Former names remain until the last pass.
        let named: Vec<_> = left.iter().filter(|item| item.contains("persephone")).collect();
        assert!(named.iter().all(|item| item.contains("former_names")), "{named:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_deletions_delete_once() {
    World::run(async |world| {
        begin_window(world, 3600);
        let (_, client) = dana(world).await;
        let same = client.clone();
        world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
            delete(&same, "correct horse").await.expect(204);
        })));
        delete(&client, "correct horse").await.expect(204);
        sign_up(world, DANA).await;
        // A late retry does not touch the new account.
        delete(&client, "correct horse").await.expect(204);
        log_in(world, DANA, "correct horse").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_concurrently_refreshed_session_ends() {
    World::run(async |world| {
        let (session, client) = dana(world).await;
        world.wire.intercept(Some(Interlude::before_update("#renewed_at", async move {
            delete(&client, "correct horse").await.expect(204);
        })));
        let refreshed = refresh(world, &session).await;
        if refreshed.status == 200 {
            refresh(world, &refreshed).await.problem(401, "session_expired");
        }
        refresh(world, &session).await.problem(401, "session_expired");
    })
    .await;
}

#[tokio::test]
async fn an_organizers_shows_stay() {
    World::run(async |world| {
        let body = json!({"email": "organizer@example.com", "password": "frontrow-demo"});
        let session = world.anyone().post("/sessions", body).await.expect(200);
        let organizer = world.anyone().with_login(&session.text("accessToken"));
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        delete(&organizer, "frontrow-demo").await.expect(204);
        world.anyone().get(&show).await.expect(200);
        world.organizer().await.put(&show, show_details()).await.expect(200);
    })
    .await;
}

/// Of a concurrent deletion and payment, one succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_and_a_payment_exclude_each_other() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        for number in 0..6 {
            let email = format!("dana{number}@example.com");
            sign_up(world, &email).await;
            let token = log_in(world, &email, "correct horse").await.expect(200).text("accessToken");
            let client = world.anyone().with_login(&token);
            client.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
            let held = hold(&client, &performance, &[&format!("A-1-{}", number + 1)]).await.expect(201).text("holdId");
            let (deleted, paid) = tokio::join!(delete(&client, "correct horse"), pay(&client, &held));
            match (deleted.status, paid.status) {
                (204, 401) | (409, 201) => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

/// A card payment that is accepted between the check and the write of the deletion is undone, and its money refunded.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_purchase_accepted_during_the_deletion_is_undone() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (_, client) = dana(world).await;
        let held = hold(&client, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        let buyer = client.clone();
        world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
            let card = json!({"holdId": held, "method": "card", "cardToken": "tok_x"});
            buyer.post("/payments", card).await.expect(202);
        })));
        delete(&client, "correct horse").await.expect(204);
        world.wire.intercept(None);
        world.settle().await;
        let reservations = Snapshot::of(world).await.reservations();
        assert_eq!(reservations.len(), 1);
        assert_eq!(reservations[0].status, ReservationStatus::Cancelled);
        hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}
