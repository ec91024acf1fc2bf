//! `POST /shows/{showId}/performances`.

use super::new_show;
use crate::{
    harness::{World, performance_details, show_details},
    routes::{ODD_IDS, complaint, needs_organizer, refuses_malformed_bodies},
};
use serde_json::{Value, json};

/// A house of one section.
fn section(name: &str, rows: u32, seats_per_row: u32) -> Value {
    json!({"name": name, "grade": "R", "price": 1_000, "rows": rows, "seatsPerRow": seats_per_row})
}

fn house(sections: Value) -> Value {
    json!({"type": "numbered", "sections": sections})
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let body = json!({
            "startsAt": "2099-12-24T19:30:00+09:00", "salesOpenAt": "2020-01-01T00:00:00Z",
            "salesCloseAt": "2099-12-24T10:00:00.000Z", "maxSeatsPerMember": 50, "holdSeconds": 3_600,
            "seating": house(json!([
                {"name": "A", "grade": "VIP", "price": 10_000_000, "rows": 1, "seatsPerRow": 100},
                {"name": "나 구역", "grade": "R", "price": 1, "rows": 200, "seatsPerRow": 1},
                {"name": "C", "grade": "VIP", "price": 10_000_000, "rows": 1, "seatsPerRow": 1},
            ])),
            "waitingRoom": {"maxActive": null, "admitPerMinute": 100_000, "admissionSeconds": 3_600, "paused": true},
        });
        let made = organizer.post(&format!("/shows/{show}/performances"), body.clone()).await.expect(201);
        let id = made.text("performanceId");
        assert_eq!(made.header("location"), format!("/performances/{id}"));
        assert_eq!((made.text("showId"), made.text("startsAt")), (show, "2099-12-24T10:30:00Z".into()));
        assert_eq!(made.text("salesOpenAt"), "2020-01-01T00:00:00Z");
        assert_eq!(made.text("salesCloseAt"), "2099-12-24T10:00:00Z");
        for field in ["maxSeatsPerMember", "holdSeconds", "seating", "waitingRoom"] {
            assert_eq!(made.json[field], body[field]);
        }
        let grades = json!([
            {"grade": "VIP", "price": 10_000_000, "total": 101, "available": 101},
            {"grade": "R", "price": 1, "total": 200, "available": 200},
        ]);
        assert_eq!(made.json["grades"], grades);
        assert_eq!(world.anyone().get(&format!("/performances/{id}")).await.expect(200).json, made.json);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let show = new_show(&world.organizer().await).await;
        let path = format!("/shows/{show}/performances");
        let body = performance_details(world.app(), json!({}));
        needs_organizer(world, "POST", &path, Some(&body.to_string())).await;
        assert!(world.anyone().get(&path).await.items().is_empty());
        // Organizers may edit each other's shows.
        world.organizer().await.post(&path, body).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn absent_and_null_fields_get_defaults() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let nulls = json!({"salesOpenAt": null, "salesCloseAt": null, "maxSeatsPerMember": null, "holdSeconds": null,
            "waitingRoom": null});
        for details in [json!({}), nulls] {
            let show = new_show(&organizer).await;
            let body = performance_details(world.app(), details);
            let made = organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201);
            assert_eq!((made.number("maxSeatsPerMember"), made.number("holdSeconds")), (4, 300));
            assert_eq!(made.text("salesCloseAt"), made.text("startsAt"));
            assert!(made.json["salesOpenAt"].is_null() && made.json["waitingRoom"].is_null());
        }
        let show = new_show(&organizer).await;
        let body = performance_details(world.app(), json!({"waitingRoom": {"maxActive": 1}}));
        let made = organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201);
        let policy = json!({"maxActive": 1, "admitPerMinute": null, "admissionSeconds": 600, "paused": false});
        assert_eq!(made.json["waitingRoom"], policy);
    })
    .await;
}

#[tokio::test]
async fn bad_input_lists_nothing() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let path = format!("/shows/{show}/performances");
        let valid = performance_details(world.app(), json!({}));
        let mut full = valid.clone();
        full["salesOpenAt"] = json!("2020-01-01T00:00:00Z");
        full["salesCloseAt"] = valid["startsAt"].clone();
        full["maxSeatsPerMember"] = json!(4);
        full["holdSeconds"] = json!(300);
        full["waitingRoom"] = json!({"maxActive": 1});
        refuses_malformed_bodies(&organizer, "POST", &path, &full).await;
        let wrong: [(&str, Value, &str); 24] = [
            ("startsAt", json!("tomorrow"), "startsAt"),
            ("startsAt", json!("2099-12-24T19:30:00"), "startsAt"),
            ("startsAt", json!("1969-12-31T23:59:59Z"), "startsAt"),
            ("startsAt", json!("9999-12-31T23:59:59Z"), "startsAt"),
            ("startsAt", json!(null), "startsAt"),
            ("salesCloseAt", json!("9998-12-31T23:59:59Z"), "salesCloseAt"),
            ("salesOpenAt", valid["startsAt"].clone(), "salesOpenAt"),
            ("maxSeatsPerMember", json!(0), "maxSeatsPerMember"),
            ("maxSeatsPerMember", json!(51), "maxSeatsPerMember"),
            ("maxSeatsPerMember", json!(2.5), "maxSeatsPerMember"),
            ("holdSeconds", json!(0), "holdSeconds"),
            ("holdSeconds", json!(3_601), "holdSeconds"),
            ("holdSeconds", json!(-300), "holdSeconds"),
            ("holdSeconds", json!([300]), "holdSeconds"),
            ("waitingRoom", json!([1, null]), "waitingRoom"),
            ("waitingRoom", json!({}), "waitingRoom.maxActive"),
            ("waitingRoom", json!({"maxActive": null, "admitPerMinute": null}), "waitingRoom.maxActive"),
            ("waitingRoom", json!({"maxActive": 0}), "waitingRoom.maxActive"),
            ("waitingRoom", json!({"maxActive": 100_001}), "waitingRoom.maxActive"),
            ("waitingRoom", json!({"admitPerMinute": 0}), "waitingRoom.admitPerMinute"),
            ("waitingRoom", json!({"maxActive": 1, "admissionSeconds": 0}), "waitingRoom.admissionSeconds"),
            ("waitingRoom", json!({"maxActive": 1, "admissionSeconds": 3_601}), "waitingRoom.admissionSeconds"),
            ("waitingRoom", json!({"maxActive": 1, "paused": "no"}), "waitingRoom.paused"),
            ("waitingRoom", json!({"maxActive": 1, "stripes": 4}), "waitingRoom.stripes"),
        ];
        for (field, value, complains) in wrong {
            let mut body = valid.clone();
            body[field] = value.clone();
            assert_eq!(complaint(organizer.post(&path, body).await), complains, "{field}: {value}");
        }
        assert!(organizer.get(&path).await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn invalid_seating_is_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let path = format!("/shows/{}/performances", new_show(&organizer).await);
        let with = |field: &str, value: Value| {
            let mut one = section("A", 1, 1);
            one[field] = value;
            house(json!([one]))
        };
        let many: Vec<Value> = (0..201).map(|n| section(&format!("S{n}"), 1, 1)).collect();
        let too_many =
            json!([section("A", 200, 100), section("B", 200, 100), section("C", 100, 100), section("D", 1, 1)]);
        let two_prices =
            json!([section("A", 1, 1), {"name": "B", "grade": "R", "price": 2_000, "rows": 1, "seatsPerRow": 1}]);
        let grades: Vec<Value> = (0..41)
            .map(|n| {
                let mut one = section(&format!("S{n}"), 1, 1);
                one["grade"] = json!(format!("G{n}"));
                one
            })
            .collect();
        let bad = [
            (json!(null), "seating"),
            (house(json!(grades)), "seating"),
            (json!([]), "seating"),
            (json!({}), "seating.type"),
            (json!({"type": "standing"}), "seating.type"),
            (json!({"type": "numbered"}), "seating.sections"),
            (json!({"type": "general"}), "seating.areas"),
            (json!({"type": "numbered", "sections": [section("A", 1, 1)], "areas": []}), "seating.areas"),
            (json!({"type": "general", "sections": [], "areas": []}), "seating.sections"),
            (house(json!([["A", "R", 1000, 1, 1]])), "seating.sections[0]"),
            (house(json!([])), "seating.sections"),
            (house(json!(many)), "seating.sections"),
            (house(json!([section("A", 1, 1), section("A", 1, 1)])), "seating.sections[1].name"),
            (house(json!([section("A", 1, 1), section(" A ", 1, 1)])), "seating.sections[1].name"),
            (house(two_prices), "seating.sections[1].price"),
            (house(too_many), "seating.sections"),
            (house(json!([section("A", 1, 1), {"name": "B"}])), "seating.sections[1].grade"),
            (with("name", json!("")), "seating.sections[0].name"),
            (with("name", json!("A-B")), "seating.sections[0].name"),
            (with("name", json!("n".repeat(21))), "seating.sections[0].name"),
            (with("grade", json!(" ")), "seating.sections[0].grade"),
            (with("grade", json!("g".repeat(21))), "seating.sections[0].grade"),
            (with("price", json!(0)), "seating.sections[0].price"),
            (with("price", json!(-1)), "seating.sections[0].price"),
            (with("price", json!(10_000_001)), "seating.sections[0].price"),
            (with("price", json!(0.5)), "seating.sections[0].price"),
            (with("rows", json!(0)), "seating.sections[0].rows"),
            (with("rows", json!(201)), "seating.sections[0].rows"),
            (with("rows", json!(4_294_967_296_i64)), "seating.sections[0].rows"),
            (with("seatsPerRow", json!(0)), "seating.sections[0].seatsPerRow"),
            (with("seatsPerRow", json!(101)), "seating.sections[0].seatsPerRow"),
            (with("aisle", json!(true)), "seating.sections[0].aisle"),
        ];
        for (seating, complains) in bad {
            let body = performance_details(world.app(), json!({"seating": seating}));
            assert_eq!(complaint(organizer.post(&path, body).await), complains, "{seating}");
        }
        assert!(organizer.get(&path).await.items().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_unknown_show_is_not_found() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        for odd in ODD_IDS {
            let body = performance_details(world.app(), json!({}));
            organizer.post(&format!("/shows/{odd}/performances"), body).await.problem(404, "not_found");
        }
    })
    .await;
}

/// C3: two performances at the same start and venue are refused, whichever show they belong to.
#[tokio::test]
async fn a_venue_has_one_performance_at_a_time() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut paths = Vec::new();
        for (title, venue) in [("Aida", "Olympic Hall"), ("Cats", "  Olympic Hall "), ("Elsewhere", "Olympic hall 2")] {
            let mut body = show_details();
            (body["title"], body["venue"]) = (json!(title), json!(venue));
            let show = organizer.post("/shows", body).await.expect(201);
            paths.push(format!("/shows/{}/performances", show.text("showId")));
        }
        let at = |start: &str| performance_details(world.app(), json!({"startsAt": start}));
        organizer.post(&paths[0], at("2099-12-24T19:30:00+09:00")).await.expect(201);
        for path in &paths[..2] {
            organizer.post(path, at("2099-12-24T10:30:00Z")).await.problem(409, "slot_taken");
            organizer.post(path, at("2099-12-24T10:30:00.9Z")).await.problem(409, "slot_taken");
            assert!(organizer.get(path).await.items().len() <= 1);
        }
        assert!(organizer.get(&paths[1]).await.items().is_empty());
        organizer.post(&paths[1], at("2099-12-24T10:30:01Z")).await.expect(201);
        organizer.post(&paths[2], at("2099-12-24T10:30:00Z")).await.expect(201);
    })
    .await;
}

/// C5: fifty thousand seats are one write, and each of them can be booked.
#[tokio::test]
async fn the_largest_house_can_be_created_and_booked() {
    World::run(async |world| {
        let sections = json!([section("A", 200, 100), section("B", 200, 100), section("C", 100, 100)]);
        let performance = world.performance(json!({"seating": house(sections)})).await;
        let found = world.anyone().get(&format!("/performances/{performance}")).await.expect(200);
        assert_eq!(found.json["grades"][0]["available"], 50_000);
        let person = world.member(10_000).await;
        crate::harness::book(&person, &performance, &["A-1-1", "C-100-100"]).await;
        world.settle().await;
        // The process may have read a moment before.
        world.advance_seconds(1);
        let map = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        let seats = map.json["seats"].as_array().unwrap();
        assert_eq!(seats.len(), 50_000);
        assert_eq!((&seats[0]["status"], &seats[49_999]["status"]), (&json!("sold"), &json!("sold")));
        assert_eq!(seats[49_999]["seatId"], "C-100-100");
        assert_eq!(map.json["grades"][0]["available"], 49_998);
    })
    .await;
}
