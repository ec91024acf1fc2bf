//! Waiting rooms.

mod estimates;
mod join_queue;
mod leave_queue;
mod leave_races;
mod missed;
mod missed_races;
mod poll_queue;
mod replace_waiting_room;
mod shards;
mod show_waiting_room;
mod tokens;

use crate::harness::World;
use serde_json::{Value, json};

/// A performance with a waiting room that has this policy.
async fn room(world: &World, policy: Value) -> String {
    world.performance(json!({"waitingRoom": policy})).await
}
