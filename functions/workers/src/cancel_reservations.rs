//! Cancels the reservations of a cancelled performance, and updates those of a renamed or deleted member.
//!
//! A message for a performance covers its door list from a given position: it leads to one message for each live reservation
//! of a page, and one for the following pages. Each call is therefore short, a reservation that cannot be cancelled does not
//! block the others, and repeated messages are harmless. Messages for a member are handled in [`following`].

mod following;

use crate::{
    batch::side_by_side,
    limits::WORKER_TIMEOUT_SECONDS,
    queue::{Outgoing, Sender, request_of},
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{EntryId, MemberId, PerformanceId, RequestId, ReservationId},
    reservation::CancelReason,
};
use frontrow_edge::{
    Function, Queue,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    Worker,
    app::store_from_env,
    clients::Aws,
    clock::Clock,
    entropy,
    worker::{Concurrency, Trigger},
};
use frontrow_store::Store;
use serde::{Deserialize, Serialize};

/// Subject of a message: kind and ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FollowUp {
    /// All reservations of a performance, from a position in its door list.
    Performance {
        /// The cancelled performance.
        performance_id: PerformanceId,
        /// The last reservation of the previous page; `None` for the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seen>,
    },
    /// The reservations of a renamed or deleted member.
    Member {
        /// The renamed or deleted member.
        member_id: MemberId,
        /// Time of the change.
        changed_at: Timestamp,
        /// The last sort key of the previous page; `None` for the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// One reservation.
    Reservation {
        /// The buyer.
        member_id: MemberId,
        /// The reservation to cancel.
        reservation_id: ReservationId,
    },
}

/// A position in a door list: the ids of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seen {
    member_id: MemberId,
    reservation_id: ReservationId,
}

impl FollowUp {
    /// The message for this subject.
    pub fn message(&self) -> Outgoing {
        Outgoing::now(Queue::Cancellations, serde_json::to_string(self).expect("ids are plain data"))
    }

    fn read(body: &str) -> Result<Self> {
        serde_json::from_str(body).map_err(|error| Error::internal("read a message", error))
    }
}

/// Cancels or updates the reservations that the queue's messages name.
#[derive(Debug, Clone)]
pub struct CancelReservations {
    store: Store,
    clock: Clock,
    sender: Sender,
}

impl CancelReservations {
    /// Cancels in `store`, and sends remaining work through `sender`.
    pub fn new(store: Store, clock: Clock, sender: Sender) -> Self {
        Self { store, clock, sender }
    }

    async fn cancel(self, received: SqsMessage) -> Result<()> {
        let request = request_of(&received);
        match FollowUp::read(received.body.as_deref().unwrap_or_default())? {
            FollowUp::Performance { performance_id, after } => self.hand_over(performance_id, after, request).await,
            FollowUp::Member { member_id, changed_at, after } => {
                let store = self.store.for_request(request.as_ref());
                Self { store, ..self }.follow(member_id, changed_at, after, request).await
            }
            FollowUp::Reservation { member_id, reservation_id } => {
                let store = self.store.for_request(request.as_ref());
                Self { store, ..self }.cancel_one(member_id, reservation_id).await
            }
        }
    }

    /// Sends a message for each live reservation of the next page, and one for the pages after it.
    async fn hand_over(
        &self,
        performance_id: PerformanceId,
        after: Option<Seen>,
        request: Option<RequestId>,
    ) -> Result<()> {
        let after = after.as_ref().map(|seen| (&seen.member_id, &seen.reservation_id));
        let page = self.store.door_rows(&performance_id, after).await?;
        let mut messages = Vec::new();
        for row in page.items.iter().filter(|row| row.is_live()) {
            let (member_id, reservation_id) = (row.member_id, row.reservation_id.clone());
            messages.push(FollowUp::Reservation { member_id, reservation_id }.message().caused_by(request.clone()));
        }
        if let (Some(last), true) = (page.items.last(), page.next.is_some()) {
            let seen = Seen { member_id: last.member_id, reservation_id: last.reservation_id.clone() };
            messages.push(FollowUp::Performance { performance_id, after: Some(seen) }.message().caused_by(request));
        }
        self.sender
            .send(&messages)
            .await
            .map_err(|index| Error::internal("send cancellations", format!("message {index} was not accepted")))
    }

    /// Cancels, refunds and notifies once, even if repeated or if the member has cancelled in the meantime.
    async fn cancel_one(&self, member_id: MemberId, reservation_id: ReservationId) -> Result<()> {
        let now = self.clock.now();
        let Some(cancellation) = self.store.cancellation(reservation_id.performance(), now).await? else {
            tracing::warn!(%reservation_id, "reservation not cancelled, because its performance is not");
            return Ok(());
        };
        let (reason, entry_id) = (CancelReason::Organizer(cancellation.reason), EntryId::new(entropy::fresh_uuid()));
        self.store.cancel_reservation(&member_id, &reservation_id, reason, entry_id, now).await?;
        tracing::info!(%reservation_id, "reservation cancelled with its performance");
        Ok(())
    }
}

impl Worker for CancelReservations {
    const FUNCTION: Function = Function {
        table: &[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem],
        sends_to: &[Queue::Cancellations],
        ..Function::new("cancel_reservations", WORKER_TIMEOUT_SECONDS)
    };
    // Low concurrency keeps the effect on members negligible.
    const TRIGGER: Trigger = Trigger::Queues { queues: &[(Queue::Cancellations, Concurrency::Of(5))], batch: 10 };
    type Event = SqsEvent;
    type Reply = SqsBatchResponse;

    async fn from_env() -> Result<Self, String> {
        let aws = Aws::from_env();
        Ok(Self::new(store_from_env(&aws)?, Clock::default(), Sender::from_env(&aws, Self::FUNCTION.sends_to)?))
    }

    async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse> {
        Ok(side_by_side(event.records, |received| self.clone().cancel(received)).await)
    }
}
