//! Races of members who leave with the turn that calls them.

use super::{missed_races::Nth, room};
use crate::harness::{
    World,
    line::{join, leave, poll, poll_later},
};
use serde_json::json;

/// The member leaves after the turn has looked for given-up places, or the turn calls them after leaving has read the room:
/// in both cases just before the first write of the other side.
#[tokio::test]
async fn a_member_who_leaves_while_a_turn_calls_them_is_not_admitted() {
    World::run(async |world| {
        for leaves_within_turn in [true, false] {
            let performance = room(world, json!({"maxActive": 1})).await;
            let (leaver, next) = (world.member(0).await, world.member(0).await);
            let place = join(&leaver, &performance).await.expect(201);
            let second = join(&next, &performance).await.expect(201);
            world.advance_seconds(2);
            let (id, who) = (performance.clone(), if leaves_within_turn { leaver.clone() } else { next.clone() });
            let token = second.clone();
            world.wire.intercept(Some(Nth::before("PutItem", 0, async move {
                match leaves_within_turn {
                    true => drop(leave(&who, &id).await.expect(204)),
                    false => drop(poll(&who, &id, &token).await.expect(200)),
                }
            })));
            match leaves_within_turn {
                true => drop(poll(&next, &performance, &second).await.expect(200)),
                false => drop(leave(&leaver, &performance).await.expect(204)),
            }
            world.wire.intercept(None);
            let inside = poll_later(world, &next, &performance, &second).await.expect(200);
            let inside = poll_later(world, &next, &performance, &inside).await.expect(200);
            assert_eq!(inside.text("status"), "admitted", "{leaves_within_turn}");
            poll(&leaver, &performance, &place).await.problem(401, "queue_token_expired");
            assert_eq!(join(&leaver, &performance).await.expect(201).number("position"), 3);
        }
    })
    .await;
}
