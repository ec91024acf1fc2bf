//! Performances.

mod cancel_performance;
mod create_performance;
mod delete_performance;
mod get_performance;
mod list_performances;
mod list_seats;
mod replace_performance;
mod show_door_list;
mod show_sales;

use crate::harness::{Person, World, performance_details, show_details};
use serde_json::{Value, json};

/// A new show's id.
async fn new_show(organizer: &Person) -> String {
    organizer.post("/shows", show_details()).await.expect(201).text("showId")
}

/// A performance of `show` that starts in `seconds`, with `details` beyond the defaults.
async fn listed_in(world: &World, organizer: &Person, show: &str, seconds: i64, details: Value) -> Value {
    let mut body = performance_details(world.app(), details);
    body["startsAt"] = json!(world.stack.clock().now().plus_seconds(seconds).to_string());
    organizer.post(&format!("/shows/{show}/performances"), body).await.expect(201).json
}
