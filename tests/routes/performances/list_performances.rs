//! `GET /shows/{showId}/performances`.

use super::{listed_in, new_show};
use crate::{
    harness::{World, book},
    routes::{ODD_IDS, needs_no_login, refuses_bad_pages},
};
use serde_json::{Value, json};

const DAY: i64 = 24 * 3600;

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["performanceId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let path = format!("/shows/{show}/performances");
        let empty = world.anyone().get(&path).await.expect(200);
        assert_eq!(empty.json, json!({"items": [], "nextCursor": null}), "a show without dates");
        assert_eq!(empty.header("cache-control"), "public, max-age=5");

        let mut dates = Vec::new();
        for days in [3, 1, 2] {
            let room = if days == 2 { json!({"maxActive": 5}) } else { Value::Null };
            dates.push(listed_in(world, &organizer, &show, days * DAY, json!({"waitingRoom": room})).await);
        }
        listed_in(world, &organizer, &new_show(&organizer).await, DAY, json!({})).await;
        dates.sort_by_key(|date| date["startsAt"].as_str().unwrap().to_owned());
        let found = world.anyone().get(&path).await.expect(200).items();
        assert_eq!(ids(&found), ids(&dates), "by start, and of this show alone");
        for (found, date) in found.iter().zip(&dates) {
            assert_eq!(found, date, "each as on its own");
        }

        let first = world.anyone().get(&format!("{path}?limit=2")).await.expect(200);
        assert_eq!(ids(&first.items()), ids(&dates[..2]));
        let cursor = first.text("nextCursor");
        let rest = world.anyone().get(&format!("{path}?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!((ids(&rest.items()), &rest.json["nextCursor"]), (ids(&dates[2..]), &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let show = new_show(&world.organizer().await).await;
        needs_no_login(world, "GET", &format!("/shows/{show}/performances"), None, 200).await;
    })
    .await;
}

/// C4: past and closed dates cannot be booked; sold-out ones could be again.
#[tokio::test]
async fn past_and_closed_dates_are_hidden_and_sold_out_ones_shown() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let at = |seconds: i64| world.stack.clock().now().plus_seconds(seconds).to_string();
        let past = listed_in(world, &organizer, &show, 60, json!({})).await;
        world.advance_seconds(60);
        let soon = listed_in(world, &organizer, &show, 3_600, json!({})).await;
        let closing = listed_in(world, &organizer, &show, 2 * DAY, json!({"salesCloseAt": at(3_600)})).await;
        let later = listed_in(world, &organizer, &show, DAY, json!({"salesOpenAt": at(7_200)})).await;
        let one = json!([{"name": "A", "grade": "R", "price": 1, "rows": 1, "seatsPerRow": 1}]);
        let house = json!({"seating": {"type": "numbered", "sections": one}});
        let sold_out = listed_in(world, &organizer, &show, 3 * DAY, house).await;
        book(&world.member(10).await, sold_out["performanceId"].as_str().unwrap(), &["A-1-1"]).await;

        let path = format!("/shows/{show}/performances");
        let dates = async |query: &str| world.anyone().get(&format!("{path}{query}")).await.expect(200).items();
        let all = [soon.clone(), later.clone(), closing, sold_out.clone()];
        assert_eq!(ids(&dates("").await), ids(&all));
        world.advance_seconds(3_601);
        assert_eq!(ids(&dates("").await), ids(&[later.clone(), sold_out.clone()]));
        assert_eq!(ids(&dates("?from=2020-01-01T00:00:00Z").await), ids(&[later, sold_out]), "not even when asked for");
        // Still available by id.
        world.anyone().get(&format!("/performances/{}", past["performanceId"].as_str().unwrap())).await.expect(200);
    })
    .await;
}

/// `from <= startsAt < to`.
#[tokio::test]
async fn a_range_is_half_open() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let mut dates = Vec::new();
        for days in 1..=4 {
            dates.push(listed_in(world, &organizer, &show, days * DAY, json!({})).await);
        }
        let start = |n: usize| dates[n]["startsAt"].as_str().unwrap().to_owned();
        let path = format!("/shows/{show}/performances");
        let found = async |query: String| world.anyone().get(&format!("{path}?{query}")).await.expect(200).items();
        assert_eq!(ids(&found(format!("from={}&to={}", start(1), start(3))).await), ids(&dates[1..3]));
        assert_eq!(ids(&found(format!("from={}", start(2))).await), ids(&dates[2..]));
        assert_eq!(ids(&found(format!("to={}", start(2))).await), ids(&dates[..2]));
        assert!(found(format!("from={0}&to={0}", start(1))).await.is_empty(), "a date without performances is []");
        assert!(found(format!("from={}&to={}", start(3), start(1))).await.is_empty());
        assert!(found("to=1970-01-01T00:00:00Z".to_owned()).await.is_empty());
        assert_eq!(found("to=9998-01-01T00:00:00%2B09:00".to_owned()).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let path = format!("/shows/{show}/performances");
        refuses_bad_pages(&world.anyone(), &path).await;
        for query in ["from=tomorrow", "from=2026-12-24", "to=7", "to=", "day=1"] {
            world.anyone().get(&format!("{path}?{query}")).await.problem(400, "invalid_request");
        }
        for days in 1..=3 {
            listed_in(world, &organizer, &show, days * DAY, json!({})).await;
        }
        // A cursor belongs to its show and its filters.
        let from = "from=2020-01-01T00:00:00Z";
        let cursor = world.anyone().get(&format!("{path}?limit=1&{from}")).await.text("nextCursor");
        world.anyone().get(&format!("{path}?limit=1&{from}&cursor={cursor}")).await.expect(200);
        let other = new_show(&organizer).await;
        for wrong in [
            format!("{path}?cursor={cursor}"),
            format!("{path}?from=2021-01-01T00:00:00Z&cursor={cursor}"),
            format!("{path}?{from}&to=2099-01-01T00:00:00Z&cursor={cursor}"),
            format!("/shows/{other}/performances?{from}&cursor={cursor}"),
            format!("/shows?cursor={cursor}"),
        ] {
            world.anyone().get(&wrong).await.problem(400, "invalid_request");
        }
        for odd in ODD_IDS {
            world.anyone().get(&format!("/shows/{odd}/performances")).await.problem(404, "not_found");
        }
    })
    .await;
}

/// A page has only as many houses as can be counted with a limited number of block reads; the next page has the
/// others.
#[tokio::test]
async fn pages_of_large_houses_are_short() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = new_show(&organizer).await;
        let house = json!({"seating": {"type": "numbered", "sections": [
            {"name": "A", "grade": "R", "price": 1_000, "rows": 20, "seatsPerRow": 100}]}});
        for day in 1..=31 {
            listed_in(world, &organizer, &show, day * DAY, house.clone()).await;
        }
        let path = format!("/shows/{show}/performances?limit=100");
        let first = world.anyone().get(&path).await.expect(200);
        assert_eq!(first.items().len(), 30);
        let rest = world.anyone().get(&format!("{path}&cursor={}", first.text("nextCursor"))).await.expect(200);
        assert_eq!((rest.items().len(), &rest.json["nextCursor"]), (1, &json!(null)));
    })
    .await;
}
