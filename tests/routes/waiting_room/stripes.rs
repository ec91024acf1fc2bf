//! A line of four stripes: faster to join, and still in order within a stripe.

use crate::harness::{
    Person, World,
    client::Reply,
    line::{join, leave, poll},
    performance_details, show_details,
};
use frontrow_domain::{
    ids::{PerformanceId, ShowId},
    performance::{Performance, PerformanceDetails},
};
use frontrow_edge::entropy;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

const STRIPES: u32 = 4;
const MEMBERS: usize = 40;
const MAX_ACTIVE: i64 = 5;

/// A performance whose line has four stripes, which no call of the API can ask for.
async fn striped(world: &World) -> String {
    let listed = world.organizer().await.post("/shows", show_details()).await.expect(201);
    let show_id: ShowId = listed.text("showId").parse().unwrap();
    let store = &world.app().store;
    let show = store.show(&show_id).await.unwrap().unwrap();
    let room = json!({"waitingRoom": {"maxActive": MAX_ACTIVE, "admissionSeconds": 20}});
    let details: PerformanceDetails = serde_json::from_value(performance_details(world.app(), room)).unwrap();
    let policy = details.waiting_room.unwrap();
    let id = PerformanceId::new(entropy::fresh_uuid());
    let performance = Performance::new(id, show_id, details, world.stack.clock().now());
    store.create_performance(&performance, &show, Some((policy, STRIPES))).await.unwrap();
    performance.performance_id.to_string()
}

/// Who waits, each with his last place; and the round in which each position was let in.
struct Line {
    waiting: Vec<(Person, Reply)>,
    let_in: BTreeMap<i64, usize>,
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
        Self { waiting: joining.join_all().await, let_in: BTreeMap::new() }
    }

    /// All poll; every other one who is let in leaves, the others stay until their time is over.
    async fn round(&mut self, performance: &str, round: usize) {
        let mut waiting = Vec::new();
        for (person, place) in self.waiting.drain(..) {
            let place = poll(&person, performance, &place).await.expect(200);
            if place.text("status") == "waiting" {
                waiting.push((person, place));
                continue;
            }
            self.let_in.insert(place.number("position"), round);
            if self.let_in.len().is_multiple_of(2) {
                leave(&person, performance).await.expect(204);
            }
        }
        self.waiting = waiting;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_striped_line_drains_in_order_and_keeps_its_limit() {
    World::run(async |world| {
        let performance = striped(world).await;
        let organizer = world.organizer().await;
        let mut line = Line::join_at_once(world, &performance).await;
        let positions: BTreeSet<i64> = line.waiting.iter().map(|(_, place)| place.number("position")).collect();
        assert_eq!(positions.len(), MEMBERS, "no two alike");
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
        assert_eq!(line.let_in.keys().copied().collect::<BTreeSet<_>>(), positions, "everybody was let in");
        // A turn between two polls of a round may let a later one in first; a whole round never lies between them.
        let stripe = |position: i64| (position - 1) % i64::from(STRIPES);
        for (position, round) in &line.let_in {
            let before = line.let_in.range(..position).filter(|(earlier, _)| stripe(**earlier) == stripe(*position));
            for (earlier, earlier_round) in before {
                assert!(*earlier_round <= round + 1, "{earlier} came in after {position}");
            }
        }
    })
    .await;
}
