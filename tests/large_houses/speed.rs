//! The map of 50,000 seats: response time and size. `cargo test -p frontrow-tests speed -- --nocapture` prints them.

use super::fresh_map;
use crate::harness::{World, hold};
use flate2::read::GzDecoder;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH};
use serde_json::{Value, json};
use std::{
    io::Read,
    time::{Duration, Instant},
};

/// The goal on an idle machine.
const GOAL: Duration = Duration::from_millis(300);
/// The same on any machine: this many times as long as parsing the map takes there.
const PARSES: u32 = 6;

pub(crate) fn fifty_thousand() -> Value {
    let section = |number: u32| {
        let grade = ["VIP", "R", "S", "A", "B"][number as usize % 5];
        let price = 200_000 - 10_000 * (number % 5);
        json!({"name": number.to_string(), "grade": grade, "price": price, "rows": 50, "seatsPerRow": 100})
    };
    let sections: Vec<Value> = (0..10).map(section).collect();
    json!({"maxSeatsPerMember": 50, "seating": {"type": "numbered", "sections": sections}})
}

/// Time from the request to the last byte of the response.
async fn timed(url: &str, header: Option<(HeaderName, &str)>) -> (Duration, HeaderMap, Vec<u8>) {
    let begun = Instant::now();
    let mut request = reqwest::Client::new().get(url);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let response = request.send().await.expect("a response");
    let headers = response.headers().clone();
    let bytes = response.bytes().await.expect("a body").to_vec();
    (begun.elapsed(), headers, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_of_fifty_thousand_seats_is_fast() {
    World::run(async |world| {
        let performance = world.performance(fifty_thousand()).await;
        let url = format!("{}/performances/{performance}", world.stack.url());
        let seats = format!("{url}/seats");
        fresh_map(world, &performance).await;
        let names = ["after a change", "again", "gzip", "gzip again", "304", "counts"];
        let (mut fastest, mut parsed) = ([(Duration::MAX, 0); 6], Duration::MAX);
        for round in 1..=4 {
            hold(&world.member(0).await, &performance, &[&format!("9-50-{round}")]).await.expect(201);
            world.settle().await;
            world.advance_seconds(1);
            let plain = timed(&seats, None).await;
            let tag = plain.1[ETAG].to_str().expect("text").to_owned();
            let answers = [
                plain,
                timed(&seats, None).await,
                timed(&seats, Some((ACCEPT_ENCODING, "gzip"))).await,
                timed(&seats, Some((ACCEPT_ENCODING, "gzip"))).await,
                timed(&seats, Some((IF_NONE_MATCH, &tag))).await,
                timed(&url, None).await,
            ];
            let begun = Instant::now();
            serde_json::from_slice::<Value>(&answers[0].2).expect("JSON");
            parsed = parsed.min(begun.elapsed());
            assert_eq!(answers[2].1[CONTENT_ENCODING], "gzip");
            let mut unpacked = Vec::new();
            GzDecoder::new(&answers[2].2[..]).read_to_end(&mut unpacked).expect("gzip");
            assert!(unpacked == answers[0].2, "the compressed response differs");
            for (fastest, (took, _, bytes)) in fastest.iter_mut().zip(&answers) {
                *fastest = (fastest.0.min(*took), bytes.len());
            }
        }
        println!("a map of 50,000 seats, fastest of 4 responses; parsed in {parsed:?}; the goal is {GOAL:?}");
        for (name, (took, bytes)) in names.iter().zip(fastest) {
            println!("{name:<16} {:>6.1} ms {bytes:>9} bytes", took.as_secs_f64() * 1000.0);
            assert!(took < parsed * PARSES, "{name}: {took:?}");
        }
        assert_eq!(fastest[4].1, 0);
        assert!(fastest[0].1 > 4_500_000 && fastest[2].1 < fastest[0].1 / 10, "{fastest:?}");
    })
    .await;
}
