//! Names given by organizers: names that look the same are the same, and every name is visible.

use crate::{
    harness::{World, hold, hold_of_grade, performance_details, show_details},
    routes::complaint,
};
use frontrow_domain::member::Role;
use serde_json::{Value, json};

fn section(name: &str, grade: &str) -> Value {
    json!({"name": name, "grade": grade, "price": 1_000, "rows": 1, "seatsPerRow": 10})
}

fn seating(sections: &[Value]) -> Value {
    json!({"seating": {"type": "numbered", "sections": sections}})
}

const INVISIBLE: [&str; 7] =
    ["\u{200b}", "\u{3164}", "\u{2800}", "\u{301}", "\u{feff}\u{a0}", "A\u{200b}", "A\u{202e}B"];

#[tokio::test]
async fn invisible_names_are_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let dates = format!("{show}/performances");
        for name in INVISIBLE {
            for field in ["title", "venue"] {
                let mut details = show_details();
                details[field] = json!(name);
                assert_eq!(complaint(organizer.post("/shows", details.clone()).await), field, "{name:?}");
                assert_eq!(complaint(organizer.put(&show, details).await), field, "{name:?}");
            }
            for (sections, field) in [(section(name, "R"), "name"), (section("A", name), "grade")] {
                let body = performance_details(world.app(), seating(&[sections]));
                let field = format!("seating.sections[0].{field}");
                assert_eq!(complaint(organizer.post(&dates, body).await), field, "{name:?}");
            }
            let area = json!({"seating": {"type": "general", "areas": [{"grade": name, "price": 1, "capacity": 1}]}});
            let area = performance_details(world.app(), area);
            assert_eq!(complaint(organizer.post(&dates, area).await), "seating.areas[0].grade", "{name:?}");
        }
        let mut details = show_details();
        details["title"] = json!("👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم");
        assert_eq!(organizer.post("/shows", details.clone()).await.expect(201).json["title"], details["title"]);
    })
    .await;
}

#[tokio::test]
async fn spellings_of_a_venue_are_one_venue() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let at = |start: &str| performance_details(world.app(), json!({"startsAt": start}));
        let mut venues = Vec::new();
        for venue in
            ["극장 홀", "\u{1100}\u{1173}\u{11a8}\u{110c}\u{1161}\u{11bc} 홀", "극장  홀", "극장\u{a0}홀\u{3000}"]
        {
            let mut details = show_details();
            details["venue"] = json!(venue);
            let show = organizer.post("/shows", details).await.expect(201);
            venues.push(show.text("venue"));
            let dates = format!("{}/performances", show.header("location"));
            let first = organizer.post(&dates, at("2099-12-24T10:30:00Z")).await;
            if venues.len() == 1 {
                first.expect(201);
            } else {
                first.problem(409, "slot_taken");
            }
        }
        assert_eq!(venues, ["극장 홀"; 4]);
    })
    .await;
}

#[tokio::test]
async fn sections_seats_and_grades_are_found_in_any_spelling() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let dates = format!("{show}/performances");
        let twins = seating(&[section("가", "R"), section("\u{1100}\u{1161}", "R")]);
        let twins = performance_details(world.app(), twins);
        assert_eq!(complaint(organizer.post(&dates, twins).await), "seating.sections[1].name");
        let priced_twice = [
            section("A", "VIP석"),
            json!({"name": "B", "grade": "VIP\u{1109}\u{1165}\u{11a8}", "price": 2,
            "rows": 1, "seatsPerRow": 1}),
        ];
        let priced_twice = performance_details(world.app(), seating(&priced_twice));
        assert_eq!(complaint(organizer.post(&dates, priced_twice).await), "seating.sections[1].price");

        let performance = world.performance(seating(&[section("1층\u{a0}\u{a0}가", "VIP석")])).await;
        let person = world.member(0).await;
        let decomposed = "1\u{110e}\u{1173}\u{11bc} \u{1100}\u{1161}-1-1";
        for (number, seat) in ["1층 가-1-1", decomposed, "1층\u{3000}가-1-1"].into_iter().enumerate() {
            let held = hold(&person, &performance, &[seat]).await.expect(201);
            assert_eq!(held.json["seatIds"], json!(["1층 가-1-1"]), "{number}");
            person.delete(&held.header("location")).await.expect(204);
        }
        assert_eq!(complaint(hold(&person, &performance, &["1층 가-1-1", decomposed]).await), "seatIds");
        hold_of_grade(&person, &performance, "VIP\u{1109}\u{1165}\u{11a8}", 2).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn keywords_and_names_are_found_in_any_spelling() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut details = show_details();
        (details["title"], details["venue"]) = (json!("지킬 앤 하이드"), json!("Salle cre\u{300}me"));
        organizer.post("/shows", details).await.expect(201);
        for keyword in [
            "%E1%84%8C%E1%85%B5%E1%84%8F%E1%85%B5%E1%86%AF", // decomposed 지킬
            "%EC%A7%80%ED%82%AC%C2%A0%C2%A0%EC%95%A4",       // 지킬, two no-break spaces, 앤
            "CR%C3%88ME",
            "%EF%BC%B3alle", // a full-width S
        ] {
            let found = organizer.get(&format!("/shows?keyword={keyword}")).await.expect(200).items();
            assert_eq!(found.len(), 1, "{keyword}");
        }
        assert_eq!(complaint(organizer.get("/shows?keyword=%E2%80%8B").await), "keyword");

        let performance = world.performance(json!({})).await;
        let name = "\u{1100}\u{1175}\u{11b7}\u{1106}\u{1175}\u{11ab}\u{1109}\u{116e}";
        for (number, name) in [name, "Zoe\u{308}", "Zoë"].into_iter().enumerate() {
            let person = world.person(&format!("n{number}@example.com"), name, Role::Member).await;
            person.post("/points/top-ups", json!({"amount": 50_000})).await.expect(201);
            crate::harness::book(&person, &performance, &[&format!("A-1-{}", number + 1)]).await;
        }
        world.settle().await;
        let path = format!("/performances/{performance}/reservations?name=");
        let found = organizer.get(&format!("{path}%EA%B9%80%EB%AF%BC")).await.expect(200).items();
        assert_eq!((found.len(), &found[0]["memberName"]), (1, &json!("김민수")));
        for spelling in ["zo%C3%AB", "ZOE%CC%88", "%E2%80%8BZo%C3%AB%20"] {
            assert_eq!(organizer.get(&format!("{path}{spelling}")).await.expect(200).items().len(), 2, "{spelling}");
        }
    })
    .await;
}

/// A past date can be neither booked nor listed, so it is not a valid start.
#[tokio::test]
async fn a_past_start_is_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).header("location");
        let dates = format!("{show}/performances");
        let now = || world.stack.clock().now();
        let at = |start: &str| performance_details(world.app(), json!({"startsAt": start}));
        for past in ["2016-05-01T10:00:00Z".to_owned(), now().plus_seconds(-1).to_string(), now().to_string()] {
            assert_eq!(complaint(organizer.post(&dates, at(&past)).await), "startsAt", "{past}");
            // Like all checks of the request, before the login.
            assert_eq!(complaint(world.anyone().post(&dates, at(&past)).await), "startsAt", "{past}");
        }
        let start = now().plus_seconds(60).to_string();
        let made = organizer.post(&dates, at(&start)).await.expect(201).header("location");
        world.advance_seconds(3600);
        // A started performance stays valid: its other fields can be changed, and it can be moved to the future, not
        // to the past.
        let mut body = at(&start);
        body["holdSeconds"] = json!(60);
        assert_eq!(organizer.put(&made, body).await.expect(200).number("holdSeconds"), 60);
        let moved = at(&now().plus_seconds(-60).to_string());
        assert_eq!(complaint(organizer.put(&made, moved).await), "startsAt");
        organizer.put(&made, at(&now().plus_seconds(3600).to_string())).await.expect(200);
    })
    .await;
}
