//! Guards of places that are only counted.

use super::{Found, ensure, interlude::Interlude};
use crate::{
    general::area,
    harness::{World, hold_of_grade, pay, process::call},
};
use frontrow_edge::{App, Method};
use serde_json::json;

pub(super) async fn no_more_places_are_held_than_there_are(world: &World) -> Found {
    let performance = area(world, 3, json!({})).await;
    hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await.expect(201);
    let second = hold_of_grade(&world.member(0).await, &performance, "Standing", 2).await;
    ensure(second.status == 409, || "four of three places are held".to_owned())
}

pub(super) async fn lapsed_places_are_given_back_once(world: &World) -> Found {
    let performance = area(world, 4, json!({})).await;
    hold_of_grade(&world.member(0).await, &performance, "Standing", 4).await.expect(201);
    world.advance_seconds(400);
    let (faster, same) = (world.member(0).await, performance.clone());
    // Between the look at the stripe and the write that gives its lapsed places back.
    world.wire.meddle(Some(Interlude::before_text("#version = :version", async move {
        hold_of_grade(&faster, &same, "Standing", 3).await.expect(201);
    })));
    let slower = hold_of_grade(&world.member(0).await, &performance, "Standing", 3).await;
    ensure(slower.status == 409, || "six of four places are held".to_owned())
}

/// Takes both places of an area for a new member through a process to whose clock the hold on them has lapsed.
pub(super) async fn take_ahead(world: &World, performance: &str) {
    let ahead = App { clock: world.stack.clock().skewed_by_seconds(400), ..world.app().clone() };
    let person = world.member(0).await;
    let login = format!("Bearer {}", world.app().tokens.access(&person.identity));
    let path = format!("/performances/{performance}/holds");
    let body = json!({"grade": "Standing", "quantity": 2});
    let taken = call(&ahead, &Method::POST, &path, &[("authorization", &login)], &body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
}

pub(super) async fn places_lost_to_another_clock_are_not_sold(world: &World) -> Found {
    let performance = area(world, 2, json!({})).await;
    let person = world.member(100_000).await;
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).text("holdId");
    take_ahead(world, &performance).await;
    let paid = pay(&person, &held).await;
    ensure(paid.status == 410, || format!("lost places were paid: {}", paid.status))
}

pub(super) async fn places_lost_to_another_clock_are_not_freed(world: &World) -> Found {
    let performance = area(world, 2, json!({})).await;
    let person = world.member(0).await;
    let held = hold_of_grade(&person, &performance, "Standing", 2).await.expect(201).header("location");
    take_ahead(world, &performance).await;
    person.delete(&held).await.expect(204);
    let third = hold_of_grade(&world.member(0).await, &performance, "Standing", 1).await;
    ensure(third.status == 409, || "releasing freed places that were another's by then".to_owned())
}
