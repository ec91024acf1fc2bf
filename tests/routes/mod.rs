//! A file for each endpoint, where the endpoint's own file is. Each has at least `happy_path` and `unauthorized`, which
//! `drift` enforces from the list of routes.

mod holds;
mod payments;
mod points;
mod reservations;
mod tickets;

use crate::harness::{World, client::Client};
use frontrow_domain::Timestamp;
use frontrow_edge::tokens::Identity;

/// A call without a login, with a forged one, with one that is over, and with a queue token in its place: all 401.
pub(crate) async fn needs_login(world: &World, method: &str, path: &str, body: Option<&str>) {
    let member = world.member(0).await;
    let over = Identity { expires_at: Timestamp::from_millis(0), ..member.identity.clone() };
    let over = world.app().tokens.access(&over);
    let token = world.app().tokens.access(&member.identity);
    let forged = format!("{}A{}", &token[..40], &token[41..]);
    let anyone = world.anyone();
    let wrong = [
        anyone.clone(),
        anyone.with("Authorization", "Basic YWxpY2U6cGFzcw=="),
        anyone.with("Authorization", &token),
        anyone.with_login(&forged),
        anyone.with_login(&over),
        anyone.with_login(""),
    ];
    for client in wrong {
        client.send(method, path, body.map(|body| body.as_bytes().to_vec())).await.problem(401, "unauthenticated");
    }
}

/// Bodies that no call takes; `valid` is one that this call would.
pub(crate) async fn refuses_malformed_bodies(client: &Client, method: &str, path: &str, valid: &serde_json::Value) {
    let mut bodies =
        vec![b"{".to_vec(), b"[]".to_vec(), b"\"text\"".to_vec(), b"null".to_vec(), Vec::new(), vec![0xff, 0xfe]];
    let mut unknown = valid.clone();
    unknown["surprise"] = true.into();
    bodies.push(unknown.to_string().into_bytes());
    for field in valid.as_object().into_iter().flatten().map(|(name, _)| name) {
        let mut wrong = valid.clone();
        wrong[field] = serde_json::json!({"not": ["a", "value"]});
        bodies.push(wrong.to_string().into_bytes());
    }
    bodies.push(format!("{valid}{valid}").into_bytes());
    bodies.push(["[".repeat(10_000), "]".repeat(10_000)].concat().into_bytes());
    for body in bodies {
        let reply = client.send(method, path, Some(body)).await.problem(400, "invalid_request");
        assert!(reply.json["errors"][0]["field"].is_string() && reply.json["errors"][0]["message"].is_string());
    }
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(70_000)).into_bytes();
    client.send(method, path, Some(huge)).await.problem(413, "body_too_large");
}
