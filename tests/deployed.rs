//! A platform that runs elsewhere, driven only through its public interfaces: HTTP, and the mails it sends.
//!
//! `.ci/sam-local` and `.ci/deployed` start one and run this. Manually:
//!
//! ```sh
//! FRONTROW_URL=http://127.0.0.1:3000 FRONTROW_MAILS=http://127.0.0.1:4566 \
//!   cargo test -p frontrow-tests deployed -- --ignored
//! ```
//!
//! `FRONTROW_MAILS` serves `/_local/mails` like the local stack. The address in `FRONTROW_ORGANIZER`, or
//! `organizer@example.com`, signs up as organizer; if it already has, its password is that of the seeds.

use crate::harness::{client::Client, client::Reply, hold, line::join, pay, read_qr};
use frontrow_edge::{entropy, env::variable};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longer than anything takes: cold starts, batches, and one redelivery of a message.
const PATIENCE: Duration = Duration::from_secs(240);
/// The password of all members, the same as in the seeds.
const PASSWORD: &str = "frontrow-demo";

/// A platform, and where its mails arrive.
pub(crate) struct Platform {
    anyone: Client,
    mails: Client,
}

/// Polls until there is a result.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

pub(crate) fn required(name: &str) -> String {
    variable(name).unwrap_or_else(|| panic!("{name} is not set"))
}

impl Platform {
    /// The platform in the environment variables.
    pub(crate) fn from_env() -> Self {
        let http = reqwest::Client::new();
        let client = |url: String| Client::new(http.clone(), url.trim_end_matches('/').to_owned());
        Self { anyone: client(required("FRONTROW_URL")), mails: client(required("FRONTROW_MAILS")) }
    }

    /// The first mail to `address` in which `find` finds something, and the result.
    pub(crate) async fn mail<T>(&self, address: &str, what: &str, find: impl Fn(&[u8]) -> Option<T>) -> T {
        until(what, async || {
            let listed = self.mails.get(&format!("/_local/mails?to={address}")).await.expect(200);
            for mail in listed.json.as_array().into_iter().flatten() {
                let path = format!("/_local/mails/{}", mail["mailId"].as_str().unwrap_or_default());
                if let Some(found) = find(&self.mails.get(&path).await.expect(200).bytes) {
                    return Some(found);
                }
            }
            None
        })
        .await
    }

    async fn log_in(&self, address: &str) -> Option<Client> {
        let response = self.anyone.post("/sessions", json!({"email": address, "password": PASSWORD})).await;
        (response.status == 200).then(|| self.anyone.with_login(&response.text("accessToken")))
    }

    /// Signs up with a mailed code and logs in.
    pub(crate) async fn sign_up(&self, address: &str, name: &str) -> Client {
        let asked = self.anyone.post("/email-verifications", json!({"email": address})).await.expect(202);
        let code = self.mail(address, "the code", |raw| text_of(raw).and_then(|text| code_in(&text))).await;
        let body = json!({"verificationId": asked.text("verificationId"), "code": code, "email": address,
            "password": PASSWORD, "name": name});
        self.anyone.post("/members", body).await.expect(201);
        self.log_in(address).await.expect("a member can log in")
    }

    /// The organizer, who may already have signed up.
    pub(crate) async fn organizer(&self) -> Client {
        let address = variable("FRONTROW_ORGANIZER").unwrap_or_else(|| "organizer@example.com".to_owned());
        match self.log_in(&address).await {
            Some(organizer) => organizer,
            None => self.sign_up(&address, "Organizer").await,
        }
    }

    /// A new member with points: the address, and the logged-in client.
    pub(crate) async fn member(&self) -> (String, Client) {
        let address = format!("member-{}@example.com", entropy::fresh_uuid().simple());
        let member = self.sign_up(&address, "김 하나").await;
        member.post("/points/top-ups", json!({"amount": 500_000})).await.expect(201);
        (address, member)
    }

    /// The ticket codes in the mail to `address` about `reservation`.
    pub(crate) async fn ticket_codes(&self, address: &str, reservation: &str) -> Vec<String> {
        let of_reservation = |raw: &[u8]| {
            let mail = MessageParser::default().parse(raw)?;
            let pictures = mail.attachments().filter(|part| part.content_id().is_some());
            let codes: Vec<_> = pictures.map(|picture| read_qr(picture.contents())).collect();
            let named = mail.header_raw("X-Frontrow-Reservation-Id").map(str::trim);
            let is_about_it = named == Some(reservation);
            (is_about_it && !codes.is_empty()).then_some(codes)
        };
        self.mail(address, "the ticket's mail", of_reservation).await
    }
}

fn text_of(raw: &[u8]) -> Option<String> {
    Some(MessageParser::default().parse(raw)?.body_text(0)?.into_owned())
}

/// The only run of six digits.
fn code_in(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
}

/// The client and the path for polls to `poll_url`: through the API, or at a function URL. An emulator serves all function
/// URLs at its own address, `FRONTROW_FUNCTION_URLS`; then polls must use one.
fn at(member: &Client, poll_url: &str) -> (Client, String) {
    let emulated = variable("FRONTROW_FUNCTION_URLS");
    let Some((domain, path)) = poll_url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        assert_eq!(emulated, None, "{poll_url} is no function URL");
        return (member.clone(), poll_url.to_owned());
    };
    let address = emulated.unwrap_or_else(|| format!("https://{domain}"));
    (member.at(address).with("host", domain), format!("/{path}"))
}

/// A performance of a new show, and the show's title.
async fn list(organizer: &Client, details: Value) -> (String, String) {
    let title = format!("Aida {}", entropy::fresh_uuid().simple());
    let show = json!({"title": title, "category": "musical", "venue": title});
    let show = organizer.post("/shows", show).await.expect(201).text("showId");
    let mut body = json!({
        "startsAt": "2099-01-15T09:30:00Z",
        "seating": {"type": "numbered", "sections": [
            {"name": "A", "grade": "R", "price": 50_000, "rows": 2, "seatsPerRow": 10},
        ]},
    });
    if let (Value::Object(body), Value::Object(details)) = (&mut body, details) {
        body.extend(details);
    }
    let path = format!("/shows/{show}/performances");
    (organizer.post(&path, body).await.expect(201).text("performanceId"), title)
}

/// The response to `member` at `path`, as soon as `holds` accepts it.
async fn read_once(member: &Client, path: &str, what: &str, holds: impl Fn(&Reply) -> bool) -> Reply {
    until(what, async || Some(member.get(path).await.expect(200)).filter(|reply| holds(reply))).await
}

/// From an address to the door: the code and the ticket come by mail, the ticket's code opens the door once, and the
/// purchase appears on the member's page.
#[tokio::test]
#[ignore = "drives the platform that FRONTROW_URL names"]
async fn booking_works_from_sign_up_to_the_door() {
    let platform = Platform::from_env();
    let organizer = platform.organizer().await;
    let (address, member) = platform.member().await;
    let (performance, _) = list(&organizer, json!({})).await;
    let held = hold(&member, &performance, &["A-1-7", "A-1-8"]).await.expect(201).text("holdId");
    let (_, rival) = platform.member().await;
    hold(&rival, &performance, &["A-1-8"]).await.problem(409, "seats_taken");
    let reservation = pay(&member, &held).await.expect(201).text("reservationId");

    let codes = platform.ticket_codes(&address, &reservation).await;
    assert_eq!(codes.len(), 2);
    let ticket = json!({"performanceId": performance, "code": codes[0]});
    organizer.post("/check-ins", ticket.clone()).await.expect(201);
    organizer.post("/check-ins", ticket).await.problem(409, "already_checked_in");
    let is_approved = |page: &Reply| page.items().iter().any(|row| row["status"] == "payment_approved");
    read_once(&member, "/my-page", "my page", is_approved).await;
    let (_, visitor) = platform.member().await;
    visitor.get(&format!("/reservations/{reservation}")).await.problem(404, "not_found");
}

/// Into a performance with a waiting room: join, poll, book with the token.
#[tokio::test]
#[ignore = "drives the platform that FRONTROW_URL names"]
async fn booking_works_through_the_waiting_room() {
    let platform = Platform::from_env();
    let organizer = platform.organizer().await;
    let (address, member) = platform.member().await;
    let (performance, _) = list(&organizer, json!({"waitingRoom": {"maxActive": 5}})).await;
    hold(&member, &performance, &["A-1-1"]).await.problem(401, "queue_token_missing");
    let mut place = join(&member, &performance).await;
    let admitted = until("the waiting room", async || {
        if place.text("status") != "admitted" {
            let (poller, path) = at(&member, &place.text("pollUrl"));
            place = poller.with_queue_token(&place.text("queueToken")).get(&path).await.expect(200);
            return None;
        }
        Some(member.with_queue_token(&place.text("queueToken")))
    })
    .await;
    let held = hold(&admitted, &performance, &["A-1-1"]).await.expect(201).text("holdId");
    let reservation = pay(&admitted, &held).await.expect(201).text("reservationId");
    assert_eq!(platform.ticket_codes(&address, &reservation).await.len(), 1);
}

/// Consequences of events alone: subscribers are notified of a new show, and cancelling a performance refunds
/// everybody.
#[tokio::test]
#[ignore = "drives the platform that FRONTROW_URL names"]
async fn new_shows_are_announced_and_cancelled_performances_refunded() {
    let platform = Platform::from_env();
    let organizer = platform.organizer().await;
    let (address, member) = platform.member().await;
    member.put("/members/me/alerts", json!({"categories": ["musical"]})).await.expect(200);
    let (performance, title) = list(&organizer, json!({})).await;
    platform.mail(&address, "the alert", |raw| text_of(raw).filter(|text| text.contains(&title))).await;

    let held = hold(&member, &performance, &["A-2-1"]).await.expect(201).text("holdId");
    let reservation = pay(&member, &held).await.expect(201).text("reservationId");
    let path = format!("/performances/{performance}/cancellation");
    organizer.post(&path, json!({"reason": "The lead is ill."})).await.expect(202);
    let path = format!("/reservations/{reservation}");
    read_once(&member, &path, "the refund", |found| found.json["status"] == "cancelled").await;
    assert_eq!(member.get("/points").await.expect(200).number("balance"), 500_000);
    platform.mail(&address, "its mail", |raw| text_of(raw).filter(|text| text.contains("The lead is ill."))).await;
}

/// By card: the provider is called after the response.
#[tokio::test]
#[ignore = "drives the platform that FRONTROW_URL names"]
async fn booking_works_by_card() {
    let platform = Platform::from_env();
    let organizer = platform.organizer().await;
    let (address, member) = platform.member().await;
    let (performance, _) = list(&organizer, json!({})).await;
    let held = hold(&member, &performance, &["A-2-2"]).await.expect(201).text("holdId");
    let body = json!({"holdId": held, "method": "card", "cardToken": "tok_visa"});
    let payment = member.post("/payments", body).await.expect(202);
    let path = format!("/payments/{}", payment.text("paymentId"));
    read_once(&member, &path, "the payment", |found| found.json["status"] == "approved").await;
    assert_eq!(platform.ticket_codes(&address, &payment.text("reservationId")).await.len(), 1);
}
