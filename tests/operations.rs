//! What operators see of the platform. An on-sale runs through the functions' own binaries, and their output is
//! checked: one request can be followed to its mail, metrics have CloudWatch's format, and the output contains no
//! secret.

use crate::{
    cards::pay_by_card,
    harness::{
        World,
        client::{Client, Reply},
        hold,
        lambdas::{Lambdas, Printed},
        line::{join, poll},
        pay, read_qr,
    },
};
use frontrow_domain::limits::METRICS_MAX;
use frontrow_edge::{Method, metrics::Outcome};
use frontrow_endpoints::ENDPOINTS;
use frontrow_local::{Options, functions::Functions};
use frontrow_store::MailJob;
use mail_parser::MessageParser;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const EMAIL: &str = "dana@example.com";
const PASSWORD: &str = "correct horse battery";
const CARD: &str = "tok_visa";

/// The results of an on-sale.
struct Sale {
    /// Responses after which a mail was sent, with its kind and whether it is about a reservation.
    mailed: Vec<(Reply, bool)>,
    /// The card purchase.
    by_card: Reply,
    /// Secrets that must not be in a log, with a word for each.
    secrets: Vec<(&'static str, String)>,
}

/// Raw mails to the member, oldest first.
async fn mails(world: &World) -> Vec<Vec<u8>> {
    world.settle().await;
    world.stack.mailbox().to(EMAIL).iter().map(|mail| mail.raw.clone()).collect()
}

/// A member who signed up by mail and logged in.
async fn newcomer(world: &World, sale: &mut Sale) -> Client {
    let asked = world.anyone().post("/email-verifications", json!({"email": EMAIL})).await.expect(202);
    let raw = mails(world).await.pop().expect("a mail");
    let mail = MessageParser::default().parse(&raw).expect("a MIME message");
    let text = mail.body_text(0).expect("a text").into_owned();
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).expect("a code").to_owned();
    let body = json!({"verificationId": asked.json["verificationId"], "code": code, "email": EMAIL,
        "password": PASSWORD, "name": "Dana"});
    sale.mailed.push((asked, false));
    sale.secrets.push(("code", code));
    world.anyone().post("/members", body).await.expect(201);
    let session = world.anyone().post("/sessions", json!({"email": EMAIL, "password": PASSWORD})).await.expect(200);
    let token = session.text("accessToken");
    sale.secrets.push(("access token", token.clone()));
    sale.secrets.push(("refresh token", session.text("refreshToken")));
    world.anyone().with_login(&token)
}

/// From sign-up to cancellation.
async fn on_sale(world: &World) -> Sale {
    let mut sale = Sale { mailed: Vec::new(), by_card: world.anyone().get("/shows").await, secrets: Vec::new() };
    let dana = newcomer(world, &mut sale).await;
    dana.post("/points/top-ups", json!({"amount": 200_000})).await.expect(201);

    let performance = world.performance(json!({"waitingRoom": {"maxActive": 10}})).await;
    let mut place = join(&dana, &performance).await.expect(201);
    while place.text("status") != "admitted" {
        tokio::time::sleep(Duration::from_millis(500)).await;
        place = poll(&dana, &performance, &place).await.expect(200);
    }
    let token = place.text("queueToken");
    let inside = dana.with_queue_token(&token);
    sale.secrets.push(("queue token", token));
    let held = hold(&inside, &performance, &["A-1-1"]).await.expect(201);
    hold(&inside, &performance, &["A-1-2"]).await.problem(409, "hold_exists");
    let paid = pay(&inside, &held.text("holdId")).await.expect(201);
    let reservation = paid.text("reservationId");
    sale.mailed.push((paid, true));
    let raw = mails(world).await.pop().expect("a mail");
    let mail = MessageParser::default().parse(&raw).expect("a MIME message");
    let picture = mail.attachments().next().expect("a picture");
    sale.secrets.push(("ticket code", read_qr(picture.contents())));
    sale.mailed.push((dana.delete(&format!("/reservations/{reservation}")).await.expect(200), true));
    mails(world).await;

    let other = world.performance(json!({})).await;
    let held = hold(&dana, &other, &["A-1-1"]).await.expect(201).text("holdId");
    sale.by_card = pay_by_card(&dana, &held, CARD).await.expect(202);
    sale.mailed.push((sale.by_card.clone(), true));
    mails(world).await;

    let known = &world.app().config.secrets;
    for ring in [&known.signing_keys, &known.password_peppers] {
        sale.secrets.extend(ring.keys().map(|(_, key)| ("key", key.to_owned())));
    }
    sale.secrets.push(("provider key", known.provider_key.clone()));
    sale.secrets.extend([("password", PASSWORD.to_owned()), ("card token", CARD.to_owned())]);
    sale
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_sale_is_observable_and_leaks_no_secret() {
    let lambdas = Lambdas::start().await;
    let functions = Functions::at(lambdas.url()).expect("a client");
    let world = World::start(Options { demo: false, functions: Some(functions), ..Options::default() }).await;
    lambdas.tell(world.stack.variables(), &[("STACK_NAME", "sale"), ("AWS_LAMBDA_LOG_LEVEL", "TRACE")]);
    let sale = on_sale(&world).await;
    let printed = lambdas.printed();
    assert!(printed.iter().any(|one| one.json["level"] == "INFO"), "they log");

    requests_are_followed(&sale, &mails(&world).await, &printed);
    metrics_are_printed(&printed);
    let environment = world.stack.variables().to_string();
    let shown = format!("{:?} {:?}", world.app(), world.stack.engine());
    for (what, secret) in &sale.secrets {
        assert!(!secret.is_empty(), "{what}");
        let clear = |text: &str| !words(text).contains(secret.as_str()) && (secret.len() < 9 || !text.contains(secret));
        for Printed { operation, line, .. } in &printed {
            assert!(clear(line), "{operation} prints a {what}: {line}");
        }
        assert!(clear(&environment) && clear(&shown), "a {what} is in the environment or shown");
    }
    for personal in [EMAIL, "Dana"] {
        let found = printed.iter().find(|one| one.line.contains(personal));
        assert!(found.is_none_or(|one| one.json["_aws"].is_null()), "{personal} in numbers");
    }
}

/// Runs of letters and digits, in which a short code would be found.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect()
}

/// A field of a worker's log line.
fn field<'a>(one: &'a Printed, name: &str) -> &'a str {
    [&one.json["fields"][name], &one.json["span"][name]].into_iter().find_map(Value::as_str).unwrap_or_default()
}

/// The id of a response is in the mail that follows from it, and in the logs of every function on the way.
fn requests_are_followed(sale: &Sale, mails: &[Vec<u8>], printed: &[Printed]) {
    assert_eq!(mails.len(), sale.mailed.len());
    for ((reply, reserves), raw) in sale.mailed.iter().zip(mails) {
        let id = reply.header("x-request-id");
        let mail = MessageParser::default().parse(raw).expect("a MIME message");
        assert_eq!(mail.header_raw("X-Request-Id").map(str::trim), Some(id.as_str()));
        let reservation = if *reserves { reply.text("reservationId") } else { String::new() };
        for (operation, message) in [("relay_outbox", "relayed"), ("ticket_mailer", "sent")] {
            let of_it = |one: &&Printed| {
                one.operation == operation && field(one, "message") == message && field(one, "request_id") == id
            };
            let line = printed.iter().find(of_it).unwrap_or_else(|| panic!("{operation} says nothing of {id}"));
            assert_eq!(field(line, "reservation_id"), reservation, "{}", line.line);
        }
    }
    let id = sale.by_card.header("x-request-id");
    let settled = |one: &&Printed| one.operation == "payment_worker" && field(one, "message") == "confirmed";
    let line = printed.iter().find(settled).expect("the payment worker logs");
    assert_eq!(field(line, "request_id"), id);
}

/// Lines with metrics: each in CloudWatch's format, with words from fixed lists, and nothing else.
fn metrics_are_printed(printed: &[Printed]) {
    let mut printed_names = BTreeSet::new();
    for one in printed.iter().filter(|one| !one.json["_aws"].is_null()) {
        let about = &one.json["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&about["Namespace"], &one.json["Stack"]), (&json!("frontrow"), &json!("sale")));
        assert!(one.json["_aws"]["Timestamp"].is_i64(), "{}", one.line);
        let mut expected: BTreeSet<&str> = ["_aws", "performanceId"].into();
        let dimensions: Vec<_> =
            about["Dimensions"][0].as_array().expect("dimensions").iter().filter_map(Value::as_str).collect();
        expected.extend(&dimensions);
        let by = dimensions.get(1).map_or("", |name| one.json[*name].as_str().expect("a word"));
        for metric in about["Metrics"].as_array().expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            assert!(one.json[name].is_u64(), "{}", one.line);
            expected.insert(name);
            printed_names.insert(format!("{name} {by}").trim().to_owned());
        }
        let keys = one.json.as_object().expect("an object").keys();
        assert!(keys.into_iter().all(|key| expected.contains(key.as_str())), "{}", one.line);
    }
    for expected in [
        "Done request_email_verification",
        "Done sign_up",
        "Done log_in",
        "Done join_queue",
        "Done poll_queue",
        "Done hold_seats",
        "Done pay",
        "Done cancel_reservation",
        "Refused hold_exists",
        "Mails code",
        "Mails ticket",
        "Mails cancellation",
        "Payments approved",
        "Waiting",
        "Active",
    ] {
        assert!(printed_names.contains(expected), "{expected} is not among {printed_names:?}");
    }
    assert!(!printed_names.contains("Done list_shows"), "operations that change nothing are not counted");
}

/// Each metric is billed: their number follows from the fixed lists.
#[test]
fn metrics_stay_within_the_budgeted_number() {
    let changing = ENDPOINTS.iter().filter(|endpoint| endpoint.route.method != Method::GET).count();
    let document: Value = serde_json::from_str(include_str!("../infra/openapi.json")).expect("JSON");
    let mut codes = BTreeSet::new();
    collect_codes(&document, &mut codes);
    assert!(codes.len() > 20, "{codes:?}");
    // Claims; waiting and active.
    let metrics = changing + 1 + codes.len() + MailJob::KINDS.len() + Outcome::ALL.len() + 2;
    assert!(metrics <= METRICS_MAX, "{metrics} metrics");
}

fn collect_codes<'a>(value: &'a Value, codes: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            codes.extend(fields.get("code").and_then(Value::as_str));
            fields.values().for_each(|field| collect_codes(field, codes));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, codes)),
        _ => {}
    }
}
