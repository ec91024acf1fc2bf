//! `PUT /performances/{performanceId}`.

use super::new_show;
use crate::{
    harness::{World, book, hold, line::join, performance_details},
    routes::{ODD_IDS, complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::{Value, json};

fn house(price: i64, rows: u32) -> Value {
    json!({"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": price, "rows": rows, "seatsPerRow": 10}]})
}

fn details(world: &World, over: Value) -> Value {
    performance_details(world.app(), over)
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let dates = format!("/shows/{}/performances", new_show(&organizer).await);
        let made = organizer.post(&dates, details(world, json!({}))).await.expect(201);
        let path = made.header("location");
        let body = json!({
            "startsAt": "2099-12-24T10:30:00Z", "salesOpenAt": "2020-01-01T00:00:00Z",
            "salesCloseAt": "2099-12-24T10:00:00Z", "maxSeatsPerMember": 9, "holdSeconds": 60,
            "seating": house(7_000, 2),
            "waitingRoom": {"maxActive": 3, "admitPerMinute": null, "admissionSeconds": 60, "paused": true},
        });
        let changed = organizer.put(&path, body.clone()).await.expect(200);
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&changed.json[field], value, "{field}");
        }
        assert_eq!(changed.json["grades"], json!([{"grade": "R", "price": 7_000, "total": 20, "available": 20}]));
        for field in ["performanceId", "showId", "createdAt"] {
            assert_eq!(changed.json[field], made.json[field]);
        }
        assert_eq!(world.anyone().get(&path).await.expect(200).json, changed.json);
        let listed = world.anyone().get(&dates).await.items();
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0]["startsAt"], &listed[0]["holdSeconds"]), (&json!("2099-12-24T10:30:00Z"), &json!(60)));
        assert!(world.anyone().get(&format!("{dates}?to=2099-01-01T00:00:00Z")).await.items().is_empty());
        // Its old slot is free, its new one is taken.
        organizer.post(&dates, details(world, json!({"startsAt": made.json["startsAt"]}))).await.expect(201);
        organizer.post(&dates, details(world, json!({"startsAt": body["startsAt"]}))).await.problem(409, "slot_taken");
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let path = format!("/performances/{}", world.performance(json!({})).await);
        let body = details(world, json!({}));
        needs_organizer(world, "PUT", &path, Some(&body.to_string())).await;
        for odd in ODD_IDS {
            world.organizer().await.put(&format!("/performances/{odd}"), body.clone()).await.problem(404, "not_found");
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_changes_nothing() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let path = format!("/performances/{}", world.performance(json!({})).await);
        let before = organizer.get(&path).await.json;
        let mut full = details(world, json!({"holdSeconds": 10, "maxSeatsPerMember": 3}));
        full["waitingRoom"] = json!({"maxActive": 1});
        refuses_malformed_bodies(&organizer, "PUT", &path, &full).await;
        full["salesCloseAt"] = json!("2199-01-01T00:00:00Z");
        assert_eq!(complaint(organizer.put(&path, full).await), "salesCloseAt");
        let mut houseless = details(world, json!({}));
        houseless.as_object_mut().unwrap().remove("seating");
        assert_eq!(complaint(organizer.put(&path, houseless).await), "seating");
        assert_eq!(organizer.get(&path).await.json, before);
    })
    .await;
}

/// Details that buyers relied on stay while there are buyers; everything else changes at once.
#[tokio::test]
async fn start_seating_and_prices_stay_while_there_are_buyers() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let dates = format!("/shows/{}/performances", new_show(&organizer).await);
        let body = details(world, json!({}));
        let made = organizer.post(&dates, body.clone()).await.expect(201);
        let (path, id) = (made.header("location"), made.text("performanceId"));
        let person = world.member(1_000_000).await;
        let reservation = book(&person, &id, &["A-1-1"]).await.text("reservationId");
        let mut dearer = body.clone();
        dearer["seating"]["sections"][0]["price"] = json!(50_001);
        let mut later = body.clone();
        later["startsAt"] = json!("2099-12-24T10:30:00Z");
        for guarded in [json!({"seating": house(1_000, 1)}), json!({"seating": dearer["seating"]}), later.clone()] {
            let guarded = details(world, json!({"startsAt": body["startsAt"]})).as_object().map(|base| {
                let mut whole = base.clone();
                whole.extend(guarded.as_object().unwrap().clone());
                Value::from(whole)
            });
            organizer.put(&path, guarded.unwrap()).await.problem(409, "has_reservations");
        }
        let mut free = body.clone();
        (free["holdSeconds"], free["maxSeatsPerMember"]) = (json!(7), json!(2));
        organizer.put(&path, free.clone()).await.expect(200);
        world.advance_seconds(2);
        hold(&person, &id, &["A-1-2", "A-1-3"]).await.problem(422, "too_many_seats");
        let held = hold(&person, &id, &["A-1-2"]).await.expect(201);
        assert!(held.text("expiresAt") <= world.stack.clock().now().plus_seconds(8).to_string());
        free["salesCloseAt"] = json!(world.stack.clock().now().plus_seconds(1).to_string());
        organizer.put(&path, free.clone()).await.expect(200);
        world.advance_seconds(10);
        hold(&person, &id, &["A-1-4"]).await.problem(409, "sales_closed");

        person.delete(&format!("/reservations/{reservation}")).await.expect(200);
        later["seating"] = house(1_000, 1);
        organizer.put(&path, later).await.expect(200);
        let map = world.anyone().get(&format!("{path}/seats")).await.expect(200);
        let seats = map.json["seats"].as_array().unwrap();
        assert!(seats.len() == 10 && seats.iter().all(|seat| seat["status"] == "free"));
        world.advance_seconds(2);
        assert_eq!(book(&person, &id, &["A-1-1"]).await.number("amount"), 1_000);
        hold(&person, &id, &["B-1-1"]).await.problem(404, "seat_not_found");
    })
    .await;
}

#[tokio::test]
async fn a_taken_slot_is_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut paths = Vec::new();
        for venue in ["Olympic Hall", " Olympic Hall "] {
            let show =
                organizer.post("/shows", json!({"title": "t", "category": "play", "venue": venue})).await.expect(201);
            paths.push(format!("{}/performances", show.header("location")));
        }
        let at = |start: &str| details(world, json!({"startsAt": start}));
        organizer.post(&paths[0], at("2099-12-24T10:30:00Z")).await.expect(201);
        let second = organizer.post(&paths[1], at("2099-12-25T10:30:00Z")).await.expect(201).header("location");
        organizer.put(&second, at("2099-12-24T19:30:00+09:00")).await.problem(409, "slot_taken");
        // Its own slot does not block it.
        organizer.put(&second, at("2099-12-25T10:30:00Z")).await.expect(200);
        organizer.put(&second, at("2099-12-24T10:30:01Z")).await.expect(200);
        organizer.post(&paths[0], at("2099-12-25T10:30:00Z")).await.expect(201);
    })
    .await;
}

/// Removing a room lets its line book directly; adding it again restores every place in the line.
#[tokio::test]
async fn a_removed_and_readded_waiting_room_keeps_its_line() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let id = world.performance(json!({})).await;
        let path = format!("/performances/{id}");
        let (one, two) = (world.member(100_000).await, world.member(0).await);
        let start = organizer.get(&path).await.json["startsAt"].clone();
        let with = |room: Value| details(world, json!({"startsAt": start, "waitingRoom": room}));
        join(&one, &id).await.problem(404, "no_waiting_room");
        organizer.put(&path, with(json!({"maxActive": 1, "paused": true}))).await.expect(200);
        world.advance_seconds(2);
        hold(&one, &id, &["A-1-1"]).await.problem(401, "queue_token_missing");
        let place = join(&one, &id).await.expect(201);
        join(&two, &id).await.expect(201);

        organizer.put(&path, with(Value::Null)).await.expect(200);
        world.advance_seconds(2);
        let queue = format!("{path}/queue");
        one.with_queue_token(&place.text("queueToken")).get(&queue).await.problem(404, "no_waiting_room");
        let room = format!("{path}/waiting-room");
        organizer.get(&room).await.problem(404, "no_waiting_room");
        organizer.put(&room, json!({"maxActive": 1})).await.problem(404, "no_waiting_room");
        assert!(organizer.get(&path).await.json["waitingRoom"].is_null());
        hold(&one, &id, &["A-1-1"]).await.expect(201);

        organizer.put(&path, with(json!({"maxActive": 7}))).await.expect(200);
        world.advance_seconds(2);
        assert_eq!(organizer.get(&room).await.expect(200).json["policy"]["maxActive"], 7);
        assert_eq!(join(&two, &id).await.expect(200).number("position"), 2);
    })
    .await;
}

/// Members in line poll every five minutes before an opening, so it is not moved to where they would miss it.
#[tokio::test]
async fn an_opening_is_not_brought_forward_past_waiting_members() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let opens = |minutes: i64| json!(world.stack.clock().now().plus_seconds(minutes * 60).to_string());
        let id = world.performance(json!({"salesOpenAt": opens(60), "waitingRoom": {"maxActive": 1}})).await;
        let path = format!("/performances/{id}");
        let start = organizer.get(&path).await.json["startsAt"].clone();
        let with = |opens_at: Value| {
            details(world, json!({"startsAt": start, "salesOpenAt": opens_at, "waitingRoom": {"maxActive": 1}}))
        };
        organizer.put(&path, with(opens(5))).await.expect(200);
        organizer.put(&path, with(opens(60))).await.expect(200);
        let person = world.member(0).await;
        join(&person, &id).await.expect(201);
        for soon in [opens(5), opens(0), Value::Null] {
            organizer.put(&path, with(soon)).await.problem(409, "opening_too_soon");
        }
        organizer.put(&path, with(opens(7))).await.expect(200);
        organizer.put(&path, with(opens(90))).await.expect(200);
        // Removing the room keeps its line.
        let mut roomless = with(opens(90));
        roomless.as_object_mut().expect("fields").remove("waitingRoom");
        organizer.put(&path, roomless).await.expect(200);
        organizer.put(&path, with(opens(5))).await.problem(409, "opening_too_soon");
        organizer.put(&path, with(opens(90))).await.expect(200);
        person.delete(&format!("{path}/queue")).await.expect(204);
        world.advance_seconds(2);
        organizer.put(&path, with(opens(5))).await.expect(200);
    })
    .await;
}
