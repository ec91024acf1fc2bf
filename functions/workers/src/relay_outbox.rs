//! Relays the table's stream to the queues. The stream is the outbox: every committed change is delivered.

use crate::{
    announce_show::Announcement,
    cancel_reservations::Concerned,
    message::PaymentDue,
    queue::{Outgoing, Sender, reservation_in},
    records::{entity, from_here, read, sequence_number},
};
use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::DynamoDbEventResponse,
};
use frontrow_domain::{
    Result, Timestamp,
    card::CardState,
    ids::{MemberId, PerformanceId, RequestId, ReservationId, ShowId, VerificationId},
    limits::WORKER_TIMEOUT_SECONDS,
    mailing::Mailing,
    member::Name,
    performance::Cancellation,
    reservation::ReservationStatus,
    show::Category,
    verification::Purpose,
};
use frontrow_edge::{Function, Queue, Worker, clients::Aws, worker::Trigger};
use frontrow_store::Mail;
use serde::Deserialize;

/// Event filters of the function. They pass more than is relayed, because filters cannot compare images, and mail markers
/// change reservations too. Deleted items have no new image.
pub const FILTERS: &[&str] = &[
    r#"{"dynamodb": {"NewImage": {"entity": {"S": ["reservation"]}}}}"#,
    r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"entity": {"S": ["verification", "show"]}}}}"#,
    r#"{"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"entity": {"S": ["verification"]}, "used_for": {"S": ["password"]}}}}"#,
    r#"{"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"entity": {"S": ["member"]}, "changed_at": {"N": [{"exists": true}]}}}}"#,
    r#"{"dynamodb": {"NewImage": {"entity": {"S": ["performance"]}, "cancellation": {"M": {"reason": {"S": [{"exists": true}]}}}}}}"#,
];

/// Sends a message for each committed change that requires one.
#[derive(Debug, Clone)]
pub struct RelayOutbox {
    sender: Sender,
}

impl RelayOutbox {
    /// Relays through `sender`.
    pub fn new(sender: Sender) -> Self {
        Self { sender }
    }
}

impl Worker for RelayOutbox {
    const FUNCTION: Function = Function {
        sends_to: &[Queue::Mails, Queue::Codes, Queue::Payments, Queue::Announcements, Queue::Cancellations],
        ..Function::new("relay_outbox", WORKER_TIMEOUT_SECONDS)
    };
    const TRIGGER: Trigger = Trigger::Stream { filters: FILTERS, batch: 100 };
    type Event = Event;
    type Reply = DynamoDbEventResponse;

    async fn from_env() -> Result<Self, String> {
        Ok(Self::new(Sender::from_env(&Aws::from_env(), Self::FUNCTION.sends_to)?))
    }

    /// Returns the first record that was not relayed. The stream then redelivers it and all later records, which preserves
    /// their order. Some later messages may already have been accepted; their handlers are idempotent.
    async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse> {
        let (mut numbers, mut messages) = (Vec::new(), Vec::new());
        let mut unreadable = None;
        for record in &event.records {
            let sequence_number = sequence_number(record);
            match messages_of(record) {
                Ok(said) => {
                    numbers.extend(said.iter().map(|_| sequence_number.clone()));
                    messages.extend(said);
                }
                Err(error) => {
                    tracing::error!(%error, sequence_number, "record cannot be read");
                    unreadable = Some(sequence_number);
                    break;
                }
            }
        }
        if let Err(index) = self.sender.send(&messages).await {
            return Ok(from_here(numbers.swap_remove(index)));
        }
        for Outgoing { queue, body, request_id, .. } in &messages {
            let (request_id, reservation_id) = (request_id.as_ref().map(RequestId::as_str), reservation_in(body));
            tracing::info!(queue = queue.name(), request_id, reservation_id, "relayed");
        }
        Ok(unreadable.map(from_here).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct CausedImage {
    request_id: Option<RequestId>,
}

#[derive(Deserialize)]
struct ReservationImage {
    reservation_id: ReservationId,
    status: ReservationStatus,
    mailing: Mailing,
    buyer: BuyerImage,
    card: Option<CardImage>,
}

#[derive(Deserialize)]
struct CardImage {
    state: CardState,
}

#[derive(Deserialize)]
struct BuyerImage {
    member_id: MemberId,
}

#[derive(Deserialize)]
struct VerificationImage {
    verification_id: VerificationId,
    used_for: Option<Purpose>,
}

#[derive(Deserialize)]
struct MemberImage {
    member_id: MemberId,
    name: Option<Name>,
    changed_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ShowImage {
    show_id: ShowId,
    details: DetailsImage,
}

#[derive(Deserialize)]
struct DetailsImage {
    category: Category,
}

#[derive(Deserialize)]
struct PerformanceImage {
    performance_id: PerformanceId,
    cancellation: Option<Cancellation>,
}

/// The messages that follow from a record.
fn messages_of(record: &EventRecord) -> Result<Vec<Outgoing>> {
    let mail = mail_of(record)?.map(|mail| Outgoing::mail(&mail));
    let payment = payment_of(record)?.map(|due| Outgoing::now(Queue::Payments, due.encode()));
    let messages = mail.into_iter().chain(payment).chain(cancellation_of(record)?).chain(change_of(record)?);
    let messages = messages.chain(announcements_of(record)?);
    let messages: Vec<_> = messages.collect();
    if messages.is_empty() {
        return Ok(messages);
    }
    let CausedImage { request_id } = read(&record.change.new_image)?;
    Ok(messages.into_iter().map(|message| message.caused_by(request_id.clone())).collect())
}

/// The performance whose reservations end, if the record cancels it.
fn cancellation_of(record: &EventRecord) -> Result<Option<Outgoing>> {
    if entity(record)? != "performance" {
        return Ok(None);
    }
    let now: PerformanceImage = read(&record.change.new_image)?;
    let old = &record.change.old_image;
    let before = !old.is_empty() && read::<PerformanceImage>(old)?.cancellation.is_some();
    let concerned = Concerned::Performance { performance_id: now.performance_id, after: None };
    Ok((now.cancellation.is_some() && !before).then(|| concerned.message()))
}

/// A member who was renamed or deleted, and whose reservations must be updated.
fn change_of(record: &EventRecord) -> Result<Option<Outgoing>> {
    let (new, old) = (&record.change.new_image, &record.change.old_image);
    if old.is_empty() || entity(record)? != "member" {
        return Ok(None);
    }
    let (now, before): (MemberImage, MemberImage) = (read(new)?, read(old)?);
    let is_other = now.name != before.name || now.changed_at != before.changed_at;
    let changed = now.changed_at.filter(|_| is_other);
    let member = |changed_at| Concerned::Member { member_id: now.member_id, changed_at, after: None };
    Ok(changed.map(|changed_at| member(changed_at).message()))
}

/// A purchase by card that this record makes due: the provider must be asked to charge it or to refund it.
fn payment_of(record: &EventRecord) -> Result<Option<PaymentDue>> {
    let (new, old) = (&record.change.new_image, &record.change.old_image);
    if entity(record)? != "reservation" {
        return Ok(None);
    }
    let now: ReservationImage = read(new)?;
    let before = if old.is_empty() { None } else { read::<ReservationImage>(old)?.card };
    let state = now.card.map(|card| card.state);
    let is_due = state.is_some_and(|state| !state.is_settled()) && state != before.map(|card| card.state);
    Ok(is_due.then_some(PaymentDue { member_id: now.buyer.member_id, reservation_id: now.reservation_id }))
}

/// The messages that announce a new show, one for each shard of subscribers.
fn announcements_of(record: &EventRecord) -> Result<Vec<Outgoing>> {
    let (new, old) = (&record.change.new_image, &record.change.old_image);
    if !old.is_empty() || entity(record)? != "show" {
        return Ok(Vec::new());
    }
    let show: ShowImage = read(new)?;
    Ok(Announcement::of(&show.show_id, show.details.category).map(|part| part.to_message()).collect())
}

/// The mail that follows from a record: about a reservation that is now confirmed or cancelled or whose tickets must be
/// mailed again, or about a verification that is new or replaced a password. Markers, items deleted by TTL and other changes
/// lead to no mail.
fn mail_of(record: &EventRecord) -> Result<Option<Mail>> {
    let (new, old) = (&record.change.new_image, &record.change.old_image);
    match entity(record)?.as_str() {
        "reservation" => {
            let now: ReservationImage = read(new)?;
            let before = if old.is_empty() { None } else { Some(read::<ReservationImage>(old)?) };
            let told = |before: &ReservationImage| (before.status, before.mailing.number);
            if before.as_ref().map(told) == Some(told(&now)) {
                return Ok(None);
            }
            let (member_id, reservation_id) = (now.buyer.member_id, now.reservation_id);
            let Mailing { number, occasion, .. } = now.mailing;
            Ok(match now.status {
                ReservationStatus::Pending => None,
                ReservationStatus::Confirmed => Some(Mail::Ticket { member_id, reservation_id, number, occasion }),
                ReservationStatus::Cancelled => Some(Mail::Cancellation { member_id, reservation_id }),
            })
        }
        "verification" if old.is_empty() => {
            let VerificationImage { verification_id, .. } = read(new)?;
            Ok(Some(Mail::Code { verification_id }))
        }
        "verification" => {
            let (now, before): (VerificationImage, VerificationImage) = (read(new)?, read(old)?);
            let replaced = now.used_for == Some(Purpose::Password) && before.used_for.is_none();
            Ok(replaced.then_some(Mail::Password { verification_id: now.verification_id }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
