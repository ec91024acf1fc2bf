//! Best available seats in a rush: every buyer is served while seats remain, and parties are not split without need.
//! `cargo test --test frontrow best_available -- --nocapture` prints refusals and attempts.

use crate::harness::{Person, World, audit::Snapshot, client::Reply, hold_of_grade, pay, wire::Metered};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// A house of 400 seats: twenty rows of twenty.
async fn house(world: &World) -> String {
    let sections = json!([{"name": "A", "grade": "R", "price": 1_000, "rows": 20, "seatsPerRow": 20}]);
    world.performance(json!({"seating": {"type": "numbered", "sections": sections}})).await
}

/// Each of `people` buys the given number of seats, all at the same time. Returns the response to each hold.
async fn buy(people: Vec<(Person, i64)>, performance: &str) -> Vec<(i64, Reply)> {
    let mut crowd = JoinSet::new();
    for (person, quantity) in people {
        let performance = performance.to_owned();
        crowd.spawn(async move {
            let held = hold_of_grade(&person, &performance, "R", quantity).await;
            if is_held(&held) {
                let id = held.text("holdId");
                let paid = pay(&person, &id).await;
                assert!(matches!(paid.status, 200 | 201), "{paid:?}");
            }
            (quantity, held)
        });
    }
    crowd.join_all().await
}

fn is_held(reply: &Reply) -> bool {
    matches!(reply.status, 200 | 201)
}

/// Refusals for other reasons than a lack of seats, which must never happen.
fn refused_while_free(replies: &[(i64, Reply)]) -> usize {
    let is_true = |(wanted, reply): &&(i64, Reply)| {
        is_held(reply) || reply.json["code"] == "not_enough_seats" && reply.number("available") < *wanted
    };
    replies.iter().filter(|one| !is_true(one)).count()
}

/// Number of transactions sent for each hold.
fn tries(metered: &[Metered]) -> Vec<usize> {
    let mut tries: BTreeMap<String, usize> = BTreeMap::new();
    for call in metered.iter().filter(|call| call.operation == "TransactWriteItems") {
        let first = &call.request["TransactItems"][0]["Update"]["ExpressionAttributeValues"];
        if let (Some(id), true) = (first[":hold_id"]["S"].as_str(), first[":hold_expires_at"].is_object()) {
            *tries.entry(id.to_owned()).or_default() += 1;
        }
    }
    tries.into_values().collect()
}

fn seats(reply: &Reply) -> Vec<(String, u32)> {
    let seat = |seat: &Value| {
        let (row, number) = seat.as_str().expect("a seat").rsplit_once('-').expect("an id");
        (row.to_owned(), number.parse().expect("a number"))
    };
    reply.json["seatIds"].as_array().expect("seats").iter().map(seat).collect()
}

fn are_together(reply: &Reply) -> bool {
    seats(reply).windows(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 + 1 == pair[1].1)
}

async fn members(world: &World, quantities: impl IntoIterator<Item = i64>) -> Vec<(Person, i64)> {
    let mut people = Vec::new();
    for quantity in quantities {
        people.push((world.member(4_000).await, quantity));
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn couples_get_adjacent_seats_in_a_rush() {
    World::run(async |world| {
        let performance = house(world).await;
        let couples = members(world, [2; 160]).await;
        let (replies, metered) = world.wire.meter(buy(couples, &performance)).await;
        let (tries, parted) = (tries(&metered), replies.iter().filter(|(_, reply)| !are_together(reply)).count());
        println!(
            "160 couples on 400 seats: {} refused while seats were free, {parted} parted; tries per buyer: mean {:.2}, most {}",
            refused_while_free(&replies),
            tries.iter().sum::<usize>() as f64 / 160.0,
            tries.iter().max().expect("holds"),
        );
        assert!(replies.iter().all(|(_, reply)| is_held(reply)), "{replies:?}");
        // There are more if a buyer retried.
        assert!(tries.len() >= 160 && parted == 0, "{} holds, {parted} parted", tries.len());
        assert_eq!(Snapshot::of(world).await.reservations().len(), 160);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_of_all_sizes_fill_the_house() {
    World::run(async |world| {
        let performance = house(world).await;
        let mut dice = fastrand::Rng::with_seed(4);
        let parties: Vec<i64> = (0..180).map(|_| dice.i64(1..=4)).collect();
        let parties = members(world, parties).await;
        let (replies, metered) = world.wire.meter(buy(parties, &performance)).await;
        let tries = tries(&metered);
        let sold: i64 = replies.iter().filter(|(_, reply)| is_held(reply)).map(|(wanted, _)| wanted).sum();
        let refused = replies.iter().filter(|(_, reply)| !is_held(reply)).count();
        println!(
            "180 parties of 1 to 4: {sold} of 400 sold, {refused} refused, {} of them while seats were free; tries per buyer: mean {:.2}, most {}",
            refused_while_free(&replies),
            tries.iter().sum::<usize>() as f64 / 180.0,
            tries.iter().max().expect("holds"),
        );
        assert_eq!(refused_while_free(&replies), 0, "{replies:?}");
        for left in (sold + 1..=400).rev() {
            let single = hold_of_grade(&world.member(0).await, &performance, "R", 1).await;
            assert_eq!(single.expect(201).number("quantity"), 1, "{left} are left");
        }
        let none = hold_of_grade(&world.member(0).await, &performance, "R", 1).await;
        assert_eq!(none.problem(409, "not_enough_seats").number("available"), 0);
    })
    .await;
}

/// A grade of a large house is found wherever its free seats are.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_seats_of_a_large_house_are_found() {
    World::run(async |world| {
        let sections = json!([
            {"name": "A", "grade": "R", "price": 1_000, "rows": 20, "seatsPerRow": 100},
            {"name": "B", "grade": "S", "price": 1_000, "rows": 100, "seatsPerRow": 100},
            {"name": "C", "grade": "R", "price": 1_000, "rows": 1, "seatsPerRow": 3},
        ]);
        let details = json!({"maxSeatsPerMember": 50, "seating": {"type": "numbered", "sections": sections}});
        let performance = world.performance(details).await;
        let mut crowd = JoinSet::new();
        // All of section A except its last row, by seat id.
        for half in 0..38 {
            let (person, performance) = (world.member(0).await, performance.clone());
            crowd.spawn(async move {
                let first = half % 2 * 50 + 1;
                let seats: Vec<String> = (first..first + 50).map(|n| format!("A-{}-{n}", half / 2 + 1)).collect();
                let path = format!("/performances/{performance}/holds");
                person.post(&path, json!({"seatIds": seats})).await.expect(201);
            });
        }
        crowd.join_all().await;
        let mut held = 0;
        for quantity in [50, 49, 3, 1] {
            let replies = hold_of_grade(&world.member(0).await, &performance, "R", quantity).await.expect(201);
            held += replies.number("quantity");
            assert!(are_together(&replies), "{}", replies.json);
        }
        let none = hold_of_grade(&world.member(0).await, &performance, "R", 1).await;
        assert_eq!((held, none.problem(409, "not_enough_seats").number("available")), (103, 0));
    })
    .await;
}
