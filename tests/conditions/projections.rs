//! Guards of what is derived, and of an organizer's cancellation.

use super::{
    Found, ensure,
    interlude::{Happening, Interlude, Interludes},
    machine::Machine,
};
use crate::harness::{World, audit::Snapshot, book, hold};
use frontrow_domain::{
    member::{Name, Role},
    reservation::{Buyer, Reservation},
};
use frontrow_store::{DirtyReservation, PageRequest, keys::Part};
use serde_json::json;
use std::time::Duration;

/// A projector that read a reservation before its member cancelled it writes after another that read it since.
pub(super) async fn a_slow_projector_undoes_nothing(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
    world.settle().await;
    let snapshot = Snapshot::of(world).await;
    snapshot.forget_derived(world).await;
    let reservation = snapshot.reservations().remove(0);
    let dirty = DirtyReservation::of(&reservation);
    let client = person.client.clone();
    let slow = Machine::behind(
        world,
        Interlude::before("TransactWriteItems", async move {
            client.delete(&path).await.expect(200);
            // Until the stream's own projector has told of it: it will not come back and mend what the slow one does.
            for _ in 0..100 {
                let notices = client.get("/notices").await.expect(200).items();
                if notices.iter().any(|notice| notice["type"] == "reservation_cancelled") {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }),
    );
    slow.store().project_reservations(&[dirty]).await.map_err(|error| error.to_string())?;
    world.settle().await;
    Snapshot::of(world).await.projections_are_true()
}

/// A projector that read a block before a seat of it was taken writes after another that read it since.
pub(super) async fn a_slow_projector_shows_nothing_old(world: &World) -> Found {
    let seating = json!({"type": "numbered", "sections": [
        {"name": "A", "grade": "R", "price": 1_000, "rows": 21, "seatsPerRow": 100}]});
    let performance = world.performance(json!({"seating": seating})).await;
    hold(&world.member(0).await, &performance, &["A-1-1"]).await.expect(201);
    world.settle().await;
    let part = Part { performance_id: performance.parse().expect("an id"), layout: 1, number: 0 };
    let (late, path) = (world.member(0).await, format!("/performances/{performance}/seats"));
    let (anyone, clock) = (world.anyone(), world.stack.clock().clone());
    let slow = Machine::behind(
        world,
        Interlude::before("PutItem", async move {
            hold(&late, &performance, &["A-1-2"]).await.expect(201);
            // Until the stream's own projector has told of it.
            for _ in 0..100 {
                clock.advance_seconds(1);
                let map = anyone.get(&path).await.expect(200).json;
                if map["seats"][1]["status"] == "held" {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }),
    );
    let now = world.stack.clock().now();
    let failed = slow.store().project_parts([part], now).await;
    ensure(failed.is_empty(), || format!("not projected: {failed:?}"))?;
    Snapshot::of(world).await.maps_are_true(world.stack.clock().now())
}

/// Two organizers cancel a performance at once, each with a reason of his own: one of them stands, and both are told it.
pub(super) async fn the_first_reason_stands(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let (first, second) = (world.organizer().await, world.organizer().await);
    let path = format!("/performances/{performance}/cancellation");
    world.settle().await;
    let (client, same) = (first.client.clone(), path.clone());
    world.wire.meddle(Some(Interlude::before("TransactWriteItems", async move {
        client.post(&same, json!({"reason": "Rain"})).await.expect(202);
    })));
    let told = second.post(&path, json!({"reason": "Snow"})).await.expect(202).text("reason");
    ensure(told == "Rain", || format!("the first reason was Rain, but the second organizer is told {told}"))
}

/// The only reservation there is, of somebody called Zoe.
async fn zoe(world: &World) -> Reservation {
    let performance = world.performance(json!({})).await;
    let person = world.person("zoe@example.com", "Zoe", Role::Member).await;
    person.post("/points/top-ups", json!({"amount": 100_000})).await.expect(201);
    book(&person, &performance, &["A-1-1"]).await;
    world.settle().await;
    Snapshot::of(world).await.reservations().remove(0)
}

fn renamed(reservation: &Reservation, name: &str) -> Buyer {
    reservation.buyer.clone().renamed(Name::try_from(name.to_owned()).expect("a name"))
}

/// Somebody read a reservation before its buyer's name changed twice, and makes it follow the first change.
pub(super) async fn a_late_follower_forgets_no_name(world: &World) -> Found {
    let (store, before) = (&world.app().store, zoe(world).await);
    store.follow(&before, &renamed(&before, "Yuna")).await.map_err(|error| error.to_string())?;
    world.settle().await;
    let late = store.follow(&before, &renamed(&before, "Xena")).await;
    world.settle().await;
    ensure(late.is_err(), || "a name is forgotten by which the door list has the reservation".to_owned())
}

/// A projector that is about to move a row writes after others moved it twice.
pub(super) async fn a_row_is_moved_by_one_projector(world: &World) -> Found {
    let first = zoe(world).await;
    let (store, rows) = (world.app().store.clone(), world.app().store.clone());
    let second = Reservation { buyer: renamed(&first, "Yuna"), ..first.clone() };
    let third = renamed(&second, "Xena");
    let (id, dirty) = (first.reservation_id.performance().clone(), DirtyReservation::of(&second));
    let listed = async move |name: &'static str| {
        let page = PageRequest { limit: 10, after: None };
        for _ in 0..500 {
            let found = rows.door_list(&id, name, &page, page.limit, |_| true).await.expect("a door list");
            if !found.items.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{name} is not in the door list");
    };
    let (rename, again, next) = (store.clone(), store, second.buyer.clone());
    let nothing: Happening = Box::pin(async {});
    let to_yuna: Happening = Box::pin(async move {
        rename.follow(&first, &next).await.expect("renamed");
    });
    let to_xena: Happening = Box::pin(async move {
        listed("yuna").await;
        again.follow(&second, &third).await.expect("renamed");
        listed("xena").await;
    });
    let steps = vec![("BatchGetItem", nothing), ("BatchGetItem", to_yuna), ("TransactWriteItems", to_xena)];
    let slow = Machine::behind(world, Interludes::new(steps));
    slow.store().project_reservations(&[dirty]).await.map_err(|error| error.to_string())?;
    world.settle().await;
    let rows = Snapshot::of(world).await.of_kind("door_row").count();
    ensure(rows == 1, || format!("one reservation has {rows} rows"))
}
