//! Guards of projections and of an organizer's cancellation.

use super::{
    GuardResult, ensure,
    interlude::{Action, Interlude, Interludes},
    machine::Machine,
};
use crate::harness::{
    World,
    audit::Snapshot,
    book, hold, performance_details, show_details,
    wire::{Answering, Execute, Interceptor, buffered},
};
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use frontrow_domain::{
    ids::PerformanceId,
    member::{Name, Role},
    performance::Reason,
    reservation::{Buyer, Reservation},
};
use frontrow_store::{DirtyReservation, PageRequest, keys::Part};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A performance whose map is a projection.
fn large_house() -> Value {
    json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 1_000, "rows": 21, "seatsPerRow": 100}]})
}

/// A projector that read a reservation before its member cancelled it writes after another projector that read it
/// later.
pub(super) async fn a_slow_projector_undoes_nothing(world: &World) -> GuardResult {
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
            // Until the stream's own projector has reported it: it will not return and repair the work of the slow
            // one.
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

/// A projector that read a block before one of its seats was taken writes after another projector that read it later.
pub(super) async fn a_slow_projector_shows_nothing_old(world: &World) -> GuardResult {
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
            // Until the stream's own projector has reported it.
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

/// Two organizers cancel a performance concurrently, each with their own reason: one of the reasons stands, and both
/// organizers get it in the response.
pub(super) async fn the_first_reason_stands(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let (first, second) = (world.organizer().await, world.organizer().await);
    let path = format!("/performances/{performance}/cancellation");
    world.settle().await;
    let (client, same) = (first.client.clone(), path.clone());
    world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
        client.post(&same, json!({"reason": "Rain"})).await.expect(202);
    })));
    let reason = second.post(&path, json!({"reason": "Snow"})).await.expect(202).text("reason");
    ensure(reason == "Rain", || format!("the first reason was Rain, but the second organizer got {reason}"))
}

/// The only reservation, bought by Zoe.
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

/// A follower read a reservation before its buyer's name changed twice, and then applies the first change.
pub(super) async fn a_late_update_keeps_former_names(world: &World) -> GuardResult {
    let (store, before) = (&world.app().store, zoe(world).await);
    store.replace_buyer(&before, &renamed(&before, "Yuna")).await.map_err(|error| error.to_string())?;
    world.settle().await;
    let late = store.replace_buyer(&before, &renamed(&before, "Xena")).await;
    world.settle().await;
    ensure(late.is_err(), || "a name is forgotten by which the door list has the reservation".to_owned())
}

/// A projector that is about to move a row writes after other projectors moved it twice.
pub(super) async fn a_row_is_moved_by_one_projector(world: &World) -> GuardResult {
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
    let nothing: Action = Box::pin(async {});
    let to_yuna: Action = Box::pin(async move {
        rename.replace_buyer(&first, &next).await.expect("renamed");
    });
    let to_xena: Action = Box::pin(async move {
        listed("yuna").await;
        again.replace_buyer(&second, &third).await.expect("renamed");
        listed("xena").await;
    });
    let steps = vec![("BatchGetItem", nothing), ("BatchGetItem", to_yuna), ("TransactWriteItems", to_xena)];
    let slow = Machine::behind(world, Interludes::new(steps));
    slow.store().project_reservations(&[dirty]).await.map_err(|error| error.to_string())?;
    world.settle().await;
    let rows = Snapshot::of(world).await.of_kind("door_row").count();
    ensure(rows == 1, || format!("one reservation has {rows} rows"))
}

/// By the stack's projector and by this one, whichever is first.
pub(super) async fn a_reservation_is_shown_and_shown_anew(world: &World) -> GuardResult {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let reservation = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
    let dirty = DirtyReservation {
        member_id: person.identity.member_id,
        reservation_id: reservation.parse().expect("an id"),
        names: vec![person.identity.name.clone()],
    };
    let project = async || world.app().store.project_reservations(std::slice::from_ref(&dirty)).await;
    project().await.map_err(|error| format!("a reservation is not shown: {error}"))?;
    person.delete(&format!("/reservations/{reservation}")).await.expect(200);
    project().await.map_err(|error| format!("its cancellation is not shown: {error}"))?;
    let notices = person.get("/notices").await.expect(200).items().len();
    ensure(notices == 2, || format!("a payment and a cancellation are {notices} notices"))
}

/// The same for a part of a large house.
pub(super) async fn a_part_is_shown_and_shown_anew(world: &World) -> GuardResult {
    let performance = world.performance(json!({"seating": large_house()})).await;
    let part = Part { performance_id: performance.parse().expect("an id"), layout: 1, number: 0 };
    for seat in ["A-1-1", "A-1-2"] {
        hold(&world.member(0).await, &performance, &[seat]).await.expect(201);
        let failed = world.app().store.project_parts([part.clone()], world.stack.clock().now()).await;
        ensure(failed.is_empty(), || format!("{seat} is not shown: {failed:?}"))?;
    }
    Ok(())
}

/// The date under the show follows the performance, whatever happens between its read and the write of its mark.
pub(super) async fn a_performance_is_cancelled_where_it_was_moved_to(world: &World) -> GuardResult {
    let (organizer, mut details) = (world.organizer().await, performance_details(world.app(), json!({})));
    let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
    let made = organizer.post(&format!("{show}/performances"), details.clone()).await.expect(201);
    let id: PerformanceId = made.text("performanceId").parse().expect("an id");
    let (late, now) = (Machine::behind(world, Arc::new(LateRead::default())), world.stack.clock().now());
    late.store().cancellation(&id, now).await.map_err(|error| error.to_string())?;
    details["startsAt"] = json!("2099-06-01T10:00:00Z");
    organizer.put(&format!("/performances/{id}"), details).await.expect(200);
    let reason = Reason::try_from("Rain".to_owned()).expect("a reason");
    late.store().cancel_performance(&id, &reason, now).await.map_err(|error| error.to_string())?;
    Snapshot::of(world).await.check()
}

/// Returns the first result for each consistent read of a performance, until the first transaction.
#[derive(Default)]
struct LateRead {
    earlier: Arc<Mutex<Option<String>>>,
    is_over: AtomicBool,
}

impl Interceptor for LateRead {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        if operation == "TransactWriteItems" {
            self.is_over.store(true, Ordering::SeqCst);
        }
        let is_read = operation == "GetItem" && request["ConsistentRead"] == true;
        let is_it = is_read && request["Key"].to_string().contains("performance#");
        if !is_it || self.is_over.load(Ordering::SeqCst) {
            return execute();
        }
        let earlier = Arc::clone(&self.earlier);
        Box::pin(async move {
            let before = earlier.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(text) = before {
                return Ok(HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(text)));
            }
            let (response, text) = buffered(execute().await?).await?;
            *earlier.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            Ok(response)
        })
    }
}
