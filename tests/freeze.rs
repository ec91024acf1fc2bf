//! Organizers against buyers and against each other: moving, re-seating and deleting while members book, with crashes
//! midway. The audit after each test looks for tickets without a house, and for inconsistent dates, slots and shows.

mod late;
mod moves;

use crate::harness::{
    Person, World, book, hold, pay, performance_details,
    process::{Response, call},
    show_details,
    wire::{Answering, Execute, Interceptor, Wire},
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use frontrow_edge::{App, Method};
use frontrow_store::limits::FREEZE_LEASE_SECONDS;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// The fate of the first transactions of a process.
#[derive(Clone, Copy)]
pub(crate) enum First {
    /// Late, but it arrives.
    Late(Duration),
    /// Late and lost.
    Lost(Duration),
}

struct Delayed {
    first: First,
    seen: AtomicU32,
}

impl Interceptor for Delayed {
    fn intercept(&self, operation: &str, _: &Value, execute: Execute) -> Answering {
        let mine = operation == "TransactWriteItems" && self.seen.fetch_add(1, Ordering::Relaxed) == 0;
        let first = mine.then_some(self.first);
        Box::pin(async move {
            match first {
                None => {}
                Some(First::Late(time)) => tokio::time::sleep(time).await,
                Some(First::Lost(time)) => {
                    tokio::time::sleep(time).await;
                    return Err(ConnectorError::timeout("the request is lost".into()));
                }
            }
            execute().await
        })
    }
}

/// Another process over the same table, whose first transaction has this fate.
pub(crate) fn process(world: &World, first: First) -> App {
    process_behind(world, Arc::new(Delayed { first, seen: AtomicU32::new(0) }))
}

/// As [`process`], but all its calls go through `interceptor`.
pub(crate) fn process_behind(world: &World, interceptor: Arc<dyn Interceptor>) -> App {
    let wire = Wire::default();
    wire.intercept(Some(interceptor));
    process_on(world, &wire)
}

/// As [`process`], but its calls go over `wire`.
pub(crate) fn process_on(world: &World, wire: &Wire) -> App {
    let aws = world.stack.engine();
    let http = wire.around(aws.http());
    App::new(world.app().config.clone(), &aws.through(http), world.stack.clock().clone())
}

/// Holds `A-1-1` through that process.
fn holding(app: App, person: &Person, performance: &str) -> impl Future<Output = Response> + Send + 'static {
    let login = format!("Bearer {}", app.tokens.access(&person.identity));
    let path = format!("/performances/{performance}/holds");
    async move { call(&app, &Method::POST, &path, &[("authorization", &login)], &json!({"seatIds": ["A-1-1"]})).await }
}

/// A hold already in flight is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_in_flight_prevents_a_delete() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, organizer) = (world.member(100_000).await, world.organizer().await);
        let slow = process(world, First::Late(Duration::from_millis(2_500)));
        let holding = tokio::spawn(holding(slow, &person, &performance));
        tokio::time::sleep(Duration::from_millis(300)).await;
        organizer.delete(&format!("/performances/{performance}")).await.problem(409, "has_reservations");
        let held = holding.await.expect("a response");
        assert_eq!(held.status, 201, "{held:?}");
        pay(&person, &held.text("holdId")).await.expect(201);
    })
    .await;
}

/// A hold that would be retried too late checks again and is not sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_hold_is_refused_after_a_delete() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, organizer) = (world.member(0).await, world.organizer().await);
        let slow = process(world, First::Lost(Duration::from_millis(2_500)));
        let holding = tokio::spawn(holding(slow, &person, &performance));
        tokio::time::sleep(Duration::from_millis(300)).await;
        organizer.delete(&format!("/performances/{performance}")).await.expect(204);
        let refused = holding.await.expect("a response");
        assert_eq!((refused.status, &refused.json["code"]), (503, &json!("busy")));
    })
    .await;
}

/// Buys a seat as soon as possible; `false` if the house is gone or changed.
async fn retry_while_busy(person: Person, performance: String, seat: String) -> bool {
    for _ in 0..60 {
        let held = hold(&person.once(), &performance, &[&seat]).await;
        match held.status {
            201 => return pay(&person, &held.text("holdId")).await.status == 201,
            503 => tokio::time::sleep(Duration::from_millis(150)).await,
            404 => return false,
            _ => panic!("{held:?}"),
        }
    }
    panic!("never open again")
}

/// Twenty buyers, shortly after each other, against one change of the house.
async fn crowd(world: &World, performance: &str, begin: Duration) -> JoinSet<bool> {
    let mut buyers = JoinSet::new();
    for number in 0..20_u32 {
        let person = world.member(100_000).await;
        let (performance, seat) = (performance.to_owned(), format!("B-{}-{}", number / 10 + 1, number % 10 + 1));
        buyers.spawn(async move {
            tokio::time::sleep(begin + Duration::from_millis(u64::from(number) * 20)).await;
            retry_while_busy(person, performance, seat).await
        });
    }
    buyers
}

/// C7: whatever happens, nobody has a ticket for a deleted performance.
#[tokio::test(flavor = "multi_thread")]
async fn a_delete_among_twenty_holds_leaves_no_orphaned_ticket() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for begin in [0, 40, 400] {
            let performance = world.performance(json!({})).await;
            let path = format!("/performances/{performance}");
            let buyers = crowd(world, &performance, Duration::from_millis(begin)).await;
            let deleted = organizer.delete(&path).await;
            let bought = buyers.join_all().await.into_iter().filter(|bought| *bought).count();
            match deleted.status {
                204 => assert_eq!(bought, 0, "tickets of a deleted performance"),
                409 => assert_eq!(bought, 20, "it stayed on sale"),
                _ => panic!("{deleted:?}"),
            }
        }
    })
    .await;
}

/// The same for another house: buyers get seats that exist, at their price.
#[tokio::test(flavor = "multi_thread")]
async fn new_seating_among_twenty_holds_sells_only_existing_seats() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for begin in [0, 40, 400] {
            let performance = world.performance(json!({})).await;
            let path = format!("/performances/{performance}");
            let start = organizer.get(&path).await.json["startsAt"].clone();
            let seating = json!({"type": "numbered", "sections": [
                {"name": "B", "grade": "R", "price": 70_000, "rows": 2, "seatsPerRow": 10}]});
            let body = performance_details(world.app(), json!({"startsAt": start, "seating": seating}));
            let buyers = crowd(world, &performance, Duration::from_millis(begin)).await;
            let changed = organizer.put(&path, body).await;
            let bought = buyers.join_all().await.into_iter().filter(|bought| *bought).count();
            assert_eq!(bought, 20);
            let sold = world.anyone().get(&path).await.json["grades"].as_array().unwrap().clone();
            let price = sold.iter().find(|grade| grade["grade"] == "R").unwrap()["price"].clone();
            match changed.status {
                200 => assert_eq!(price, 70_000),
                409 => assert_eq!(price, 30_000),
                _ => panic!("{changed:?}"),
            }
        }
    })
    .await;
}

/// Two concurrent changes: one of them is applied, as a whole.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_changes_one_applies_as_a_whole() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let details =
            |n: i64| json!({"title": format!("T{n}"), "category": "play", "venue": "Hall", "runningMinutes": n});
        let show = organizer.post("/shows", details(1)).await.expect(201).header("location");
        let body = |n: i64| {
            performance_details(
                world.app(),
                json!({"startsAt": "2099-01-01T10:00:00Z",
            "holdSeconds": 60 + n, "maxSeatsPerMember": 1 + n, "waitingRoom": {"maxActive": 100 + n}}),
            )
        };
        let path = organizer.post(&format!("{show}/performances"), body(0)).await.expect(201).header("location");
        let mut puts = JoinSet::new();
        for n in 1..=10 {
            let (organizer, path, show) = (organizer.clone(), path.clone(), show.clone());
            let (body, details) = (body(n), details(n));
            puts.spawn(async move {
                organizer.put(&path, body).await.expect(200);
                organizer.put(&show, details).await
            });
        }
        let replies = puts.join_all().await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        world.advance_seconds(2);
        let after = organizer.get(&path).await.expect(200);
        let n = after.number("holdSeconds") - 60;
        assert!((1..=10).contains(&n));
        assert_eq!(after.number("maxSeatsPerMember"), 1 + n);
        assert_eq!(after.json["waitingRoom"]["maxActive"], 100 + n);
        let show = organizer.get(&show).await.expect(200);
        assert_eq!(show.text("title"), format!("T{}", show.number("runningMinutes")));
    })
    .await;
}

/// C3: of twenty performances for one slot one is created, whichever show it belongs to; of twenty dates of one show,
/// all are.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_concurrent_organizers_share_no_slot() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut creates = JoinSet::new();
        for n in 0..20 {
            let mut details = show_details();
            details["venue"] = json!(if n % 2 == 0 { "One Hall" } else { "  One Hall  " });
            let show = organizer.post("/shows", details).await.expect(201).header("location");
            let body = performance_details(world.app(), json!({"startsAt": "2099-01-01T10:00:00Z"}));
            let organizer = organizer.clone();
            creates.spawn(async move { organizer.post(&format!("{show}/performances"), body).await });
        }
        let replies = creates.join_all().await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        for lost in replies.into_iter().filter(|reply| reply.status != 201) {
            lost.problem(409, "slot_taken");
        }
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let mut creates = JoinSet::new();
        for day in 1..=20 {
            let at = format!("2099-03-{day:02}T10:00:00Z");
            let body = performance_details(world.app(), json!({"startsAt": at}));
            let (organizer, show) = (organizer.clone(), show.clone());
            creates.spawn(async move { organizer.post(&format!("{show}/performances"), body).await });
        }
        assert!(creates.join_all().await.iter().all(|reply| reply.status == 201));
        assert_eq!(world.anyone().all(&format!("{show}/performances")).await.len(), 20);
    })
    .await;
}

/// The organizer's request is dead: the performance is on sale again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn sales_resume_by_themselves_after_a_crash() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, now) = (world.member(100_000).await, world.stack.clock().now());
        let id = performance.parse().expect("an id");
        let dying = world.app().store.delete_performance(&id, now);
        assert!(tokio::time::timeout(Duration::from_secs(1), dying).await.is_err(), "it waits longer");
        hold(&person.once(), &performance, &["A-1-1"]).await.problem(503, "busy");
        let path = format!("/performances/{performance}");
        world.organizer().await.once().delete(&path).await.problem(503, "busy");
        world.advance_seconds(u32::try_from(FREEZE_LEASE_SECONDS).unwrap());
        book(&person, &performance, &["A-1-1"]).await;
        world.organizer().await.delete(&path).await.problem(409, "has_reservations");
    })
    .await;
}

/// A verification is used once: by a sign-up or by a reset, never by both.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_either_signs_up_or_resets() {
    World::run(async |world| {
        for round in 0..8 {
            let email = format!("dana{round}@example.com");
            let asked = world.anyone().post("/email-verifications", json!({"email": email})).await.expect(202);
            let id = asked.text("verificationId");
            let code = world.app().codes.verification_code(&id.parse().unwrap());
            let reset = json!({"verificationId": id, "code": code, "password": "battery staple"});
            let mut sign_up = reset.clone();
            sign_up.as_object_mut().unwrap().extend([
                ("email".to_owned(), json!(email)),
                ("name".to_owned(), json!("Dana")),
                ("password".to_owned(), json!("correct horse")),
            ]);
            let (one, two) = (world.anyone(), world.anyone());
            let (signed, changed) = tokio::join!(one.post("/members", sign_up), two.put("/members/password", reset));
            signed.expect(201);
            assert!(matches!(changed.status, 404 | 410), "{changed:?}");
            let login = json!({"email": email, "password": "correct horse"});
            world.anyone().post("/sessions", login).await.expect(200);
        }
    })
    .await;
}

/// Of ten resets with one code, one succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_resets_one_password() {
    World::run(async |world| {
        let person = world.member(0).await;
        let email = person.identity.email.to_string();
        let asked = world.anyone().post("/email-verifications", json!({"email": email})).await.expect(202);
        let id = asked.text("verificationId");
        let code = world.app().codes.verification_code(&id.parse().unwrap());
        let mut resets = JoinSet::new();
        for n in 0..10 {
            let body = json!({"verificationId": id, "code": code, "password": format!("password {n}")});
            let client = world.anyone();
            resets.spawn(async move { (n, client.put("/members/password", body).await) });
        }
        let (done, rest): (Vec<_>, Vec<_>) =
            resets.join_all().await.into_iter().partition(|(_, reply)| reply.status == 204);
        assert_eq!(done.len(), 1);
        for (_, reply) in rest {
            reply.problem(410, "verification_expired");
        }
        let login = json!({"email": email, "password": format!("password {}", done[0].0)});
        world.anyone().post("/sessions", login).await.expect(200);
    })
    .await;
}
