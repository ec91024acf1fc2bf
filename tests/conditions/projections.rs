//! Guards of what is derived, and of an organizer's cancellation.

use super::{Found, ensure, interlude::Interlude, machine::Machine};
use crate::harness::{World, audit::Snapshot, book, hold, performance_details, show_details};
use frontrow_store::{DirtyReservation, keys::Part};
use serde_json::{Value, json};
use std::time::Duration;

/// One whose map is a projection.
fn large_house() -> Value {
    json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 1_000, "rows": 21, "seatsPerRow": 100}]})
}

/// A projector that read a reservation before its member cancelled it writes after another that read it since.
pub(super) async fn a_slow_projector_undoes_nothing(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let path = format!("/reservations/{}", book(&person, &performance, &["A-1-1"]).await.text("reservationId"));
    world.settle().await;
    let snapshot = Snapshot::of(world).await;
    snapshot.forget_derived(world).await;
    let reservation = snapshot.reservations().remove(0);
    let dirty = DirtyReservation {
        member_id: reservation.buyer.member_id,
        reservation_id: reservation.reservation_id,
        name: reservation.buyer.name,
    };
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
    let performance = world.performance(json!({"seating": large_house()})).await;
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

/// By the stack's projector and by this one, whoever is first.
pub(super) async fn a_reservation_is_shown_and_shown_anew(world: &World) -> Found {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let reservation = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
    let dirty = DirtyReservation {
        member_id: person.identity.member_id,
        reservation_id: reservation.parse().expect("an id"),
        name: person.identity.name.clone(),
    };
    let project = async || world.app().store.project_reservations(std::slice::from_ref(&dirty)).await;
    project().await.map_err(|error| format!("a reservation is not shown: {error}"))?;
    person.delete(&format!("/reservations/{reservation}")).await.expect(200);
    project().await.map_err(|error| format!("its cancellation is not shown: {error}"))?;
    let notices = person.get("/notices").await.expect(200).items().len();
    ensure(notices == 2, || format!("a payment and a cancellation are {notices} notices"))
}

/// The same of a part of a large house.
pub(super) async fn a_part_is_shown_and_shown_anew(world: &World) -> Found {
    let performance = world.performance(json!({"seating": large_house()})).await;
    let part = Part { performance_id: performance.parse().expect("an id"), layout: 1, number: 0 };
    for seat in ["A-1-1", "A-1-2"] {
        hold(&world.member(0).await, &performance, &[seat]).await.expect(201);
        let failed = world.app().store.project_parts([part.clone()], world.stack.clock().now()).await;
        ensure(failed.is_empty(), || format!("{seat} is not shown: {failed:?}"))?;
    }
    Ok(())
}

/// The date under the show is where the performance is, whatever came between the read of it and the write of its mark.
pub(super) async fn a_performance_is_cancelled_where_it_was_moved_to(world: &World) -> Found {
    let (organizer, details) = (world.organizer().await, performance_details(world.app(), json!({})));
    let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
    let made = organizer.post(&format!("{show}/performances"), details.clone()).await.expect(201);
    let path = format!("/performances/{}", made.text("performanceId"));
    let (client, same) = (organizer.client.clone(), path.clone());
    world.wire.meddle(Some(Interlude::before("TransactWriteItems", async move {
        let mut later = details;
        later["startsAt"] = json!("2099-06-01T10:00:00Z");
        client.put(&same, later).await.expect(200);
    })));
    organizer.post(&format!("{path}/cancellation"), json!({"reason": "Rain"})).await.expect(202);
    Snapshot::of(world).await.check()
}
