//! One file for each endpoint, in the same folder as the endpoint's own file. Each has at least `happy_path` and
//! `unauthorized`, which `drift` enforces from the list of routes.

mod holds;
pub(crate) mod members;
mod my_page;
mod notices;
mod payments;
mod performances;
mod points;
mod reservations;
mod shows;
mod tickets;
mod unmatched;
mod waiting_room;

use crate::harness::{
    Person, World,
    client::{Client, Reply},
    line::join,
};
use frontrow_domain::Timestamp;
use frontrow_edge::tokens::Identity;

/// The token with one character changed.
fn altered(token: &str) -> String {
    let other = if token[40..].starts_with('A') { 'B' } else { 'A' };
    format!("{}{other}{}", &token[..40], &token[41..])
}

/// A request without a login, with a forged one, with an expired one, and with a queue token in its place: all 401.
pub(crate) async fn needs_login(world: &World, method: &str, path: &str, body: Option<&str>) {
    let member = world.member(0).await;
    let over = Identity { expires_at: Timestamp::from_millis(0), ..member.identity.clone() };
    let over = world.app().tokens.access(&over);
    let token = world.app().tokens.access(&member.identity);
    let forged = altered(&token);
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

/// A request for organizers only: 401 without a login, 403 for a member.
pub(crate) async fn needs_organizer(world: &World, method: &str, path: &str, body: Option<&str>) {
    needs_login(world, method, path, body).await;
    let bytes = body.map(|body| body.as_bytes().to_vec());
    world.member(0).await.send(method, path, bytes).await.problem(403, "forbidden");
}

/// A public request: a caller without a login or with an invalid one gets the same status as a member.
pub(crate) async fn needs_no_login(world: &World, method: &str, path: &str, body: Option<&str>, status: u16) {
    let callers = [
        world.anyone(),
        world.anyone().with_login("forged"),
        world.anyone().with("Authorization", "Basic YWxpY2U6cGFzcw=="),
        world.member(0).await.client,
    ];
    for client in callers {
        let reply = client.send(method, path, body.map(|body| body.as_bytes().to_vec())).await.expect(status);
        assert!(reply.header("www-authenticate").is_empty());
    }
}

/// Queue tokens with which `person` may not make `call` for `performance`: none at all, forged ones, another
/// member's, another performance's. Each is a 401, but not because of the login.
pub(crate) async fn refuses_others_queue_tokens(
    world: &World,
    performance: &str,
    person: &Person,
    call: impl AsyncFn(&Client) -> Reply,
) {
    let elsewhere = world.performance(serde_json::json!({"waitingRoom": {"maxActive": 1}})).await;
    let my_other = join(person, &elsewhere).await.expect(201).text("queueToken");
    let anothers = join(&world.member(0).await, performance).await.expect(201).text("queueToken");
    let forged = altered(&my_other);
    let login = world.app().tokens.access(&person.identity);
    call(&person.client).await.problem(401, "queue_token_missing");
    for wrong in [my_other, anothers, forged, login, "x".to_owned(), String::new(), "v4.local.".repeat(400)] {
        call(&person.with_queue_token(&wrong)).await.problem(401, "queue_token_invalid");
    }
}

/// Values of `limit` and `cursor` that every list refuses.
pub(crate) async fn refuses_bad_pages(client: &Client, path: &str) {
    let long = format!("cursor={}", "A".repeat(2_000));
    for query in ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=1.5", "limit=", "cursor=", "cursor=x", "page=2"]
    {
        client.get(&format!("{path}?{query}")).await.problem(400, "invalid_request");
    }
    client.get(&format!("{path}?{long}")).await.problem(400, "invalid_request");
    client.get(&format!("{path}?limit=1&limit=2")).await.problem(400, "invalid_request");
}

/// The field named in a refused request's problem.
#[track_caller]
pub(crate) fn complaint(reply: Reply) -> String {
    reply.problem(400, "invalid_request").json["errors"][0]["field"].as_str().unwrap_or_default().to_owned()
}

/// Ids that nothing can have.
pub(crate) const ODD_IDS: [&str; 5] = ["nope", "a%20b", "%2e%2e%2e", "%00", "0193f1b07c8a7d3fae52c1d1a5b0c003"];

/// Bodies that every endpoint refuses; `valid` is one that this endpoint accepts.
pub(crate) async fn refuses_malformed_bodies(client: &Client, method: &str, path: &str, valid: &serde_json::Value) {
    let mut bodies =
        vec![b"{".to_vec(), b"[]".to_vec(), b"\"text\"".to_vec(), b"null".to_vec(), Vec::new(), vec![0xff, 0xfe]];
    // The values without their names.
    let unnamed: Vec<_> = valid.as_object().into_iter().flatten().map(|(_, value)| value.clone()).collect();
    bodies.push(serde_json::Value::from(unnamed).to_string().into_bytes());
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
