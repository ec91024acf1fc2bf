//! The embedded SQS: every queue with its dead-letter queue, in memory.

use crate::{
    engine::context,
    in_process::{self, Answer, Service},
};
use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName},
};
use axum::body::{Body, Bytes, to_bytes};
use frontrow_edge::Queue;
use frontrow_edge::entropy;
use frontrow_workers::queue::Sender;
use http::{HeaderName, HeaderValue};
use rustack_sqs_core::{config::SqsConfig, handler::RustackSqsHandler, provider::RustackSqs};
use rustack_sqs_http::{dispatch::SqsHandler, response::error_to_response, router::resolve_operation};
use std::{collections::HashMap, sync::Arc};

/// Region in the queues' ARNs.
pub(crate) const REGION: &str = "ap-northeast-2";

/// Duration of one long poll, in seconds.
const WAIT_SECONDS: i32 = 1;

/// Media type of the protocol.
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// A queue with its dead-letter queue.
#[derive(Debug, Clone)]
struct Pair {
    url: String,
    arn: String,
    dead_letter_url: String,
}

/// The running queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    service: Sqs,
    pairs: HashMap<Queue, Pair>,
}

/// The embedded SQS service.
#[derive(Debug, Clone)]
pub(crate) struct Sqs(Arc<RustackSqsHandler>);

impl Service for Sqs {
    async fn answer(&self, target: &str, body: &[u8]) -> Answer {
        let id = entropy::fresh_uuid().to_string();
        let target = HeaderValue::from_str(target).map(|target| (TARGET, target));
        let answered = match resolve_operation(&target.into_iter().collect()) {
            Ok(operation) => self.0.handle_operation(operation, Bytes::copy_from_slice(body)).await,
            Err(error) => Err(error),
        };
        let (parts, body) = answered.unwrap_or_else(|error| error_to_response(&error, &id)).into_parts();
        // The body is in memory as a whole.
        let body = to_bytes(Body::new(body), usize::MAX).await.unwrap_or_default();
        Answer { status: parts.status.as_u16(), media_type: MEDIA_TYPE, body: body.into() }
    }
}

/// Which messages of a queue are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Messages {
    /// Messages that can be received now or are in flight.
    Due,
    /// These and the delayed ones.
    All,
}

impl Queues {
    /// Creates all queues. Their URLs contain `port`.
    pub(crate) async fn start(port: u16, visibility_seconds: u32, max_receives: u32) -> Result<Self, String> {
        let config = SqsConfig { default_region: REGION.to_owned(), port, ..SqsConfig::default() };
        let service = Sqs(Arc::new(RustackSqsHandler::new(Arc::new(RustackSqs::new(config)))));
        let client = in_process::aws(service.clone()).sqs();
        let mut pairs = HashMap::new();
        for queue in Queue::ALL {
            let dead_letters = format!("{}-dead-letters", queue.name());
            let (dead_letter_url, dead_letter_arn) = make(&client, &dead_letters, HashMap::new()).await?;
            let redrive = format!(r#"{{"deadLetterTargetArn":"{dead_letter_arn}","maxReceiveCount":{max_receives}}}"#);
            let attributes = HashMap::from([
                (QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string()),
                (QueueAttributeName::RedrivePolicy, redrive),
            ]);
            let (url, arn) = make(&client, queue.name(), attributes).await?;
            pairs.insert(queue, Pair { url, arn, dead_letter_url });
        }
        Ok(Self { client, service, pairs })
    }

    /// A client of these queues.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The embedded SQS service.
    pub(crate) fn service(&self) -> &Sqs {
        &self.service
    }

    /// The URL of each queue.
    pub fn urls(&self) -> HashMap<Queue, String> {
        self.pairs.iter().map(|(queue, pair)| (*queue, pair.url.clone())).collect()
    }

    /// A sender to these queues.
    pub fn sender(&self) -> Sender {
        Sender::new(self.client.clone(), self.urls())
    }

    pub(crate) fn arn(&self, queue: Queue) -> &str {
        &self.pairs[&queue].arn
    }

    /// Number of messages that are neither handled nor parked. A queue whose worker sends to another queue is counted before
    /// that one, so that no message is missed on its way.
    pub(crate) async fn waiting(&self, counted: Messages) -> Result<u32, String> {
        let mut waiting = 0;
        for queue in Queue::ALL {
            waiting += self.count(&self.pairs[&queue].url, counted).await?;
        }
        Ok(waiting)
    }

    /// Number of messages parked in dead-letter queues.
    ///
    /// # Errors
    /// The error of the queue service.
    pub async fn parked(&self) -> Result<u32, String> {
        let mut parked = 0;
        for pair in self.pairs.values() {
            parked += self.count(&pair.dead_letter_url, Messages::All).await?;
        }
        Ok(parked)
    }

    async fn count(&self, queue_url: &str, counted: Messages) -> Result<u32, String> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
        };
        let mut names = vec![ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        names.extend((counted == Messages::All).then_some(ApproximateNumberOfMessagesDelayed));
        let call = self.client.get_queue_attributes().queue_url(queue_url).set_attribute_names(Some(names.clone()));
        let found = call.send().await.map_err(|error| format!("count messages: {:?}", error.into_service_error()))?;
        let attributes = found.attributes.unwrap_or_default();
        let number = |name| {
            let text = attributes.get(name).ok_or_else(|| format!("count messages: no {name}"))?;
            text.parse::<u32>().map_err(context("count messages"))
        };
        names.iter().map(number).sum()
    }

    /// Receives the next batch; empty if no message arrived in time.
    pub(crate) async fn receive(&self, queue: Queue, batch: u32) -> Result<Vec<Message>, String> {
        use aws_sdk_sqs::types::MessageSystemAttributeName::All;
        let call = self.client.receive_message().queue_url(&self.pairs[&queue].url);
        let call = call.max_number_of_messages(batch.cast_signed()).wait_time_seconds(WAIT_SECONDS);
        let received = call.message_system_attribute_names(All).message_attribute_names("All").send().await;
        let received = received.map_err(|error| format!("receive: {:?}", error.into_service_error()))?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Acknowledges one message.
    pub(crate) async fn delete(&self, queue: Queue, message: &Message) -> Result<(), String> {
        let call = self.client.delete_message().queue_url(&self.pairs[&queue].url);
        let deleted = call.set_receipt_handle(message.receipt_handle.clone()).send().await;
        deleted.map(drop).map_err(|error| format!("delete: {:?}", error.into_service_error()))
    }
}

/// Creates a queue, and returns its URL and ARN.
async fn make(
    client: &Client,
    name: &str,
    attributes: HashMap<QueueAttributeName, String>,
) -> Result<(String, String), String> {
    let made = client.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
    let made = made.map_err(|error| format!("create queue {name}: {:?}", error.into_service_error()))?;
    let url = made.queue_url.ok_or_else(|| format!("queue {name} has no URL"))?;
    let call = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
    let found = call.send().await.map_err(|error| format!("describe {name}: {:?}", error.into_service_error()))?;
    let arn = found.attributes.and_then(|mut found| found.remove(&QueueAttributeName::QueueArn));
    Ok((url, arn.ok_or_else(|| format!("queue {name} has no ARN"))?))
}
