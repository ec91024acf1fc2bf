//! Many concurrent clients, over HTTP. The audit after each test checks the table.

mod door;
mod payments;

use crate::harness::{
    Person, World,
    audit::Snapshot,
    book,
    crowd::{at_once, members},
    hold, pay,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// H3.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_fifty_members_gets_the_seat() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let people = members(world, 50, 0).await;
        let replies = at_once(people, |_, person| {
            let performance = performance.clone();
            async move { hold(&person, &performance, &["A-1-1"]).await }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((won.len(), lost.len()), (1, 49));
        for reply in lost {
            assert_eq!(reply.problem(409, "seats_taken").json["seatIds"], json!(["A-1-1"]));
        }
    })
    .await;
}

/// Overlapping holds take all of their seats or none.
#[tokio::test(flavor = "multi_thread")]
async fn overlapping_holds_are_never_partial() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let people = members(world, 30, 0).await;
        let seats =
            |index: usize| (0..3).map(|n| format!("A-1-{}", (index * 7 + n * 3) % 10 + 1)).collect::<BTreeSet<_>>();
        let replies = at_once(people, |index, person| {
            let performance = performance.clone();
            async move {
                let wanted: Vec<String> = seats(index).into_iter().collect();
                let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                hold(&person, &performance, &wanted).await
            }
        })
        .await;
        let won: Vec<Value> =
            replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.json["seatIds"].clone()).collect();
        assert!(!won.is_empty());
        let mut held = BTreeSet::new();
        for seat in won.iter().flat_map(|seats| seats.as_array().cloned().unwrap_or_default()) {
            assert!(held.insert(seat.to_string()), "{seat} is in two holds");
        }
        let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        let shown = map.json["seats"].as_array().unwrap().iter().filter(|seat| seat["status"] == "held");
        assert_eq!(
            shown.map(|seat| seat["seatId"].to_string()).collect::<BTreeSet<_>>(),
            held,
            "a lost hold left seats held"
        );
    })
    .await;
}

/// R1: the same payment twenty times concurrently.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_sent_twenty_times_is_charged_and_mailed_once() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(1_000_000).await;
        let held = hold(&person, &performance, &["A-1-1", "A-1-2"]).await.expect(201).text("holdId");
        let replies = at_once(vec![person.clone(); 20], |_, person| {
            let held = held.clone();
            async move { pay(&person, &held).await }
        })
        .await;
        let first: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!(first.len(), 1);
        for reply in &replies {
            assert!(reply.status == 201 || reply.status == 200, "{reply:?}");
            assert_eq!(reply.json, first[0].json);
        }
        assert_eq!(person.get("/points").await.number("balance"), 900_000);
        assert_eq!(person.get("/reservations").await.items().len(), 1);
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 1);
    })
    .await;
}

/// As above, with one `Idempotency-Key`: all twenty responses are the first.
#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_returns_one_response_twenty_times() {
    World::run(async |world| {
        let person = world.member(0).await;
        let replies = at_once(vec![person.clone(); 20], |_, person| async move {
            person.with_key("once").post("/points/top-ups", json!({"amount": 700})).await
        })
        .await;
        for reply in &replies {
            assert_eq!((reply.status, &reply.json), (201, &replies[0].json));
        }
        assert_eq!(person.get("/points").await.number("balance"), 700);
    })
    .await;
}

/// P2.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_concurrent_top_ups_add_up() {
    World::run(async |world| {
        let person = world.member(0).await;
        let replies = at_once(vec![person.clone(); 20], |index, person| async move {
            person.post("/points/top-ups", json!({"amount": 1000 + index})).await
        })
        .await;
        assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
        let sum: i64 = (0..20).map(|index| 1000 + index).sum();
        assert_eq!(person.get("/points").await.number("balance"), sum);
        assert_eq!(person.get("/points/entries").await.items().len(), 20);
    })
    .await;
}

/// A payment and a release of the same hold: one of them succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_paid_or_released_but_never_both() {
    World::run(async |world| {
        let performance = world.performance(json!({"maxSeatsPerMember": 20})).await;
        let person = world.member(1_000_000).await;
        for round in 1..=10 {
            let seat = format!("A-1-{round}");
            let held = hold(&person, &performance, &[&seat]).await.expect(201).text("holdId");
            let release = format!("/holds/{held}");
            let (paid, released) = tokio::join!(pay(&person, &held), person.delete(&release));
            match (paid.status, released.status) {
                (201, 404) | (410, 204) => {}
                other => panic!("payment and release responded {other:?}"),
            }
        }
    })
    .await;
}

/// R5: a refund is never paid twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_sent_twenty_times_is_refunded_and_mailed_once() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(1_000_000).await;
        let reservation = book(&person, &performance, &["A-1-1", "B-1-1"]).await.text("reservationId");
        // A reservation that is cancelled before its ticket was mailed gets no ticket.
        world.settle().await;
        let replies = at_once(vec![person.clone(); 20], |_, person| {
            let path = format!("/reservations/{reservation}");
            async move { person.delete(&path).await }
        })
        .await;
        for reply in &replies {
            assert_eq!((reply.status, reply.text("status").as_str()), (200, "cancelled"), "{reply:?}");
            assert_eq!(reply.json["cancelledAt"], replies[0].json["cancelledAt"]);
        }
        assert_eq!(person.get("/points").await.number("balance"), 1_000_000);
        assert_eq!(world.mails_to(person.identity.email.as_str()).await.len(), 2, "a ticket and a cancellation");
        let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        assert!(map.json["seats"].as_array().unwrap().iter().all(|seat| seat["status"] == "free"));
    })
    .await;
}

/// One member, many requests: one live hold, and never more than their limit.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_holds_of_one_member_leave_one_hold() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let replies = at_once(vec![person.clone(); 10], |index, person| {
            let performance = performance.clone();
            async move { hold(&person, &performance, &[&format!("A-1-{}", index + 1)]).await }
        })
        .await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!(won.len(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            assert_eq!(reply.clone().problem(409, "hold_exists").json["holdId"], won[0].json["holdId"]);
        }
        assert_eq!(person.get("/holds").await.items().len(), 1);
    })
    .await;
}

/// Q2: positions are 1..=500, all different. A join that a busy machine stops may leave its position unused, as a killed
/// function does.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_members_joining_at_once_get_positions_1_to_500() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 5}})).await;
        let people = members(world, 500, 0).await;
        let stopped = Arc::<AtomicI64>::default();
        let replies = at_once(people, |_, person| {
            let (path, stopped) = (format!("/performances/{performance}/queue"), stopped.clone());
            async move {
                loop {
                    let reply = person.once().post(&path, Value::Null).await;
                    if reply.status != 503 {
                        return reply;
                    }
                    stopped.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        })
        .await;
        let positions: BTreeSet<i64> = replies.iter().map(|reply| reply.number("position")).collect();
        let (first, last) = (positions.first().expect("500"), positions.last().expect("500"));
        assert_eq!(positions.len(), 500, "a position was given twice");
        assert!(*first >= 1, "positions begin with 1");
        let stopped = stopped.load(Ordering::Relaxed);
        assert!(last - 500 <= stopped, "{} positions are unused, and {stopped} joins were stopped", last - 500);
    })
    .await;
}

/// What an admitted member does.
#[derive(Clone, Copy)]
enum Inside {
    Pays,
    HoldsAndLeaves,
    Leaves,
    Vanishes,
}

/// Joins, polls until admitted, then acts as `inside` says.
async fn go_through(person: Person, performance: String, seat: String, inside: Inside) {
    let path = format!("/performances/{performance}/queue");
    let join = || person.post(&path, Value::Null);
    let mut place = join().await;
    let mut polls = 0;
    while place.text("status") == "waiting" {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let waiting = person.with_queue_token(&place.text("queueToken"));
        let polled = waiting.get(&path).await;
        // The clock runs fast here: a place that was called and left unclaimed for a minute has expired.
        place = if polled.status == 401 { join().await } else { polled.expect(200) };
        polls += 1;
        assert!(polls < 2_000, "the line does not drain");
    }
    let person = person.with_queue_token(&place.text("queueToken"));
    match inside {
        Inside::Pays => {
            let held = hold(&person, &performance, &[&seat]).await.text("holdId");
            let paid = pay(&person, &held).await;
            assert!(matches!(paid.status, 200 | 201), "{paid:?}");
            person.get(&path).await.problem(401, "queue_token_expired");
        }
        Inside::HoldsAndLeaves => {
            hold(&person, &performance, &[&seat]).await;
            person.delete(&path).await.expect(204);
        }
        Inside::Leaves => drop(person.delete(&path).await.expect(204)),
        Inside::Vanishes => {}
    }
}

/// Q4, Q6: never more than `maxActive` inside, whatever those inside do, and the line drains.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pollers_never_exceed_max_active_and_drain() {
    World::run(async |world| {
        let sections = json!([{"name": "A", "grade": "R", "price": 1000, "rows": 20, "seatsPerRow": 10}]);
        let room = json!({"maxActive": 10, "admissionSeconds": 30});
        let details = json!({"waitingRoom": room, "seating": {"type": "numbered", "sections": sections}});
        let performance = world.performance(details).await;
        let organizer = world.organizer().await;
        let crowd = at_once(members(world, 200, 1000).await, |index, person| {
            let ways = [Inside::Pays, Inside::HoldsAndLeaves, Inside::Leaves, Inside::Vanishes];
            let seat = format!("A-{}-{}", index / 10 + 1, index % 10 + 1);
            go_through(person, performance.clone(), seat, ways[index % 4])
        });
        let path = format!("/performances/{performance}/waiting-room");
        let watch = async {
            loop {
                tokio::time::sleep(Duration::from_millis(150)).await;
                let active = organizer.get(&path).await.expect(200).number("active");
                assert!(active <= 10, "{active} are inside");
                // Members who vanished are out when their admission expires.
                world.advance_seconds(3);
            }
        };
        tokio::select! {
            through = crowd => assert_eq!(through.len(), 200),
            () = watch => {}
        }
        assert_eq!(Snapshot::of(world).await.reservations().len(), 50);
    })
    .await;
}
