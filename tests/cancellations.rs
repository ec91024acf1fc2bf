//! An organizer's cancellation with everything that can interfere: many reservations, members who cancel or pay at
//! the same time, functions that die. Everybody is refunded once and notified once.

use crate::conditions::interlude::Interlude;
use crate::harness::{
    NEVER, Person, World,
    audit::{Item, Snapshot, text},
    book, hold, pay,
    wire::{Answering, Execute, Interceptor},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_edge::entropy;
use frontrow_local::Options;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Number of reservations of the largest cancellation.
const CROWD: u32 = 5_000;
/// Seats of a section, which is one block.
const SECTION: u32 = 1_000;

/// The value with some words replaced, wherever they occur.
fn renamed(value: AttributeValue, names: &[(String, String)]) -> AttributeValue {
    match value {
        AttributeValue::S(text) => {
            AttributeValue::S(names.iter().fold(text, |text, (from, to)| text.replace(from, to)))
        }
        AttributeValue::L(list) => AttributeValue::L(list.into_iter().map(|value| renamed(value, names)).collect()),
        AttributeValue::M(map) => {
            AttributeValue::M(map.into_iter().map(|(name, value)| (name, renamed(value, names))).collect())
        }
        other => other,
    }
}

/// A performance with [`CROWD`] reservations of as many members. The first of each section is booked as usual. The
/// others are copied from it, item by item, because booking them all would take minutes.
async fn crowded(world: &World) -> String {
    let section = |name: &str| json!({"name": name, "grade": "R", "price": 30_000, "rows": 10, "seatsPerRow": 100});
    let names = ["A", "B", "C", "D", "E"];
    let seating = json!({"type": "numbered", "sections": names.map(section)});
    let performance = world.performance(json!({"seating": seating})).await;
    for name in names {
        let person = world.member(30_000).await;
        let reservation = book(&person, &performance, &[&format!("{name}-1-1")]).await.text("reservationId");
        world.settle().await;
        let member = person.identity.member_id.to_string();
        let hold = reservation["r-".len()..].split('.').next().expect("an id").to_owned();
        let snapshot = Snapshot::of(world).await;
        let is_theirs = |item: &&Item| {
            let (pk, sk) = (text(item, "pk"), text(item, "sk"));
            let own = ["wallet", "entry#", "stake#", "reservation#"].iter().any(|kind| sk.starts_with(kind));
            (pk == format!("member#{member}") && own) || text(item, "hold_id").contains(&hold)
        };
        let models: Vec<Item> = snapshot.items.iter().filter(is_theirs).cloned().collect();
        assert_eq!(models.len(), 6, "wallet, two entries, stake, reservation, seat");
        let mut items = Vec::new();
        for number in 1..SECTION {
            let seat = format!("{name}-{}-{}", number / 100 + 1, number % 100 + 1);
            let names = [
                (member.clone(), entropy::fresh_uuid().to_string()),
                (hold.clone(), entropy::fresh_uuid().simple().to_string()),
                (format!("{name}-1-1"), seat),
                (person.identity.email.as_str().to_owned(), format!("{name}{number}@example.com")),
            ];
            let copy =
                |model: &Item| model.iter().map(|(key, it)| (key.clone(), renamed(it.clone(), &names))).collect();
            items.extend(models.iter().map(copy));
        }
        world.put_all(&items).await;
    }
    performance
}

/// Every n-th cancellation of a reservation kills the function that makes it: before or after it reached the table.
#[derive(Default)]
struct CrashEvery {
    every: usize,
    seen: AtomicUsize,
    died: AtomicUsize,
}

impl Interceptor for Arc<CrashEvery> {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering {
        let cancels = operation == "TransactWriteItems" && request.to_string().contains("cancel_reason");
        let number = if cancels { self.seen.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let dies = number > 0 && number.is_multiple_of(self.every);
        if dies {
            self.died.fetch_add(1, Ordering::Relaxed);
        }
        let before = (number / self.every).is_multiple_of(2);
        Box::pin(async move {
            if !dies {
                return execute().await;
            }
            if !before {
                execute().await?;
            }
            std::future::pending().await
        })
    }
}

/// How many mails with `word` each member got; each has their own reservation.
async fn mails_with(world: &World, word: &str) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for mail in world.anyone().get("/_local/mails").await.expect(200).json.as_array().into_iter().flatten() {
        if mail["text"].as_str().unwrap_or_default().contains(word) {
            *times.entry(mail["to"].to_string()).or_default() += 1;
        }
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_refunds_survive_killed_functions() {
    let options = Options { demo: false, mail_visibility_seconds: 4, mail_max_receives: 1_000, ..Options::default() };
    World::run_with(options, async |world| {
        let begun = Instant::now();
        let performance = crowded(world).await;
        let listed = begun.elapsed();
        let deaths = Arc::new(CrashEvery { every: 700, ..CrashEvery::default() });
        world.wire.intercept(Some(Arc::new(Arc::clone(&deaths))));
        // At once: projectors have not yet written rows for many of the reservations.
        let path = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&path, json!({"reason": "The roof leaks"})).await.expect(202);
        let over = tokio::time::timeout(NEVER, world.stack.settle()).await;
        over.expect("the cancellation ends").expect("the queues can be asked");
        world.wire.intercept(None);
        println!("{CROWD} reservations: made in {listed:?}, over in {:?}", begun.elapsed() - listed);
        assert!(deaths.died.load(Ordering::Relaxed) >= 5, "functions died {deaths:?} times", deaths = deaths.died);
        let notified = mails_with(world, "The roof leaks").await;
        assert_eq!(notified.len(), CROWD as usize);
        let again = notified.values().sum::<usize>() - notified.len();
        assert!(again <= world.wire.repeated_mail_claims(), "{again} members were notified twice");
        let reservations = Snapshot::of(world).await.reservations();
        assert_eq!(reservations.len(), CROWD as usize);
        for reservation in reservations {
            let reason = reservation.cancel_reason.as_ref().map(|reason| reason.text().to_owned());
            assert_eq!(reason.as_deref(), Some("The roof leaks"), "{}", reservation.reservation_id);
        }
    })
    .await;
}

/// Members pay, cancel and hold while the organizer cancels: everybody who paid gets their money back, once.
#[tokio::test(flavor = "multi_thread")]
async fn members_who_pay_and_cancel_at_the_same_time_are_refunded_once() {
    World::run(async |world| {
        let seating = json!({"type": "numbered", "sections": [
            {"name": "A", "grade": "R", "price": 10_000, "rows": 40, "seatsPerRow": 10}]});
        let performance = world.performance(json!({"maxSeatsPerMember": 50, "seating": seating})).await;
        let mut crowd = JoinSet::new();
        let mut people = Vec::new();
        for row in 1..=30 {
            let person = world.member(100_000).await;
            people.push(person.clone());
            crowd.spawn(book_until_closed(person, performance.clone(), row));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        let path = format!("/performances/{performance}/cancellation");
        world.organizer().await.post(&path, json!({"reason": "Strike"})).await.expect(202);
        crowd.join_all().await;
        world.settle().await;
        let snapshot = Snapshot::of(world).await;
        let reservations = snapshot.reservations();
        assert!(reservations.len() >= 30, "only {} were booked in time", reservations.len());
        for reservation in reservations {
            assert!(reservation.cancelled_at.is_some(), "{} is still live", reservation.reservation_id);
        }
        for person in people {
            assert_eq!(person.get("/points").await.number("balance"), 100_000);
        }
    })
    .await;
}

async fn book_until_closed(person: Person, performance: String, row: u32) {
    for number in 1..=10 {
        let seat = format!("A-{row}-{number}");
        let held = hold(&person, &performance, &[&seat]).await;
        if held.status == 409 {
            return;
        }
        let held = held.text("holdId");
        let paid = pay(&person, &held).await;
        if paid.status == 409 {
            return;
        }
        let reservation = format!("/reservations/{}", paid.text("reservationId"));
        if number % 2 == 0 {
            person.delete(&reservation).await.expect(200);
        }
    }
}

/// A payment that was in flight when the performance was cancelled, and completed after the reservations had been
/// listed.
#[tokio::test]
async fn a_payment_completed_after_the_listing_is_refunded_too() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (early, late) = (world.member(50_000).await, world.member(50_000).await);
        let seen = format!("/reservations/{}", book(&early, &performance, &["A-1-1"]).await.text("reservationId"));
        let held = hold(&late, &performance, &["A-1-2"]).await.expect(201).text("holdId");
        world.settle().await;
        let (organizer, watcher) = (world.organizer().await, early.client.clone());
        let path = format!("/performances/{performance}/cancellation");
        world.wire.intercept(Some(Interlude::before("TransactWriteItems", async move {
            organizer.post(&path, json!({"reason": "Strike"})).await.expect(202);
            while watcher.get(&seen).await.expect(200).text("status") != "cancelled" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })));
        let paid = pay(&late, &held).await.expect(201);
        world.settle().await;
        let path = format!("/reservations/{}", paid.text("reservationId"));
        assert_eq!(late.get(&path).await.text("cancelReason"), "Strike");
        for person in [early, late] {
            assert_eq!(person.get("/points").await.number("balance"), 50_000);
        }
    })
    .await;
}
