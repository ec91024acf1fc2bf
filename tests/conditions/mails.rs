//! Guards of mails: each is sent once.

use super::{GuardResult, ensure, interlude::Interlude};
use crate::harness::{Person, World, book, show_details};
use axum::Router;
use frontrow_domain::{Timestamp, mailing::Occasion, reservation::MailStatus};
use frontrow_edge::{Worker, clients::Aws};
use frontrow_store::{Claim, Claimed, MailJob};
use frontrow_workers::{TicketMailer, message};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Longer than any test takes.
const LEASE_SECONDS: i64 = 60;

/// A mailer besides the stack's own, with a mail service that counts accepted mails.
struct Mailer {
    mailer: TicketMailer,
    accepted: Arc<AtomicU32>,
}

impl Mailer {
    async fn start(world: &World) -> Self {
        let accepted = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&accepted);
        let service = Router::new().fallback(async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            "<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>"
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { mailer: TicketMailer::new(world.app().clone(), Aws::emulated(&url).ses()), accepted }
    }

    /// Whether the message, received this many times, was handled.
    async fn deliver(&self, mail: &MailJob, receive: u32) -> bool {
        let record = json!({
            "messageId": "m", "receiptHandle": "r", "body": message::encode(mail), "messageAttributes": {},
            "attributes": {"ApproximateReceiveCount": receive.to_string()},
        });
        let event = serde_json::from_value(json!({"Records": [record]})).expect("an event");
        self.mailer.handle(event).await.expect("a reply").batch_item_failures.is_empty()
    }

    fn accepted(&self) -> u32 {
        self.accepted.load(Ordering::Relaxed)
    }
}

/// Buys a ticket. Returns the buyer, the reservation's path and the ticket mail.
async fn buy(world: &World) -> (Person, String, MailJob) {
    let performance = world.performance(json!({})).await;
    let person = world.member(100_000).await;
    let reservation = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
    let reservation_id = reservation.parse().expect("an id");
    let member_id = person.identity.member_id;
    let mail = MailJob::Ticket { member_id, reservation_id, number: 0, occasion: Occasion::Payment };
    (person, format!("/reservations/{reservation}"), mail)
}

/// As `buy`, with the mail claimed by a sender that will be slow: the mail service refuses it to everybody.
async fn buy_and_claim(world: &World) -> (Person, String, MailJob, Box<Claimed>) {
    world.stack.mailbox().refuse(|_| true);
    let (person, path, mail) = buy(world).await;
    for _ in 0..500 {
        let now = world.stack.clock().now();
        let claim =
            world.app().store.claim_mail(&mail, now, LEASE_SECONDS, MailStatus::Queued).await.expect("a response");
        if let Claim::Granted(claimed) = claim {
            return (person, path, mail, claimed);
        }
        // The stack's own mailer has claimed it and is about to be refused.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the mail was never free");
}

/// The status of the ticket mail as the buyer sees it.
async fn status(person: &Person, path: &str) -> String {
    person.get(path).await.expect(200).json["ticketMail"]["status"].as_str().unwrap_or_default().to_owned()
}

pub(super) async fn a_redelivered_message_sends_no_mail(world: &World) -> GuardResult {
    let (_, _, mail) = buy(world).await;
    world.settle().await;
    let mailer = Mailer::start(world).await;
    let done = mailer.deliver(&mail, 1).await;
    ensure(done && mailer.accepted() == 0, || "a mail was sent again".to_owned())
}

pub(super) async fn a_mail_has_one_sender_at_a_time(world: &World) -> GuardResult {
    let (_, _, mail, _claimed) = buy_and_claim(world).await;
    let mailer = Mailer::start(world).await;
    let done = mailer.deliver(&mail, 2).await;
    ensure(!done && mailer.accepted() == 0, || "a mail was sent by two".to_owned())
}

pub(super) async fn a_mail_without_an_item_is_dropped(world: &World) -> GuardResult {
    let mailer = Mailer::start(world).await;
    let done = mailer.deliver(&MailJob::Code { verification_id: "gone".parse().expect("an id") }, 1).await;
    ensure(done, || "a verification that was collected came back as a stump".to_owned())
}

pub(super) async fn a_member_is_alerted_of_a_show_once(world: &World) -> GuardResult {
    let (person, organizer) = (world.member(0).await, world.organizer().await);
    person.put("/members/me/alerts", json!({"categories": ["musical"]})).await.expect(200);
    let show_id = organizer.post("/shows", show_details()).await.expect(201).text("showId").parse().expect("an id");
    world.settle().await;
    let mailer = Mailer::start(world).await;
    let done = mailer.deliver(&MailJob::Alert { member_id: person.identity.member_id, show_id }, 1).await;
    ensure(done && mailer.accepted() == 0, || "a member was notified of a show twice".to_owned())
}

pub(super) async fn a_sender_that_lost_its_lease_changes_nothing(world: &World) -> GuardResult {
    let (person, path, mail, late) = buy_and_claim(world).await;
    let (store, now) = (&world.app().store, world.stack.clock().now());
    let over = now.plus_seconds(LEASE_SECONDS);
    let current = store.claim_mail(&mail, over, LEASE_SECONDS, MailStatus::Queued).await.expect("a response");
    ensure(matches!(current, Claim::Granted(_)), || format!("the lease has expired: {current:?}"))?;
    store.release_mail(&late, over).await.expect("a response");
    let third = store.claim_mail(&mail, over, LEASE_SECONDS, MailStatus::Queued).await.expect("a response");
    ensure(matches!(third, Claim::Taken), || {
        "a sender that had lost a mail gave it back: it had two senders".to_owned()
    })?;
    store.mark_mail_sent(&late).await.expect("a response");
    let status_now = status(&person, &path).await;
    ensure(status_now == "queued", || format!("a sender that had lost a mail marked it as {status_now}"))
}

pub(super) async fn a_sent_mail_has_not_failed(world: &World) -> GuardResult {
    let (person, path, mail, claimed) = buy_and_claim(world).await;
    let mailer = Mailer::start(world).await;
    let store = world.app().store.clone();
    world.wire.intercept(Some(Interlude::before_update(":failed", async move {
        store.mark_mail_sent(&claimed).await.expect("it was claimed");
    })));
    mailer.deliver(&mail, world.app().config.mail_max_receives).await;
    let status_now = status(&person, &path).await;
    ensure(status_now == "sent", || format!("a mail that was sent is shown as {status_now}"))
}

/// Claims `mail` at `now` with this lease, for one sender after another.
async fn claim(world: &World, mail: &MailJob, now: Timestamp) -> Claim {
    world.app().store.claim_mail(mail, now, LEASE_SECONDS, MailStatus::Queued).await.expect("a response")
}

/// While a lease lasts, nobody else can claim the mail; then another sender may, and once it was sent nobody may. It
/// was claimed at `now` or a moment before.
async fn is_claimed_again_until_it_was_sent(world: &World, mail: &MailJob, now: Timestamp) -> GuardResult {
    let over = now.plus_seconds(LEASE_SECONDS);
    let early = claim(world, mail, now).await;
    ensure(matches!(early, Claim::Taken), || format!("within its lease a mail is {early:?}"))?;
    let Claim::Granted(second) = claim(world, mail, over).await else {
        return Err("a mail whose sender died is never sent".to_owned());
    };
    world.app().store.mark_mail_sent(&second).await.expect("a response");
    let late = claim(world, mail, over.plus_seconds(LEASE_SECONDS)).await;
    ensure(matches!(late, Claim::Sent), || format!("once sent a mail is {late:?}"))
}

pub(super) async fn a_mail_is_claimed_again_until_it_was_sent(world: &World) -> GuardResult {
    let (.., mail, _first) = buy_and_claim(world).await;
    is_claimed_again_until_it_was_sent(world, &mail, world.stack.clock().now()).await
}

pub(super) async fn an_alert_is_claimed_again_until_it_was_sent(world: &World) -> GuardResult {
    let (person, now) = (world.member(0).await, world.stack.clock().now());
    let mail = MailJob::Alert { member_id: person.identity.member_id, show_id: "s".parse().expect("an id") };
    let first = claim(world, &mail, now).await;
    ensure(matches!(first, Claim::Granted(_)), || format!("an alert that nobody has sent is {first:?}"))?;
    is_claimed_again_until_it_was_sent(world, &mail, now).await
}
