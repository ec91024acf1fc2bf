//! Samples of events that trigger workers, in the order in which they follow from a purchase: its stream record
//! creates a message for the mailer and a row of the door list, from which its cancellation continues.

use super::{PURCHASE, Replaced, purchase, sample};
use crate::harness::{audit::Snapshot, process};
use frontrow_edge::{Method, Queue, Worker, clients::Aws};
use frontrow_local::{Options, Stack};
use frontrow_workers::{
    AnnounceShow, CancelReservations, PaymentWorker, Projector, RelayOutbox, TicketMailer, provider::Provider,
};
use serde_json::{Value, json};

/// The buyer.
const MEMBER: &str = "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005";

/// Services without functions, so that each event is processed only where a test passes it on.
struct Unread {
    stack: Stack,
    aws: Aws,
}

impl Unread {
    async fn start() -> Self {
        let options = Options { services_only: true, ..Options::default() };
        let stack = Stack::start(options).await.expect("the services start");
        let aws = Aws::emulated(stack.url());
        Self { stack, aws }
    }

    /// Buys a seat of the demo, paying as in `method`. Returns the replacements for the samples' ids.
    async fn buy(&self, name: &str, seat: &str, method: Value) -> Vec<Replaced> {
        let app = self.stack.app();
        let (identity, login) = process::member(app, name).await;
        process::give_points(app, &login, 500_000).await;
        let headers = [("authorization", login.as_str())];
        let path = "/performances/demo/holds";
        let held = process::call(app, &Method::POST, path, &headers, &json!({"seatIds": [seat]})).await;
        let mut body = json!({"holdId": held.text("holdId")});
        body.as_object_mut().expect("an object").extend(method.as_object().expect("a method").clone());
        let paid = process::call(app, &Method::POST, "/payments", &headers, &body).await;
        assert!(matches!(paid.status, 201 | 202), "{paid:?}");
        vec![(MEMBER, identity.member_id.to_string()), (PURCHASE, purchase(&paid.text("paymentId")))]
    }

    /// The bodies of the messages in `queue`; removes the messages.
    async fn messages(&self, queue: Queue) -> Vec<String> {
        let url = &self.stack.queues().urls()[&queue];
        let received = self.aws.sqs().receive_message().queue_url(url).max_number_of_messages(10).send().await;
        let messages = received.expect("the queue can be read").messages.unwrap_or_default();
        messages.into_iter().filter_map(|message| message.body).collect()
    }
}

/// The failed items of an event.
async fn failures<W: Worker>(worker: &W, event: &str) -> Vec<Value> {
    let event = serde_json::from_str(event).unwrap_or_else(|error| panic!("{}: {error}", W::FUNCTION.name));
    let reply = worker.handle(event).await.unwrap_or_else(|error| panic!("{}: {error}", W::FUNCTION.name));
    let reply = serde_json::to_value(reply).expect("JSON");
    reply["batchItemFailures"].as_array().expect("failures").clone()
}

/// The first message of a sample, with some placeholders replaced.
fn body_of(name: &str, replaced: &[Replaced]) -> Value {
    let event: Value = serde_json::from_str(&sample(name, replaced)).expect("JSON");
    serde_json::from_str(event["Records"][0]["body"].as_str().expect("a body")).expect("JSON")
}

fn read(messages: &[String]) -> Vec<Value> {
    messages.iter().map(|body| serde_json::from_str(body).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_flows_from_the_stream_to_its_mails() {
    let unread = Unread::start().await;
    let (app, sender) = (unread.stack.app(), unread.stack.queues().sender());
    let replaced = unread.buy("carol", "A-1-7", json!({"method": "points"})).await;

    let relay = RelayOutbox::new(sender.clone());
    assert!(failures(&relay, &sample("relay_outbox", &replaced)).await.is_empty());
    assert_eq!(read(&unread.messages(Queue::Mails).await), [body_of("ticket_mailer", &replaced)]);
    let mailer = TicketMailer::new(app.clone(), unread.aws.ses());
    assert!(failures(&mailer, &sample("ticket_mailer", &replaced)).await.is_empty());
    assert_eq!(unread.stack.mailbox().to("carol@example.com").len(), 1);
    let of_nobody = failures(&mailer, &sample("ticket_mailer", &[])).await;
    assert_eq!(of_nobody, [json!({"itemIdentifier": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78"})]);

    let project = Projector::new(app.store.clone(), app.clock.clone(), sender.clone());
    assert!(failures(&project, &sample("projector", &replaced)).await.is_empty());
    let cancel = CancelReservations::new(app.store.clone(), app.clock.clone(), sender.clone());
    assert!(failures(&cancel, &sample("cancel_reservations", &[])).await.is_empty());
    let [(_, member), (_, purchase)] = &replaced[..] else { panic!("two ids") };
    let next = json!({"kind": "reservation", "memberId": member, "reservationId": format!("r-{purchase}")});
    assert_eq!(read(&unread.messages(Queue::Cancellations).await), [next]);

    let announce = AnnounceShow::new(app.clone(), sender);
    assert!(failures(&announce, &sample("announce_show", &[])).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_by_card_is_settled() {
    let unread = Unread::start().await;
    let app = unread.stack.app();
    let replaced = unread.buy("carol", "A-1-7", json!({"method": "card", "cardToken": "tok_visa"})).await;
    let key = app.config.secrets.provider_key.clone();
    let provider = Provider::new(unread.stack.url(), key, 5_000).expect("a client");
    let worker = PaymentWorker::new(app.clone(), provider, unread.stack.queues().sender());
    assert!(failures(&worker, &sample("payment_worker", &replaced)).await.is_empty());
    assert_eq!(unread.stack.provider().entries().len(), 1);
    assert_eq!(failures(&worker, &sample("payment_worker", &[])).await.len(), 1, "there is no such purchase");
}

/// Names of an image's attributes, at all levels.
fn names(image: &Value, path: &str, found: &mut Vec<String>) {
    for (name, value) in image.as_object().into_iter().flatten() {
        found.push(format!("{path}.{name}"));
        names(&value["M"], &format!("{path}.{name}"), found);
    }
}

/// The samples' images have the attributes of stored reservations.
#[tokio::test(flavor = "multi_thread")]
async fn stream_samples_have_the_shape_of_stored_items() {
    let unread = Unread::start().await;
    unread.buy("carol", "A-1-7", json!({"method": "points"})).await;
    let snapshot = Snapshot::read(&unread.aws.dynamodb(), &unread.stack.app().config.table_name).await;
    let item = snapshot.of_kind("reservation").next().expect("a reservation").clone();
    let stored: Value = serde_dynamo::from_item(item).expect("an item");
    for name in [RelayOutbox::FUNCTION.name, Projector::FUNCTION.name] {
        let event: Value = serde_json::from_str(&sample(name, &[])).expect("JSON");
        let mut shown = Vec::new();
        names(&event["Records"][0]["dynamodb"]["NewImage"], "", &mut shown);
        let mut kept = Vec::new();
        plain_names(&stored, "", &mut kept);
        shown.sort();
        kept.sort();
        assert_eq!(shown, kept, "{name}");
    }
}

fn plain_names(item: &Value, path: &str, found: &mut Vec<String>) {
    for (name, value) in item.as_object().into_iter().flatten() {
        found.push(format!("{path}.{name}"));
        plain_names(value, &format!("{path}.{name}"), found);
    }
}
