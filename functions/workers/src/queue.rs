//! Sending to queues.

use crate::{limits::SQS_BATCH_MESSAGES, message};
use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::{
    Client,
    error::DisplayErrorContext,
    types::{MessageAttributeValue, SendMessageBatchRequestEntry},
};
use frontrow_domain::ids::RequestId;
use frontrow_edge::{Queue, clients::Aws, env::variable};
use frontrow_store::MailJob;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The queue for `mail`.
fn queue_of(mail: &MailJob) -> Queue {
    match mail {
        MailJob::Ticket { .. } | MailJob::Cancellation { .. } | MailJob::Password { .. } => Queue::Mails,
        MailJob::Code { .. } => Queue::Codes,
        MailJob::Alert { .. } => Queue::Alerts,
    }
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Destination.
    pub queue: Queue,
    /// Body.
    pub body: String,
    /// Delivery delay: 0 to 900 seconds.
    pub delay_seconds: i32,
    /// The originating request, if known.
    pub request_id: Option<RequestId>,
}

impl Outgoing {
    /// A message without a delay.
    pub fn now(queue: Queue, body: String) -> Self {
        Self { queue, body, delay_seconds: 0, request_id: None }
    }

    /// A message that requests `mail`.
    pub fn mail(mail: &MailJob) -> Self {
        Self::now(queue_of(mail), message::encode(mail))
    }

    /// Sets the originating request.
    #[must_use]
    pub fn caused_by(self, request_id: Option<RequestId>) -> Self {
        Self { request_id, ..self }
    }
}

/// Sends messages.
#[derive(Debug, Clone)]
pub struct Sender {
    sqs: Client,
    urls: HashMap<Queue, String>,
}

impl Sender {
    /// Sends to the queues at `urls`.
    pub fn new(sqs: Client, urls: HashMap<Queue, String>) -> Self {
        Self { sqs, urls }
    }

    /// Sends to `queues`, whose URLs are in environment variables.
    ///
    /// # Errors
    /// The name of a missing variable.
    pub fn from_env(aws: &Aws, queues: &[Queue]) -> Result<Self, String> {
        let url = |queue: &Queue| {
            let name = queue.variable();
            variable(name).map(|url| (*queue, url)).ok_or_else(|| format!("{name} is not set"))
        };
        Ok(Self::new(aws.sqs(), queues.iter().map(url).collect::<Result<_, _>>()?))
    }

    /// Sends `messages`, in order within each queue.
    ///
    /// # Errors
    /// The index of the first message that was not accepted. Some later messages may have been accepted.
    pub async fn send(&self, messages: &[Outgoing]) -> Result<(), usize> {
        let mut refused = Vec::new();
        for queue in Queue::ALL {
            let of_queue: Vec<_> = (0..).zip(messages).filter(|(_, message)| message.queue == queue).collect();
            for batch in of_queue.chunks(SQS_BATCH_MESSAGES) {
                if let Some(index) = self.send_batch(queue, batch).await {
                    refused.push(index);
                    break;
                }
            }
        }
        refused.into_iter().min().map_or(Ok(()), Err)
    }

    /// Returns the first index that was not accepted.
    async fn send_batch(&self, queue: Queue, batch: &[(usize, &Outgoing)]) -> Option<usize> {
        let first = batch.first().map(|(index, _)| *index);
        let Some(url) = self.urls.get(&queue) else {
            tracing::error!(queue = queue.name(), "the queue's URL is not configured");
            return first;
        };
        let entry = |(id, (_, message)): (usize, &(usize, &Outgoing))| {
            SendMessageBatchRequestEntry::builder()
                .id(id.to_string())
                .message_body(&message.body)
                .delay_seconds(message.delay_seconds)
                .set_message_attributes(message.request_id.as_ref().map(named))
                .build()
                .expect("id and body are set")
        };
        let entries = batch.iter().enumerate().map(entry).collect();
        match self.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await {
            Ok(answer) => {
                let accepted: HashSet<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
                let missing = (0..batch.len()).find(|id| !accepted.contains(id.to_string().as_str()));
                missing.map(|id| batch[id].0)
            }
            Err(error) => {
                tracing::warn!(queue = queue.name(), error = %DisplayErrorContext(error), "messages not sent");
                first
            }
        }
    }
}

/// Message attribute with the originating request.
const REQUEST_ID: &str = "requestId";

fn named(request: &RequestId) -> HashMap<String, MessageAttributeValue> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(request.as_str()).build();
    HashMap::from([(REQUEST_ID.to_owned(), value.expect("the type is set"))])
}

/// The originating request of a message; `None` if it has none.
pub(crate) fn request_of(received: &SqsMessage) -> Option<RequestId> {
    let value = received.message_attributes.get(REQUEST_ID)?.string_value.clone()?;
    RequestId::try_from(value).ok()
}

/// The reservation that a message is about, if any.
pub(crate) fn reservation_in(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct About {
        reservation_id: Option<String>,
    }
    serde_json::from_str::<About>(body).ok()?.reservation_id
}
