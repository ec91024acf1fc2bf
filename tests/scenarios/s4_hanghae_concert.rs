//! S4: the hanghae concert: five APIs, the seats 1 to 50, five minutes; correct with many concurrent members.

use crate::harness::{
    Person, World,
    crowd::{at_once, members},
    hold,
    line::{admit, join, poll, poll_later},
    pay,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The concert with its line: two members may book at the same time.
async fn concert(world: &World) -> String {
    let seats = json!([{"name": "A", "grade": "R", "price": 50_000, "rows": 1, "seatsPerRow": 50}]);
    let seating = json!({"type": "numbered", "sections": seats});
    world.performance(json!({"seating": seating, "waitingRoom": {"maxActive": 2}})).await
}

/// API 1: the token names the member and their place in line; without it no other API is open.
#[tokio::test]
async fn q1_q5_the_queue_token_is_required_by_other_endpoints() {
    World::run(async |world| {
        let concert = concert(world).await;
        let person = world.member(50_000).await;
        let seats = format!("/performances/{concert}/seats");
        person.get(&seats).await.problem(401, "queue_token_missing");
        hold(&person, &concert, &["A-1-1"]).await.problem(401, "queue_token_missing");
        let place = join(&person, &concert).await.expect(201);
        assert_eq!(place.number("position"), 1);
        let waiting = person.with_queue_token(&place.text("queueToken"));
        waiting.get(&seats).await.problem(403, "not_admitted");
        let (_, inside) = admit(world, &person, &concert).await;
        inside.get(&seats).await.expect(200);
        let held = hold(&inside, &concert, &["A-1-1"]).await.expect(201).text("holdId");
        pay(&person, &held).await.problem(401, "queue_token_missing");
        pay(&inside, &held).await.expect(201);
    })
    .await;
}

/// Key point: positions follow the order of the requests, are all different, and the line is served in that order.
#[tokio::test(flavor = "multi_thread")]
async fn q2_positions_follow_the_order_of_requests() {
    World::run(async |world| {
        let concert = concert(world).await;
        let early = members(world, 5, 0).await;
        for (person, position) in early.iter().zip(1..) {
            assert_eq!(join(person, &concert).await.expect(201).number("position"), position);
        }
        let crowd = members(world, 40, 0).await;
        let replies = at_once(crowd, |_, person| {
            let concert = concert.clone();
            async move { join(&person, &concert).await.expect(201) }
        })
        .await;
        let positions: BTreeSet<i64> = replies.iter().map(|reply| reply.number("position")).collect();
        assert_eq!(positions, (6..=45).collect());
        let mut statuses = Vec::new();
        world.advance_seconds(2);
        for person in &early {
            let place = join(person, &concert).await.expect(200);
            statuses.push(poll(person, &concert, &place).await.expect(200).text("status"));
        }
        assert_eq!(statuses, ["admitted", "admitted", "waiting", "waiting", "waiting"]);
    })
    .await;
}

/// API 2: the dates, and for one date the seats by number 1 to 50, with their status.
#[tokio::test]
async fn c4_c5_dates_and_seats_are_listed() {
    World::run(async |world| {
        let concert = concert(world).await;
        let found = world.anyone().get(&format!("/performances/{concert}")).await.expect(200);
        let dates = world.anyone().get(&format!("/shows/{}/performances", found.text("showId"))).await.expect(200);
        assert_eq!(dates.items()[0]["performanceId"], concert.as_str());
        let (_, inside) = admit(world, &world.member(0).await, &concert).await;
        hold(&inside, &concert, &["A-1-50"]).await.expect(201);
        let map = inside.get(&format!("/performances/{concert}/seats")).await.expect(200).json;
        let seats = map["seats"].as_array().unwrap();
        assert_eq!(seats.len(), 50);
        for (seat, number) in seats.iter().zip(1..) {
            let status = if number == 50 { "held" } else { "free" };
            assert_eq!((&seat["number"], &seat["status"]), (&json!(number), &json!(status)));
        }
    })
    .await;
}

/// API 3: a seat is assigned for five minutes; until then to nobody else, afterwards to anybody.
#[tokio::test]
async fn h1_h2_a_seat_is_assigned_for_five_minutes() {
    World::run(async |world| {
        let concert = concert(world).await;
        let (first, second) = (world.member(50_000).await, world.member(50_000).await);
        let (_, inside) = admit(world, &first, &concert).await;
        let (_, beside) = admit(world, &second, &concert).await;
        let lapsed = hold(&inside, &concert, &["A-1-25"]).await.expect(201).text("holdId");
        world.advance_seconds(285);
        hold(&beside, &concert, &["A-1-25"]).await.problem(409, "seats_taken");
        world.advance_seconds(15);
        let held = hold(&beside, &concert, &["A-1-25"]).await.expect(201).text("holdId");
        pay(&inside, &lapsed).await.problem(410, "hold_expired");
        pay(&beside, &held).await.expect(201);
    })
    .await;
}

/// Key point: many request one seat, one gets it.
#[tokio::test(flavor = "multi_thread")]
async fn h3_a_seat_is_assigned_once() {
    World::run(async |world| {
        let seats = json!([{"name": "A", "grade": "R", "price": 50_000, "rows": 1, "seatsPerRow": 50}]);
        let seating = json!({"type": "numbered", "sections": seats});
        let concert = world.performance(json!({"seating": seating, "waitingRoom": {"maxActive": 20}})).await;
        let people = members(world, 20, 50_000).await;
        let mut inside = Vec::new();
        for person in &people {
            let (_, client) = admit(world, person, &concert).await;
            inside.push(Person { client, ..person.clone() });
        }
        let replies = at_once(inside, |_, person| {
            let concert = concert.clone();
            async move { hold(&person, &concert, &["A-1-13"]).await }
        })
        .await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.problem(409, "seats_taken");
        }
    })
    .await;
}

/// API 4: the balance belongs to the member, and no top-up is lost.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_points_are_topped_up_and_looked_up() {
    World::run(async |world| {
        let (person, other) = (world.member(0).await, world.member(7).await);
        let replies = at_once(vec![person.clone(); 10], |index, person| async move {
            person.post("/points/top-ups", json!({"amount": 1_000 + index})).await.expect(201)
        })
        .await;
        assert_eq!(replies.len(), 10);
        assert_eq!(person.get("/points").await.number("balance"), 10_045);
        assert_eq!(other.get("/points").await.number("balance"), 7);
        assert_eq!(person.get("/points/entries").await.items().len(), 10);
    })
    .await;
}

/// API 5: the payment is recorded, the seat belongs to the member, the token is spent and the next may come in.
#[tokio::test]
async fn r1_q6_a_payment_assigns_the_seat_and_spends_the_token() {
    World::run(async |world| {
        let concert = concert(world).await;
        let people = members(world, 3, 50_000).await;
        let mut places = Vec::new();
        for person in &people {
            places.push(join(person, &concert).await.expect(201));
        }
        let first = poll_later(world, &people[0], &concert, &places[0]).await.expect(200);
        poll(&people[1], &concert, &places[1]).await.expect(200);
        let third = poll(&people[2], &concert, &places[2]).await.expect(200);
        assert_eq!((first.text("status"), third.text("status")), ("admitted".into(), "waiting".into()));
        let inside = people[0].with_queue_token(&first.text("queueToken"));
        let held = hold(&inside, &concert, &["A-1-1"]).await.expect(201).text("holdId");
        let paid = pay(&inside, &held).await.expect(201);
        assert_eq!(people[0].get(&paid.header("location")).await.expect(200).json, paid.json);
        let owned = people[0].get("/reservations").await.items();
        assert_eq!((owned.len(), &owned[0]["seatIds"]), (1, &json!(["A-1-1"])));
        poll(&people[0], &concert, &first).await.problem(401, "queue_token_expired");
        let third = poll_later(world, &people[2], &concert, &third).await.expect(200);
        assert_eq!(third.text("status"), "admitted");
        let empty: Vec<Value> = people[2].get("/reservations").await.items();
        assert!(empty.is_empty());
    })
    .await;
}
