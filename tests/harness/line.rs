//! A member in a waiting room.

use super::{
    World,
    client::{Client, Reply},
};
use serde_json::Value;
use std::borrow::Borrow;

fn path(performance: &str) -> String {
    format!("/performances/{performance}/queue")
}

/// Joins the line.
pub(crate) async fn join(person: &impl Borrow<Client>, performance: &str) -> Reply {
    person.borrow().post(&path(performance), Value::Null).await
}

/// Polls with the token of `place`.
pub(crate) async fn poll(person: &impl Borrow<Client>, performance: &str, place: &Reply) -> Reply {
    person.borrow().with_queue_token(&place.text("queueToken")).get(&path(performance)).await
}

/// Gives up the place.
pub(crate) async fn leave(person: &impl Borrow<Client>, performance: &str) -> Reply {
    person.borrow().delete(&path(performance)).await
}

/// Moves the clock past the age of cached copies, then polls: by then the turnstile has turned.
pub(crate) async fn poll_later(world: &World, person: &impl Borrow<Client>, performance: &str, place: &Reply) -> Reply {
    world.advance_seconds(2);
    poll(person, performance, place).await
}

/// Joins and polls until admitted. Returns the place, and the member's client with its token.
pub(crate) async fn admit(world: &World, person: &impl Borrow<Client>, performance: &str) -> (Reply, Client) {
    let mut place = join(person, performance).await;
    for _ in 0..50 {
        if place.text("status") == "admitted" {
            let client = person.borrow().with_queue_token(&place.text("queueToken"));
            return (place, client);
        }
        place = poll_later(world, person, performance, &place).await.expect(200);
    }
    panic!("not admitted: {}", place.json);
}
