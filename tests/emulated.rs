//! What a deployment on an emulator of AWS shows beyond [`crate::deployed`], because its queues are accessible.
//! `.ci/deployed` creates one and runs this; `.ci/emulator.py` documents the variables.

use crate::deployed::{Platform, required, until};
use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName},
};
use frontrow_edge::{Queue, clients::Aws};
use frontrow_endpoints::ENDPOINTS;
use serde_json::Value;

/// Visibility timeout of a failed message. With the template's 180 s, five receives would take a quarter of an hour.
const VISIBILITY_SECONDS: u32 = 2;

struct Queues {
    sqs: Client,
    outputs: Value,
}

impl Queues {
    fn from_env() -> Self {
        let outputs = serde_json::from_str(&required("FRONTROW_OUTPUTS")).expect("JSON");
        Self { sqs: Aws::emulated(&required("AWS_ENDPOINT_URL")).sqs(), outputs }
    }

    fn url(&self, output: &str) -> &str {
        self.outputs[output].as_str().unwrap_or_else(|| panic!("no output {output}"))
    }

    /// The number of messages, received or not.
    async fn count(&self, output: &str) -> u32 {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as Taken,
        };
        let call = self.sqs.get_queue_attributes().queue_url(self.url(output));
        let response = call.attribute_names(Waiting).attribute_names(Taken).send().await.expect("attributes");
        let counts = response.attributes().expect("attributes").values();
        counts.map(|count| count.parse::<u32>().expect("a count")).sum()
    }

    async fn receive(&self, output: &str) -> Vec<Message> {
        let call = self.sqs.receive_message().queue_url(self.url(output)).max_number_of_messages(10);
        call.visibility_timeout(0).send().await.expect("messages").messages.unwrap_or_default()
    }
}

/// The output with the URL of the dead-letter queue of `queue`.
fn behind(queue: Queue) -> &'static str {
    match queue {
        Queue::Payments => "PaymentDeadLetterQueueUrl",
        Queue::Announcements => "AnnouncementDeadLetterQueueUrl",
        Queue::Cancellations => "CancellationDeadLetterQueueUrl",
        Queue::Mails => "MailDeadLetterQueueUrl",
        Queue::Codes => "CodeDeadLetterQueueUrl",
        Queue::Alerts => "AlertDeadLetterQueueUrl",
    }
}

/// Unreadable messages among others: they are received five times and parked, and mails still go out. Nothing else
/// was parked in all previous use of the deployment.
#[tokio::test]
#[ignore = "drives the deployment described by FRONTROW_OUTPUTS"]
async fn a_poison_message_is_parked_without_blocking_others() {
    let (platform, queues) = (Platform::from_env(), Queues::from_env());
    for parked in Queue::ALL.map(behind).into_iter().chain(["StreamFailureQueueUrl"]) {
        assert_eq!(queues.count(parked).await, 0, "{parked}");
    }
    let codes = queues.url("CodeQueueUrl");
    let set = queues.sqs.set_queue_attributes().queue_url(codes);
    set.attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_SECONDS.to_string()).send().await.expect("set");
    let mut poisons = ["not json", r#"{"kind":"ticket","memberId":"nobody"}"#];
    for poison in poisons {
        queues.sqs.send_message().queue_url(codes).message_body(poison).send().await.expect("sent");
    }
    // Its code must arrive by mail.
    platform.member().await;
    until("the poison is parked", async || (queues.count(behind(Queue::Codes)).await == 2).then_some(())).await;
    let parked = queues.receive(behind(Queue::Codes)).await;
    let mut bodies: Vec<_> = parked.iter().filter_map(Message::body).collect();
    bodies.sort_unstable();
    poisons.sort_unstable();
    assert_eq!(bodies, poisons);
    until("the queue is empty", async || (queues.count("CodeQueueUrl").await == 0).then_some(())).await;
}

/// Each function starts, reads its secrets, and is allowed to look for a missing item: whatever the response, it is
/// not a server error.
#[tokio::test]
#[ignore = "drives the deployment described by FRONTROW_OUTPUTS"]
async fn every_endpoint_responds() {
    let organizer = Platform::from_env().organizer().await;
    for route in ENDPOINTS.iter().map(|endpoint| &endpoint.route) {
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let body = (route.method != "GET").then(|| b"{}".to_vec());
        let reply = organizer.send(route.method.as_str(), &path, body).await;
        assert!(reply.status < 500, "{} {path}: {reply:?}", route.method);
    }
    organizer.get("/nothing").await.problem(404, "not_found");
}
