//! `infra/events/` has a sample event for every function, for `sam local invoke`. Each is what AWS sends and gets the
//! right response: as it is, and with placeholders replaced by values that expire or belong to one table.

mod workers;

use crate::harness::{World, book, client::Client, hold, line::join, read_qr};
use frontrow_edge::{Descriptor, caller::Access};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use frontrow_local::Options;
use futures_util::{StreamExt, stream};
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Placeholder for a login.
const LOGIN: &str = "ACCESS_TOKEN";
/// Placeholder for a refresh token.
const REFRESH_TOKEN: &str = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005.0193f1b07c8a7d3fae52c1d1a5b0c007.0.jA8xQ…";
/// Placeholder for a queue token.
const QUEUE_TOKEN: &str = "QUEUE_TOKEN";
/// Placeholder for the text of a ticket's QR code.
const TICKET_CODE: &str = "FR1:ABC234:XYZ567";
/// The common part of a hold's id and the ids derived from it.
const PURCHASE: &str = "0193f1b07c8a7d3fae52c1d1a5b0c006.demo";
/// A verification, and the code that was mailed for it.
const VERIFICATION: &str = "0193f1b07c8a7d3fae52c1d1a5b0c003";
const CODE: &str = "042317";

/// A placeholder in a sample, and its replacement.
type Replaced = (&'static str, String);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/events")
}

/// The sample of a function, with some placeholders replaced.
fn sample(name: &str, replaced: &[Replaced]) -> String {
    let path = folder().join(format!("{name}.json"));
    let mut text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (from, to) in replaced {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    text
}

/// The endpoint's response: status, and the code of a problem.
async fn answer(world: &World, endpoint: &Descriptor, event: &str) -> (u16, String) {
    let request: LambdaRequest = serde_json::from_str(event).expect("an event of API Gateway");
    let response = (endpoint.respond)(world.app(), request.into()).await;
    let body: &[u8] = response.body().as_ref();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    (response.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn demo() -> Options {
    Options { port: 0, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_events_get_their_expected_responses() {
    World::run_with(demo(), async |world| {
        for endpoint in ENDPOINTS.iter().chain([&UNMATCHED]) {
            let route = &endpoint.route;
            let (status, code) = answer(world, endpoint, &sample(route.operation(), &[])).await;
            let outcome = format!("{}: {status} {code}", route.operation());
            match endpoint.access {
                Access::Public => {
                    assert!(
                        route.success.contains(&status) || route.errors.iter().any(|known| known.as_str() == code),
                        "{outcome}"
                    )
                }
                Access::Member | Access::Organizer => {
                    assert_eq!((status, &*code), (401, "unauthenticated"), "{outcome}")
                }
            }
        }
    })
    .await;
}

/// A member of the seeds: their login, and a client that uses it.
async fn log_in(world: &World, name: &str) -> (String, Client) {
    let body = json!({"email": format!("{name}@example.com"), "password": "frontrow-demo"});
    let token = world.anyone().post("/sessions", body).await.expect(200).text("accessToken");
    (token.clone(), world.anyone().with_login(&token))
}

/// The end of an id, which all ids of a purchase share.
fn purchase(id: &str) -> String {
    id.split_once('-').expect("a kind and a purchase").1.to_owned()
}

/// What a sample needs to succeed, besides a login.
async fn prepared(world: &World, operation: &str) -> Vec<Replaced> {
    let (_, alice) = log_in(world, "alice").await;
    match operation {
        "sign_up" | "reset_password" => {
            let address = if operation == "sign_up" { "dana@example.com" } else { "alice@example.com" };
            let asked = world.anyone().post("/email-verifications", json!({"email": address})).await.expect(202);
            let verification = asked.text("verificationId");
            let code = world.app().codes.verification_code(&verification.parse().expect("an id"));
            vec![(VERIFICATION, verification), (CODE, code)]
        }
        "refresh_session" => {
            let body = json!({"email": "alice@example.com", "password": "frontrow-demo"});
            vec![(REFRESH_TOKEN, world.anyone().post("/sessions", body).await.expect(200).text("refreshToken"))]
        }
        "show_unsubscription" | "unsubscribe" => {
            let (me, codes) = (alice.get("/members/me").await.expect(200), &world.app().codes);
            let token = codes.unsubscribe_token(&me.text("memberId").parse().expect("an id"));
            vec![("0193f1b07c8a7d3fae52c1d1a5b0c005.unsubscribe-token", token)]
        }
        "poll_queue" => vec![(QUEUE_TOKEN, join(&alice, "demo-queue").await.expect(201).text("queueToken"))],
        "get_hold" | "release_hold" | "pay" => {
            vec![(PURCHASE, purchase(&hold(&alice, "demo", &["B-1-1"]).await.expect(201).text("holdId")))]
        }
        "get_payment" | "get_reservation" | "cancel_reservation" | "mail_tickets" | "get_ticket_qr"
        | "reissue_ticket" => {
            let paid = book(&alice, "demo", &["B-1-1"]).await.text("paymentId");
            world.settle().await;
            vec![(PURCHASE, purchase(&paid))]
        }
        "check_in" => {
            let paid = book(&alice, "demo", &["B-1-1"]).await.text("paymentId");
            let picture = alice.get(&format!("/tickets/t-{}.0/qr.png", purchase(&paid))).await.expect(200);
            vec![(TICKET_CODE, read_qr(&picture.bytes))]
        }
        _ => Vec::new(),
    }
}

/// With the demo's table and members.
#[tokio::test(flavor = "multi_thread")]
async fn sample_events_succeed() {
    let each = stream::iter(ENDPOINTS).map(|endpoint| {
        World::run_with(demo(), async move |world| {
            let operation = endpoint.route.operation();
            let mut replaced = prepared(world, operation).await;
            match endpoint.access {
                Access::Public => {}
                Access::Member => replaced.push((LOGIN, log_in(world, "alice").await.0)),
                Access::Organizer => replaced.push((LOGIN, log_in(world, "organizer").await.0)),
            }
            let (status, code) = answer(world, endpoint, &sample(operation, &replaced)).await;
            assert!(endpoint.route.success.contains(&status), "{operation}: {status} {code}");
        })
    });
    each.buffer_unordered(4).collect::<Vec<_>>().await;
}
