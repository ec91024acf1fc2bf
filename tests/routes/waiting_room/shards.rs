//! A line of four shards: faster to join, and still in order within a shard.

use crate::harness::{
    Person, World,
    client::Reply,
    line::{join, leave, poll},
    performance_details, show_details,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

const SHARDS: u32 = 4;
const MEMBERS: usize = 40;
const MAX_ACTIVE: i64 = 5;

/// A performance whose line has four shards because of its expected arrivals.
async fn sharded(world: &World) -> String {
    let room = json!({"maxActive": MAX_ACTIVE, "admissionSeconds": 20, "expectedArrivalsPerMinute": 120_000});
    let performance = world.performance(json!({"waitingRoom": room})).await;
    let id = performance.parse().expect("an id");
    let room = world.app().store.room(&id, world.stack.clock().now()).await.expect("a room");
    assert_eq!(room.shards, SHARDS);
    performance
}

/// The expected arrivals are fixed with the room: no policy contains them, and no response shows them.
#[tokio::test]
async fn expected_arrivals_are_set_only_at_creation() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).text("showId");
        let path = format!("/shows/{show}/performances");
        for wrong in [json!(0), json!(-1), json!(1.5), json!("many"), json!(10_000_001)] {
            let room = json!({"maxActive": 5, "expectedArrivalsPerMinute": wrong});
            let body = performance_details(world.app(), json!({"waitingRoom": room}));
            organizer.post(&path, body).await.problem(400, "invalid_request");
        }
        let room = json!({"maxActive": 5, "expectedArrivalsPerMinute": 10_000_000});
        let made =
            organizer.post(&path, performance_details(world.app(), json!({"waitingRoom": room}))).await.expect(201);
        assert_eq!(
            made.json["waitingRoom"],
            json!({"maxActive": 5, "admitPerMinute": null, "admissionSeconds": 600, "paused": false})
        );
        let policy = format!("/performances/{}/waiting-room", made.text("performanceId"));
        organizer.put(&policy, room).await.problem(400, "invalid_request");
    })
    .await;
}

/// The waiting members, each with their last place; and the round in which each position was admitted.
struct Line {
    waiting: Vec<(Person, Reply)>,
    admitted: BTreeMap<i64, usize>,
}

impl Line {
    async fn join_at_once(world: &World, performance: &str) -> Self {
        let mut joining = JoinSet::new();
        for _ in 0..MEMBERS {
            let (person, performance) = (world.member(0).await, performance.to_owned());
            joining.spawn(async move {
                let place = join(&person, &performance).await.expect(201);
                (person, place)
            });
        }
        Self { waiting: joining.join_all().await, admitted: BTreeMap::new() }
    }

    /// All poll. Every other admitted member leaves, the others stay until their admission expires.
    async fn round(&mut self, performance: &str, round: usize) {
        let mut waiting = Vec::new();
        for (person, place) in self.waiting.drain(..) {
            let place = poll(&person, performance, &place).await.expect(200);
            if place.text("status") == "waiting" {
                waiting.push((person, place));
                continue;
            }
            self.admitted.insert(place.number("position"), round);
            if self.admitted.len().is_multiple_of(2) {
                leave(&person, performance).await.expect(204);
            }
        }
        self.waiting = waiting;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sharded_line_drains_in_order_within_its_limit() {
    World::run(async |world| {
        let performance = sharded(world).await;
        let organizer = world.organizer().await;
        let mut line = Line::join_at_once(world, &performance).await;
        let positions: BTreeSet<i64> = line.waiting.iter().map(|(_, place)| place.number("position")).collect();
        assert_eq!(positions.len(), MEMBERS, "all are different");
        for (person, place) in &line.waiting {
            let again = join(person, &performance).await.expect(200);
            assert_eq!(again.json["position"], place.json["position"]);
        }
        let path = format!("/performances/{performance}/waiting-room");
        for round in 0..200 {
            world.advance_seconds(3);
            line.round(&performance, round).await;
            let view = organizer.get(&path).await.expect(200);
            assert!(view.number("active") <= MAX_ACTIVE, "{} are inside", view.number("active"));
            assert_eq!(view.number("issued"), 40);
            if line.waiting.is_empty() {
                break;
            }
        }
        assert_eq!(line.admitted.keys().copied().collect::<BTreeSet<_>>(), positions, "everybody was admitted");
        // A turn between two polls of a round may admit a later member first, but never by a whole round.
        let shard = |position: i64| (position - 1) % i64::from(SHARDS);
        for (position, round) in &line.admitted {
            let before = line.admitted.range(..position).filter(|(earlier, _)| shard(**earlier) == shard(*position));
            for (earlier, earlier_round) in before {
                assert!(*earlier_round <= round + 1, "{earlier} came in after {position}");
            }
        }
    })
    .await;
}
