//! A new show and ten thousand subscribers (C2): each of them is notified exactly once, even if the function is
//! killed midway.

use crate::harness::{World, show_details};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::{Router, extract::State, http::HeaderMap};
use frontrow_domain::{ids::MemberId, member::Role, show::Category};
use frontrow_edge::{Queue, Worker, clients::Aws, entropy};
use frontrow_local::Options;
use frontrow_store::{MailJob, limits::ALERT_SHARDS};
use frontrow_workers::{
    AnnounceShow,
    announce_show::Announcement,
    limits::{ANNOUNCED_BATCHES_AT_ONCE, ANNOUNCED_MAX_MEMBERS, SQS_BATCH_MESSAGES},
    message,
    queue::Sender,
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinSet;

const SUBSCRIBERS: usize = 10_000;

/// The messages that the fake SQS accepted, by queue.
type Accepted = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// A fake SQS that accepts everything, a little slowly.
async fn sqs() -> (Sender, Accepted) {
    let accepted = Accepted::default();
    let service = Router::new().fallback(take).with_state(accepted.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let urls = Queue::ALL.map(|queue| (queue, format!("{url}/{}", queue.name()))).into();
    (Sender::new(Aws::emulated(&url).sqs(), urls), accepted)
}

async fn take(State(accepted): State<Accepted>, _: HeaderMap, body: String) -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let request: Value = serde_json::from_str(&body).expect("JSON");
    let queue = request["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).expect("a queue").to_owned();
    let entries = request["Entries"].as_array().expect("entries").clone();
    assert!(entries.len() <= 10, "more than SQS takes");
    let bodies = entries.iter().map(|entry| entry["MessageBody"].as_str().expect("a body").to_owned());
    accepted.lock().unwrap().entry(queue).or_default().extend(bodies);
    let done = |entry: &Value| json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""});
    json!({"Successful": entries.iter().map(done).collect::<Vec<_>>(), "Failed": []}).to_string()
}

/// Stores subscribers to musicals directly, because ten thousand sign-ups through the API take too long.
async fn subscribe(world: &World) -> HashSet<MemberId> {
    let members: Vec<MemberId> = (0..SUBSCRIBERS).map(|_| MemberId(entropy::fresh_uuid())).collect();
    let item = |member: &MemberId| {
        let shard = member.0.as_bytes()[15] % ALERT_SHARDS;
        let partition = format!("alerts#{}#{shard}", Category::Musical.as_str());
        [("pk", partition), ("sk", member.to_string()), ("member_id", member.to_string())]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
            .into()
    };
    world.put_all(&members.iter().map(item).collect::<Vec<_>>()).await;
    members.into_iter().collect()
}

/// A message as delivered by the queue.
fn event(body: &str) -> <AnnounceShow as Worker>::Event {
    let record =
        json!({"messageId": "m", "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {}});
    serde_json::from_value(json!({"Records": [record]})).expect("an event")
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_announcements_survive_killed_functions() {
    let world = World::start(Options { port: 0, demo: false, ..Options::default() }).await;
    let members = subscribe(&world).await;
    let (sender, accepted) = sqs().await;
    let worker = AnnounceShow::new(world.app().clone(), sender);
    let show = "show".parse().expect("an id");
    let mut queue: VecDeque<String> =
        Announcement::of(&show, Category::Musical).map(|part| part.to_message().body).collect();
    let (mut runs, mut killed, mut longest) = (0, 0, 0);
    while let Some(body) = queue.pop_front() {
        runs += 1;
        assert!(runs < 500, "the announcement never ends");
        let before = accepted.lock().unwrap().get(Queue::Alerts.name()).map_or(0, Vec::len);
        // Every third run is killed midway, and its message is delivered again.
        let announced = || accepted.lock().unwrap().get(Queue::Alerts.name()).map_or(0, Vec::len) - before;
        let killer = async {
            while runs % 3 != 0 || announced() < runs % 7 * 100 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            done = worker.handle(event(&body)) => assert!(done.expect("a reply").batch_item_failures.is_empty()),
            () = killer => {
                killed += 1;
                queue.push_back(body);
            }
        }
        let after = accepted.lock().unwrap().get(Queue::Alerts.name()).map_or(0, Vec::len);
        longest = longest.max(after - before);
        // The messages it handed over, even if it was killed afterwards.
        queue.extend(accepted.lock().unwrap().remove(Queue::Announcements.name()).unwrap_or_default());
    }
    let asked = accepted.lock().unwrap().remove(Queue::Alerts.name()).unwrap_or_default();
    let notified: HashSet<MemberId> = asked
        .iter()
        .map(|body| match message::decode(body).expect("a mail") {
            MailJob::Alert { member_id, show_id } if show_id == show => member_id,
            other => panic!("{other:?}"),
        })
        .collect();
    println!(
        "{SUBSCRIBERS} subscribers: {runs} runs, {killed} killed, {} messages, at most {longest} in a run",
        asked.len()
    );
    assert_eq!(notified, members, "all subscribers, and no other members");
    assert!(killed > 0, "nothing was killed");
    assert!(asked.len() < SUBSCRIBERS + killed * ANNOUNCED_MAX_MEMBERS + ANNOUNCED_MAX_MEMBERS);
    // Including messages that a killed run had in flight.
    let most = ANNOUNCED_MAX_MEMBERS + ANNOUNCED_BATCHES_AT_ONCE * SQS_BATCH_MESSAGES;
    assert!(longest <= most, "a run announces to {longest}");
}

/// End to end for several hundred members, with one shard larger than the others: each gets one mail, although
/// everything is announced twice.
#[tokio::test(flavor = "multi_thread")]
async fn repeated_announcements_mail_each_subscriber_once() {
    World::run(async |world| {
        let organizer = world.organizer().await;
        let mut choosing = JoinSet::new();
        for number in 0..300 {
            let person = world.person(&format!("fan{number}@example.com"), "Fan", Role::Member).await;
            let categories = if number % 3 == 0 { json!(["musical"]) } else { json!(["play", "musical"]) };
            choosing.spawn(async move {
                person.put("/members/me/alerts", json!({"categories": categories})).await.expect(200);
            });
        }
        choosing.join_all().await;
        let show = organizer.post("/shows", show_details()).await.expect(201).text("showId");
        let again: Vec<_> =
            Announcement::of(&show.parse().unwrap(), Category::Musical).map(|part| part.to_message()).collect();
        world.stack.queues().sender().send(&again).await.expect("accepted");
        world.settle().await;
        let mails = world.anyone().get("/_local/mails").await.expect(200);
        let to: Vec<&str> = mails.json.as_array().unwrap().iter().map(|mail| mail["to"].as_str().unwrap()).collect();
        assert_eq!(to.len(), 300);
        assert_eq!(to.iter().collect::<HashSet<_>>().len(), 300, "each once");
    })
    .await;
}
