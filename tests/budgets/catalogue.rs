//! The cost of organizers' changes and of alerts.

use super::{Budgets, meter, meter_workers};
use crate::harness::{World, performance_details, show_details};
use serde_json::json;

pub(super) async fn catalogue(world: &World, budgets: &mut Budgets) {
    let organizer = world.organizer().await;
    let (show, cost) = meter(world, organizer.post("/shows", show_details())).await;
    let show = show.expect(201).header("location");
    budgets.note("create a show", (1, 4.0, 0.0), &cost, "show, its place by title");
    let at = |start: &str| performance_details(world.app(), json!({"startsAt": start}));
    let dates = format!("{show}/performances");
    let (made, cost) = meter(world, organizer.post(&dates, at("2099-01-01T10:00:00Z"))).await;
    let path = made.expect(201).header("location");
    budgets.note("create a performance", (1, 12.0, 0.0), &cost, "performance, slot, date; show in three orders");

    let mut details = show_details();
    details["title"] = json!("Zaide");
    details["venue"] = organizer.get(&show).await.json["venue"].clone();
    let (changed, cost) = meter(world, organizer.put(&show, details)).await;
    changed.expect(200);
    budgets.note("change a show", (1, 8.0, 0.0), &cost, "show in three orders, its old place by title");
    let mut quiet = at("2099-01-01T10:00:00Z");
    quiet["holdSeconds"] = json!(60);
    let (changed, cost) = meter(world, organizer.put(&path, quiet)).await;
    changed.expect(200);
    budgets.note("change a performance", (2, 4.0, 0.5), &cost, "performance, date; what is taken, for the answer");
    let (moved, cost) = meter(world, organizer.put(&path, at("2099-02-01T10:00:00Z"))).await;
    moved.expect(200);
    let account =
        "slot, block, mark, block, dates; performance, 2 slots, 2 dates, show in three orders and an old place";
    budgets.note("move a performance", (8, 20.0, 5.5), &cost, account);
    let (deleted, cost) = meter(world, organizer.delete(&path)).await;
    deleted.expect(204);
    let account = "block, mark, block, dates; performance, date, slot, room, show, two other orders";
    budgets.note("delete a performance", (6, 16.0, 4.0), &cost, account);
    let (deleted, cost) = meter(world, organizer.delete(&show)).await;
    deleted.expect(204);
    budgets.note("delete a show without dates", (3, 6.0, 1.0), &cost, "mark, dates; show, its place by title");

    let person = world.member(0).await;
    let (chosen, cost) = meter(world, person.put("/members/me/alerts", json!({"categories": ["musical"]}))).await;
    chosen.expect(200);
    budgets.note("choose alerts", (2, 10.0, 1.0), &cost, "member read; member, four categories");
    let announce = async || {
        organizer.post("/shows", show_details()).await.expect(201);
    };
    let shards = meter_workers(world, &["announce_show"], announce()).await;
    budgets.note("announce a show to nobody", (8, 0.0, 8.0), &shards, "a page of each shard; 100 subscribers each");
    let mail = meter_workers(world, &["ticket_mailer"], announce()).await;
    budgets.note("alert, per subscriber", (3, 2.0, 1.0), &mail, "CLAIM, SENT; the member; the show is read, too");
}
