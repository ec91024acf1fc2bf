//! `GET /performances/{performanceId}/seats`.

use crate::{
    general::area,
    harness::{
        World, book, hold,
        line::{admit, join, poll},
    },
    large_houses::speed::fifty_thousand,
    routes::{needs_login, needs_no_login, refuses_others_queue_tokens},
};
use frontrow_domain::Timestamp;
use serde_json::{Value, json};

fn status_of<'a>(map: &'a Value, seat: &str) -> &'a str {
    let mut seats = map["seats"].as_array().unwrap().iter();
    seats.find(|found| found["seatId"] == seat).unwrap()["status"].as_str().unwrap()
}

#[tokio::test]
async fn happy_path() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}/seats");
        let map = world.anyone().get(&path).await.expect(200);
        assert_eq!(map.text("performanceId"), performance);
        assert_eq!(map.header("cache-control"), "public, max-age=1");
        let as_of = Timestamp::parse(&map.text("asOf")).unwrap();
        assert!(world.stack.clock().now().seconds_since(as_of) < 10);
        let seats = map.json["seats"].as_array().unwrap();
        assert_eq!(seats.len(), 50);
        let first = json!({"seatId": "A-1-1", "section": "A", "row": 1, "number": 1, "grade": "VIP", "price": 50_000,
            "status": "free"});
        let last = json!({"seatId": "B-3-10", "section": "B", "row": 3, "number": 10, "grade": "R", "price": 30_000,
            "status": "free"});
        assert_eq!((&seats[0], &seats[49]), (&first, &last), "in layout order");

        let (holder, buyer) = (world.member(0).await, world.member(100_000).await);
        hold(&holder, &performance, &["A-1-2"]).await.expect(201);
        book(&buyer, &performance, &["A-1-3"]).await;
        let map = world.anyone().get(&path).await.expect(200).json;
        assert_eq!(["A-1-1", "A-1-2", "A-1-3"].map(|seat| status_of(&map, seat)), ["free", "held", "sold"]);
        assert_eq!(map["grades"][0]["available"], 18);
        world.advance_seconds(300);
        let map = world.anyone().get(&path).await.expect(200).json;
        assert_eq!(["A-1-2", "A-1-3"].map(|seat| status_of(&map, seat)), ["free", "sold"], "expired seats are free");
        assert_eq!(map["grades"][0]["available"], 19);
    })
    .await;
}

#[tokio::test]
async fn unauthorized() {
    World::run(async |world| {
        let open = world.performance(json!({})).await;
        needs_no_login(world, "GET", &format!("/performances/{open}/seats"), None, 200).await;
        let queued = world.performance(json!({"waitingRoom": {"maxActive": 1}})).await;
        needs_login(world, "GET", &format!("/performances/{queued}/seats"), None).await;
    })
    .await;
}

/// Q5: with a waiting room, seats are shown to admitted members only, and are not cached.
#[tokio::test]
async fn seats_behind_a_waiting_room_need_an_admission() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 2, "admissionSeconds": 300}})).await;
        let path = format!("/performances/{performance}/seats");
        let person = world.member(0).await;
        refuses_others_queue_tokens(world, &performance, &person, async |client| client.get(&path).await).await;
        let waiting = join(&person, &performance).await.expect(201);
        let waiting_client = person.with_queue_token(&waiting.text("queueToken"));
        waiting_client.get(&path).await.problem(403, "not_admitted");

        let (place, inside) = admit(world, &person, &performance).await;
        let map = inside.get(&path).await.expect(200);
        assert_eq!(map.header("cache-control"), "no-store");
        assert_eq!(map.json["seats"].as_array().unwrap().len(), 50);
        waiting_client.get(&path).await.problem(403, "not_admitted");
        // An admitted token is valid only for its own member.
        let thief = world.member(0).await.with_queue_token(&place.text("queueToken"));
        thief.get(&path).await.problem(401, "queue_token_invalid");

        // With a hold, the admission outlives the token; a poll renews it.
        world.advance_seconds(150);
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        world.advance_seconds(200);
        inside.get(&path).await.problem(401, "queue_token_expired");
        waiting_client.get(&path).await.problem(401, "queue_token_expired");
        let renewed = poll(&person, &performance, &place).await.expect(200);
        person.with_queue_token(&renewed.text("queueToken")).get(&path).await.expect(200);
    })
    .await;
}

/// Without a waiting room, a `Queue-Token` is ignored.
#[tokio::test]
async fn a_queue_token_is_ignored_without_a_waiting_room() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}");
        let client = world.member(0).await.with_queue_token("forged");
        client.get(&format!("{path}/seats")).await.expect(200);
        client.post(&format!("{path}/holds"), json!({"seatIds": ["A-1-1"]})).await.expect(201);
        client.get(&format!("{path}/seats?status=free")).await.problem(400, "invalid_request");
    })
    .await;
}

/// A caller with the current map gets a 304, until one of its seats changes, by a hold, by an expiry, by anything.
#[tokio::test]
async fn an_unchanged_map_returns_304() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}/seats");
        let map = world.anyone().get(&path).await.expect(200);
        let tag = map.header("etag");
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(map.header("vary"), "accept-encoding");
        let having = async |tags: &str| world.anyone().with("If-None-Match", tags).get(&path).await;
        // A different time alone does not make a different map.
        world.advance_seconds(2);
        for tags in [&tag, tag.trim_start_matches("W/"), "*", &format!("\"other\", {tag}")] {
            let unchanged = having(tags).await.expect(304);
            assert!(unchanged.bytes.is_empty(), "{tags}");
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(unchanged.header(name), map.header(name), "{name}");
            }
        }
        for tags in ["", "\"other\"", "W/\"\"", "nonsense"] {
            having(tags).await.expect(200);
        }
        let person = world.member(100_000).await;
        hold(&person, &performance, &["A-1-1"]).await.expect(201);
        let held = having(&tag).await.expect(200).header("etag");
        having(&held).await.expect(304);
        world.advance_seconds(300);
        assert_eq!(having(&held).await.expect(200).header("etag"), tag, "all is free again, as it was");
        book(&person, &performance, &["A-1-1"]).await;
        let sold = having(&tag).await.expect(200).header("etag");
        assert_ne!(sold, held);
    })
    .await;
}

/// A map is compressed for callers that accept gzip, with the same content.
#[tokio::test]
async fn a_map_is_compressed_for_clients_that_accept_gzip() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let path = format!("/performances/{performance}/seats");
        let plain = world.anyone().with("Accept-Encoding", "br, gzip;q=0").get(&path).await.expect(200);
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            (String::new(), "accept-encoding".to_owned())
        );
        let small = world.anyone().with("Accept-Encoding", "br, gzip").get(&path).await.expect(200);
        assert_eq!(small.header("content-encoding"), "gzip");
        assert_eq!(small.header("content-type"), "application/json");
        assert_eq!(small.header("etag"), plain.header("etag"));
        assert!(small.bytes.len() < plain.bytes.len() / 4);
        let unpacked: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&small.bytes[..])).unwrap();
        assert_eq!(unpacked["seats"], plain.json["seats"]);
        let short = world.anyone().with("Accept-Encoding", "gzip").get(&format!("/performances/{performance}")).await;
        assert_eq!(short.expect(200).header("content-encoding"), "", "a short answer is not worth it");
    })
    .await;
}

/// In a waiting room the response is not cached, but a caller who remembers the map may ask whether it is still
/// current. They must be inside, as for the map.
#[tokio::test]
async fn a_map_behind_a_waiting_room_has_an_etag_too() {
    World::run(async |world| {
        let performance = world.performance(json!({"waitingRoom": {"maxActive": 2}})).await;
        let path = format!("/performances/{performance}/seats");
        let (_, inside) = admit(world, &world.member(0).await, &performance).await;
        let tag = inside.get(&path).await.expect(200).header("etag");
        let unchanged = inside.with("If-None-Match", &tag).get(&path).await.expect(304);
        assert_eq!(unchanged.header("cache-control"), "no-store");
        world.anyone().with("If-None-Match", &tag).get(&path).await.problem(401, "unauthenticated");
        hold(&inside, &performance, &["A-1-1"]).await.expect(201);
        inside.with("If-None-Match", &tag).get(&path).await.expect(200);
    })
    .await;
}

/// With `form=rows` a seat is one character; the rest of the response is the same.
#[tokio::test]
async fn rows_have_a_character_for_each_seat() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        hold(&world.member(0).await, &performance, &["A-1-2"]).await.expect(201);
        book(&world.member(100_000).await, &performance, &["A-2-10", "B-1-1"]).await;
        let path = format!("/performances/{performance}/seats");
        let seats = world.anyone().get(&path).await.expect(200);
        let rows = world.anyone().get(&format!("{path}?form=rows")).await.expect(200);
        assert_eq!(rows.json["sections"], json!([
            {"section": "A", "rows": [{"row": 1, "seats": "fhffffffff"}, {"row": 2, "seats": "fffffffffs"}]},
            {"section": "B", "rows": [
                {"row": 1, "seats": "sfffffffff"}, {"row": 2, "seats": "ffffffffff"}, {"row": 3, "seats": "ffffffffff"}]},
        ]));
        assert_eq!((&rows.json["grades"], &rows.json["currency"]), (&seats.json["grades"], &json!("KRW")));
        assert!(rows.json.get("seats").is_none());
        assert_ne!(rows.header("etag"), seats.header("etag"));
        let explicit = world.anyone().get(&format!("{path}?form=seats")).await.expect(200);
        assert_eq!(explicit.json["seats"], seats.json["seats"]);
        for wrong in ["form=columns", "form=", "rows=1"] {
            world.anyone().get(&format!("{path}?{wrong}")).await.problem(400, "invalid_request");
        }
        let counted = area(world, 10, json!({})).await;
        let rows = world.anyone().get(&format!("/performances/{counted}/seats?form=rows")).await.expect(200);
        assert_eq!(rows.json["sections"], json!([]));
    })
    .await;
}

/// A house of 50,000 seats fits 64 KiB.
#[tokio::test]
async fn rows_of_the_largest_house_are_small() {
    World::run(async |world| {
        let performance = world.performance(fifty_thousand()).await;
        let path = format!("/performances/{performance}/seats?form=rows");
        let rows = world.anyone().get(&path).await.expect(200);
        let bytes = rows.json.to_string().len();
        assert!(bytes <= 64 * 1024, "{bytes}");
        assert_eq!(rows.json["sections"][9]["rows"][49]["seats"].as_str().unwrap().len(), 100);
        // Both forms are cached side by side.
        let seats = world.anyone().get(&format!("/performances/{performance}/seats")).await.expect(200);
        assert_eq!(seats.json["seats"].as_array().unwrap().len(), 50_000);
        assert_eq!(world.anyone().get(&path).await.expect(200).json["sections"], rows.json["sections"]);
    })
    .await;
}
