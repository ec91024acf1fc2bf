//! Relays the table's stream to the mail queue. The stream is the outbox: what was committed cannot fail to be announced.

use crate::message;
use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use frontrow_domain::{
    Error, Result,
    ids::{MemberId, ReservationId, VerificationId},
    limits::SQS_BATCH_MESSAGES,
    reservation::ReservationStatus,
};
use frontrow_edge::{clients::Aws, config::variable, lambda::Worker};
use frontrow_store::Mail;
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::HashSet;

/// Sends a message for each committed change that somebody is to be told of.
#[derive(Debug, Clone)]
pub struct RelayOutbox {
    sqs: Client,
    queue_url: String,
}

impl RelayOutbox {
    /// Relays to the queue at `queue_url`.
    pub fn new(sqs: Client, queue_url: String) -> Self {
        Self { sqs, queue_url }
    }

    /// Sends at most [`SQS_BATCH_MESSAGES`] mails' messages: the index of the first that SQS did not accept.
    async fn send(&self, mails: &[(String, Mail)]) -> Option<usize> {
        let entry = |(index, (_, mail)): (usize, &(String, Mail))| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(message::encode(mail))
                .build()
                .expect("id and body are set")
        };
        let entries = mails.iter().enumerate().map(entry).collect();
        let sent = self.sqs.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries)).send().await;
        let accepted: HashSet<String> = match sent {
            Ok(answer) => answer.successful().iter().map(|entry| entry.id().to_owned()).collect(),
            Err(error) => {
                tracing::warn!(error = %aws_sdk_sqs::error::DisplayErrorContext(error), "messages not sent");
                return Some(0);
            }
        };
        (0..mails.len()).find(|index| !accepted.contains(&index.to_string()))
    }
}

impl Worker for RelayOutbox {
    const NAME: &'static str = "relay_outbox";
    type Event = Event;
    type Reply = DynamoDbEventResponse;

    /// From `MAIL_QUEUE_URL`.
    fn from_env() -> Result<Self, String> {
        let queue_url = variable("MAIL_QUEUE_URL").ok_or("MAIL_QUEUE_URL is not set")?;
        Ok(Self::new(Aws::from_env().sqs(), queue_url))
    }

    /// Answers the first record that could not be relayed; the stream comes back with it and all after it, so that
    /// order is kept. Messages after it may have been accepted already: the mails' markers remove such duplicates.
    async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse> {
        let mut mails = Vec::new();
        let mut unreadable = None;
        for record in &event.records {
            let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
            match mail_of(record) {
                Ok(Some(mail)) => mails.push((sequence_number, mail)),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, sequence_number, "record not understood");
                    unreadable = Some(sequence_number);
                    break;
                }
            }
        }
        for batch in mails.chunks(SQS_BATCH_MESSAGES) {
            if let Some(index) = self.send(batch).await {
                return Ok(from_here(batch[index].0.clone()));
            }
        }
        Ok(unreadable.map(from_here).unwrap_or_default())
    }
}

fn from_here(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}

/// The part of every image that says what it is an image of.
#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    entity: String,
}

#[derive(Deserialize)]
struct ReservationImage {
    reservation_id: ReservationId,
    status: ReservationStatus,
    buyer: BuyerImage,
}

#[derive(Deserialize)]
struct BuyerImage {
    member_id: MemberId,
}

#[derive(Deserialize)]
struct VerificationImage {
    verification_id: VerificationId,
}

/// Whom a record makes us write to: a reservation that became confirmed or cancelled, a verification that is new.
/// Markers, collected garbage and everything else tell nobody anything.
fn mail_of(record: &EventRecord) -> Result<Option<Mail>> {
    let (new, old) = (&record.change.new_image, &record.change.old_image);
    if new.is_empty() {
        return Ok(None);
    }
    match read::<Kind>(new)?.entity.as_str() {
        "reservation" => {
            let now: ReservationImage = read(new)?;
            let before = if old.is_empty() { None } else { Some(read::<ReservationImage>(old)?.status) };
            if before == Some(now.status) {
                return Ok(None);
            }
            let (member_id, reservation_id) = (now.buyer.member_id, now.reservation_id);
            Ok(match now.status {
                ReservationStatus::Pending => None,
                ReservationStatus::Confirmed => Some(Mail::Ticket { member_id, reservation_id }),
                ReservationStatus::Cancelled => Some(Mail::Cancellation { member_id, reservation_id }),
            })
        }
        "verification" if old.is_empty() => {
            let VerificationImage { verification_id } = read(new)?;
            Ok(Some(Mail::Code { verification_id }))
        }
        _ => Ok(None),
    }
}

fn read<T: DeserializeOwned>(image: &serde_dynamo::Item) -> Result<T> {
    serde_dynamo::from_item(image.clone()).map_err(|error| Error::internal("read an image", error))
}

#[cfg(test)]
mod tests;
