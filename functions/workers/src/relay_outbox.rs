//! Relays the table's stream to the queues. The stream is the outbox: every committed change is delivered.

use crate::{
    announce_show::Announcement,
    cancel_reservations::FollowUp,
    limits::WORKER_TIMEOUT_SECONDS,
    message::PaymentDue,
    queue::{Outgoing, Sender, reservation_in},
    records::{change, from_here, sequence_number},
};
use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::DynamoDbEventResponse,
};
use frontrow_domain::{
    Result,
    ids::RequestId,
    mailing::Mailing,
    performance::Performance,
    reservation::{Reservation, ReservationStatus},
    verification::{Purpose, Verification},
};
use frontrow_edge::{Function, Queue, Worker, clients::Aws, worker::Trigger};
use frontrow_store::{Change, Changed, Images, MailJob, Profile};

/// Event filters of the function.
pub const FILTERS: &[&str] = Change::RELAYED;

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

/// The messages that follow from a record.
fn messages_of(record: &EventRecord) -> Result<Vec<Outgoing>> {
    let Change { item, request_id } = change(record)?;
    let messages: Vec<Outgoing> = match item {
        Changed::Member(images) => update_of(images).iter().map(FollowUp::message).collect(),
        Changed::Performance(images) => cancellation_of(images).iter().map(FollowUp::message).collect(),
        Changed::Reservation(images) => {
            let payment = payment_of(&images).map(|due| Outgoing::now(Queue::Payments, due.encode()));
            mail_about(*images).iter().map(Outgoing::mail).chain(payment).collect()
        }
        Changed::Show(Images { old: None, new }) => {
            Announcement::of(&new.show_id, new.details.category).map(|part| part.to_message()).collect()
        }
        Changed::Verification(images) => mail_to_verify(images).iter().map(Outgoing::mail).collect(),
        Changed::Show(_) | Changed::House(_) | Changed::Other => Vec::new(),
    };
    Ok(messages.into_iter().map(|message| message.caused_by(request_id.clone())).collect())
}

/// The performance whose reservations end, if it is now cancelled.
fn cancellation_of(Images { old, new }: Images<Performance>) -> Option<FollowUp> {
    let is_new = new.cancellation.is_some() && old.is_none_or(|old| old.cancellation.is_none());
    is_new.then_some(FollowUp::Performance { performance_id: new.performance_id, after: None })
}

/// A member who was renamed or deleted, and whose reservations must be updated.
fn update_of(Images { old, new }: Images<Profile>) -> Option<FollowUp> {
    let changed_at = new.changed_at.filter(|_| old.is_some_and(|old| old != new))?;
    Some(FollowUp::Member { member_id: new.member_id, changed_at, after: None })
}

/// A purchase by card that is now due: the provider must be asked to charge it or to refund it.
fn payment_of(Images { old, new }: &Images<Reservation>) -> Option<PaymentDue> {
    let state = |reservation: &Reservation| reservation.card.as_ref().map(|card| card.state);
    let is_due = state(new).is_some_and(|state| !state.is_settled()) && state(new) != old.as_ref().and_then(state);
    let (member_id, reservation_id) = (new.buyer.member_id, &new.reservation_id);
    is_due.then(|| PaymentDue { member_id, reservation_id: reservation_id.clone() })
}

/// The mail about a reservation that is now confirmed or cancelled, or whose tickets must be mailed again. Other changes, such
/// as those of mail markers, lead to no mail.
fn mail_about(Images { old, new }: Images<Reservation>) -> Option<MailJob> {
    let occasion = |reservation: &Reservation| (reservation.status, reservation.mailing.number);
    if old.is_some_and(|old| occasion(&old) == occasion(&new)) {
        return None;
    }
    let (member_id, reservation_id) = (new.buyer.member_id, new.reservation_id);
    let Mailing { number, occasion, .. } = new.mailing;
    match new.status {
        ReservationStatus::Pending => None,
        ReservationStatus::Confirmed => Some(MailJob::Ticket { member_id, reservation_id, number, occasion }),
        ReservationStatus::Cancelled => Some(MailJob::Cancellation { member_id, reservation_id }),
    }
}

/// The mail about a verification that is new or that replaced a password.
fn mail_to_verify(Images { old, new }: Images<Verification>) -> Option<MailJob> {
    let verification_id = new.verification_id;
    match old {
        None => Some(MailJob::Code { verification_id }),
        Some(old) if old.used_for.is_none() && new.used_for == Some(Purpose::Password) => {
            Some(MailJob::Password { verification_id })
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
