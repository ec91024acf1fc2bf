//! Guards of shows and performances.

use super::{Found, ensure};
use crate::harness::{World, performance_details, show_details};
use frontrow_domain::{ids::PerformanceId, performance::Performance};
use serde_json::json;

/// Every id is fresh but the seeds': planting them again must leave them alone.
pub(super) async fn a_performance_is_not_replaced(world: &World) -> Found {
    let id: PerformanceId = world.performance(json!({})).await.parse().expect("an id");
    let (store, now) = (&world.app().store, world.stack.clock().now());
    let listing = store.listing(&id, now).await.expect("a performance");
    let again = Performance { starts_at: now.plus_seconds(3600), ..listing.performance.clone() };
    let made = store.create_performance(&again, &listing.show, None).await;
    ensure(made.is_err(), || "a second performance replaced the one of that id".to_owned())
}

pub(super) async fn a_venue_has_one_performance_at_a_time(world: &World) -> Found {
    let (organizer, details) = (world.organizer().await, performance_details(world.app(), json!({})));
    let show = organizer.post("/shows", show_details()).await.expect(201);
    let path = format!("/shows/{}/performances", show.text("showId"));
    organizer.post(&path, details.clone()).await.expect(201);
    let second = organizer.post(&path, details).await;
    ensure(second.status == 409, || format!("two performances at one instant in one venue: {second:?}"))
}
