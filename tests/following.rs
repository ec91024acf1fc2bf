//! Reservations of renamed and deleted members are updated, whatever messages arrive late, twice or not at all.

use crate::{
    conditions::{interlude::Unreached, machine::Machine},
    harness::{
        World,
        audit::{Item, Snapshot, text},
        book,
        client::Client,
        settled_door_list,
    },
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    member::{Name, Role},
    reservation::{Buyer, Reservation, ReservationStatus},
};
use frontrow_edge::Worker;
use frontrow_store::{Account, Store};
use frontrow_workers::{
    CancelReservations,
    limits::{MEMBER_FOLLOWED_EVERY_SECONDS, MEMBER_FOLLOWED_SECONDS},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Zoe, with points.
async fn zoe(world: &World) -> Client {
    let zoe = world.person("zoe@example.com", "Zoe", Role::Member).await;
    zoe.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);
    zoe.client
}

/// Renames the member, and waits until the name has arrived everywhere.
async fn rename(world: &World, client: &Client, name: &str) {
    client.put("/members/me", json!({"name": name})).await.expect(200);
    world.settle().await;
}

/// The message for the only renamed or deleted member.
async fn message(world: &World) -> Value {
    let snapshot = Snapshot::of(world).await;
    let changed = snapshot.of_kind("member").find(|item| item.contains_key("changed_at")).expect("a changed member");
    let at: i64 = changed["changed_at"].as_n().expect("a number").parse().expect("a number");
    json!({"kind": "member", "memberId": text(changed, "member_id"), "changedAt": at})
}

/// Processes `message` over `store`. Returns the number of failures.
async fn look(world: &World, store: &Store, message: &Value) -> usize {
    let worker = CancelReservations::new(store.clone(), world.stack.clock().clone(), world.stack.queues().sender());
    let event = json!({"Records": [
        {"messageId": "1", "body": message.to_string(), "attributes": {}, "messageAttributes": {}},
    ]});
    let reply = worker.handle(serde_json::from_value(event).expect("an event")).await.expect("a reply");
    world.settle().await;
    reply.batch_item_failures.len()
}

async fn look_later(world: &World, message: &Value) {
    world.advance_seconds(u32::try_from(MEMBER_FOLLOWED_EVERY_SECONDS).expect("short"));
    assert_eq!(look(world, &world.app().store, message).await, 0);
}

async fn reservations(world: &World) -> Vec<Reservation> {
    Snapshot::of(world).await.reservations()
}

#[tokio::test]
async fn former_names_are_forgotten_in_the_next_pass() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        book(&zoe, &performance, &["A-1-1"]).await;
        world.settle().await;
        rename(world, &zoe, "Yuna").await;
        assert_eq!(reservations(world).await[0].buyer.former_names.len(), 1);
        let message = message(world).await;
        look_later(world, &message).await;
        look_later(world, &message).await;
        assert!(reservations(world).await[0].buyer.former_names.is_empty());
        assert_eq!(settled_door_list(world, &performance, "").await, ["Yuna"]);
    })
    .await;
}

#[tokio::test]
async fn a_reservation_made_with_an_older_token_gets_the_new_name() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        rename(world, &zoe, "Yuna").await;
        book(&zoe, &performance, &["A-1-1"]).await;
        assert_eq!(settled_door_list(world, &performance, "").await, ["Zoe"], "as the access token says");
        look_later(world, &message(world).await).await;
        assert_eq!(settled_door_list(world, &performance, "").await, ["Yuna"]);
    })
    .await;
}

#[tokio::test]
async fn only_the_latest_message_does_the_work() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        rename(world, &zoe, "Yuna").await;
        let earlier = message(world).await;
        world.advance_seconds(1);
        rename(world, &zoe, "Xena").await;
        book(&zoe, &performance, &["A-1-1"]).await;
        look_later(world, &earlier).await;
        assert_eq!(settled_door_list(world, &performance, "").await, ["Zoe"]);
        look_later(world, &message(world).await).await;
        assert_eq!(settled_door_list(world, &performance, "").await, ["Xena"]);
    })
    .await;
}

#[tokio::test]
async fn a_failed_pass_is_repeated() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        rename(world, &zoe, "Yuna").await;
        book(&zoe, &performance, &["A-1-1"]).await;
        let message = message(world).await;
        let dead = Machine::behind(world, Arc::new(Unreached("UpdateItem")));
        assert_eq!(look(world, dead.store(), &message).await, 1);
        assert_eq!(settled_door_list(world, &performance, "").await, ["Zoe"]);
        assert_eq!(look(world, &world.app().store, &message).await, 0);
        assert_eq!(settled_door_list(world, &performance, "").await, ["Yuna"]);
    })
    .await;
}

/// The last pass is late, too: it still updates the remaining reservations, and passes once more.
#[tokio::test]
async fn a_late_last_pass_still_updates() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        book(&zoe, &performance, &["A-1-1"]).await;
        let id = reservations(world).await[0].reservation_id.clone();
        zoe.delete(&format!("/reservations/{id}")).await.expect(200);
        world.settle().await;
        let store = &world.app().store;
        let member = zoe.get("/members/me").await.expect(200).text("memberId").parse().expect("an id");
        let Account::Live(known) = store.account(&member).await.expect("read") else { panic!("it exists") };
        store.delete_member(&known, world.stack.clock().now()).await.expect("deleted");
        world.settle().await;
        let message = message(world).await;
        world.advance_seconds(u32::try_from(MEMBER_FOLLOWED_SECONDS).expect("short"));
        look_later(world, &message).await;
        let left = reservations(world).await.remove(0);
        assert_eq!((left.status, left.buyer.former_names.len()), (ReservationStatus::Cancelled, 0));
        assert!(left.buyer.email.is_erased());
        let left = format!("{:?}", Snapshot::of(world).await.items.iter().filter(is_kept).collect::<Vec<_>>());
        assert!(!left.contains("Zoe") && !left.contains("zoe@"), "{left}");
    })
    .await;
}

/// Mails that are queued or created later; a refund still reaches the wallet.
#[tokio::test]
async fn an_erased_buyer_gets_no_mail() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        let paid = book(&zoe, &performance, &["A-1-1"]).await.text("reservationId");
        world.settle().await;
        let (before, left) = (world.mails_to("zoe@example.com").await.len(), reservations(world).await.remove(0));
        world.app().store.replace_buyer(&left, &left.buyer.clone().erased()).await.expect("erased");
        zoe.post(&format!("/reservations/{paid}/ticket-mail"), json!(null)).await.expect(202);
        let cancelled = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&cancelled, json!({"reason": "Rain"})).await.expect(202);
        assert_eq!(world.mails_to("zoe@example.com").await.len(), before);
        assert!(world.mails_to("deleted@account.invalid").await.is_empty());
        assert_eq!(zoe.get("/points").await.expect(200).number("balance"), 200_000);
    })
    .await;
}

/// Whether the item is not subject to TTL.
fn is_kept(item: &&Item) -> bool {
    !item.contains_key("ttl")
}

/// A late projector also listed the reservation under a former name and counted it twice.
#[tokio::test]
async fn a_duplicate_door_row_is_removed() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let zoe = zoe(world).await;
        book(&zoe, &performance, &["A-1-1"]).await;
        world.settle().await;
        let (client, table) = (world.stack.engine().dynamodb(), world.app().config.table_name.clone());
        let put = async |item: Item| {
            client.put_item().table_name(&table).set_item(Some(item)).send().await.expect("the engine writes");
        };
        let snapshot = Snapshot::of(world).await;
        let mut row = snapshot.of_kind("door_row").next().expect("a row").clone();
        let elsewhere = text(&row, "sk").replace("zoe", "yuna");
        row.insert("sk".to_owned(), AttributeValue::S(elsewhere));
        put(row).await;
        for sum in snapshot.items.iter().filter(|item| text(item, "pk").starts_with("sales#")) {
            let mut doubled = sum.clone();
            for field in ["seats", "amount"] {
                let once: i64 = sum[field].as_n().expect("a number").parse().expect("a number");
                doubled.insert(field.to_owned(), AttributeValue::N((2 * once).to_string()));
            }
            put(doubled).await;
        }
        let reservation = reservations(world).await.remove(0);
        let former_names = vec![Name::try_from("Yuna".to_owned()).expect("a name")];
        let next = Buyer { former_names, ..reservation.buyer.clone() };
        world.app().store.replace_buyer(&reservation, &next).await.expect("written");
        assert_eq!(settled_door_list(world, &performance, "").await, ["Zoe"]);
        // The audit of every test compares the sums with the reservations.
    })
    .await;
}
