//! Maintains the projections: notices, my page, door lists, sales and the maps of large houses. A stream record only marks
//! items to look at again; the projections are computed from the table. Records may therefore arrive twice, late, out of
//! order, or at two projectors at once.

use crate::{
    cancel_reservations::FollowUp,
    limits::WORKER_TIMEOUT_SECONDS,
    queue::{Outgoing, Sender},
    records::{change, from_here, sequence_number},
};
use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::DynamoDbEventResponse,
};
use frontrow_domain::{Error, Result, ids::PerformanceId};
use frontrow_edge::{
    Function, Queue,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    Worker,
    app::store_from_env,
    clients::Aws,
    clock::Clock,
    worker::Trigger,
};
use frontrow_store::{Change, Changed, DirtyReservation, Store, keys::Part};
use std::collections::BTreeMap;

/// Event filters of the function.
pub const FILTERS: &[&str] = Change::PROJECTED;

/// Updates the projections of changed items.
#[derive(Debug, Clone)]
pub struct Projector {
    store: Store,
    clock: Clock,
    sender: Sender,
}

/// The items to look at again, each with the index of its first record in the batch.
#[derive(Debug, Default)]
struct Dirty {
    reservations: Vec<(usize, DirtyReservation)>,
    parts: BTreeMap<Part, usize>,
}

/// Index of the first record in the batch that failed.
type NotDone = usize;

impl Dirty {
    /// Adds the items that `record` changes.
    fn note(&mut self, place: usize, record: &EventRecord) -> Result<()> {
        match change(record)?.item {
            Changed::Reservation(images) => {
                let Some(dirty) = DirtyReservation::of_change(&images) else { return Ok(()) };
                match self.reservations.iter_mut().find(|(_, known)| known.reservation_id == dirty.reservation_id) {
                    Some((_, known)) => known.names.extend(dirty.names),
                    None => self.reservations.push((place, dirty)),
                }
            }
            Changed::House(part) => drop(self.parts.entry(part).or_insert(place)),
            _ => {}
        }
        Ok(())
    }
}

impl Projector {
    /// Projects into `store`, and sends the reservations to cancel through `sender`.
    pub fn new(store: Store, clock: Clock, sender: Sender) -> Self {
        Self { store, clock, sender }
    }

    async fn project(&self, dirty: &Dirty) -> Result<(), NotDone> {
        let maps = self.project_maps(&dirty.parts).await;
        let reservations = self.project_reservations(dirty).await;
        let not_done = [maps.err(), reservations.err()].into_iter().flatten().min();
        not_done.map_or(Ok(()), Err)
    }

    async fn project_maps(&self, parts: &BTreeMap<Part, usize>) -> Result<(), NotDone> {
        let failed = self.store.project_parts(parts.keys().cloned(), self.clock.now()).await;
        let place = |(part, error): &(Part, Error)| {
            tracing::warn!(%error, ?part, "part of a house not projected; the stream redelivers its record");
            parts[part]
        };
        failed.iter().map(place).min().map_or(Ok(()), Err)
    }

    async fn project_reservations(&self, dirty: &Dirty) -> Result<(), NotDone> {
        let (places, reservations): (Vec<_>, Vec<_>) = dirty.reservations.iter().cloned().unzip();
        let Some(first) = places.first().copied() else { return Ok(()) };
        let failed = |error| {
            tracing::warn!(%error, "reservations not projected; the stream redelivers their records");
            first
        };
        let live = self.store.project_reservations(&reservations).await.map_err(failed)?;
        let overtaken = self.overtaken(live).await.map_err(failed)?;
        let messages: Vec<Outgoing> = overtaken.iter().map(FollowUp::message).collect();
        self.sender.send(&messages).await.map_err(|_| first)
    }

    /// The live reservations of cancelled performances. A cancellation marks the performance first and then reads the door
    /// list; this code reads the mark after it has written the list. So at least one of the two sees a reservation that is
    /// made in between.
    async fn overtaken(&self, live: Vec<DirtyReservation>) -> Result<Vec<FollowUp>> {
        let mut by_performance: BTreeMap<PerformanceId, Vec<DirtyReservation>> = BTreeMap::new();
        for one in live {
            by_performance.entry(one.reservation_id.performance().clone()).or_default().push(one);
        }
        let mut concerned = Vec::new();
        for (performance, reservations) in by_performance {
            if self.store.cancellation(&performance, self.clock.now()).await?.is_some() {
                let one = |one: DirtyReservation| FollowUp::Reservation {
                    member_id: one.member_id,
                    reservation_id: one.reservation_id,
                };
                concerned.extend(reservations.into_iter().map(one));
            }
        }
        Ok(concerned)
    }
}

impl Worker for Projector {
    const FUNCTION: Function = Function {
        memory_megabytes: 512, // packs blocks of seats
        table: &[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem],
        sends_to: &[Queue::Cancellations],
        ..Function::new("projector", WORKER_TIMEOUT_SECONDS)
    };
    const TRIGGER: Trigger = Trigger::Stream { filters: FILTERS, batch: 100 };
    type Event = Event;
    type Reply = DynamoDbEventResponse;

    async fn from_env() -> Result<Self, String> {
        let aws = Aws::from_env();
        Ok(Self::new(store_from_env(&aws)?, Clock::default(), Sender::from_env(&aws, Self::FUNCTION.sends_to)?))
    }

    /// Returns the first record that was not projected. Later records that already succeeded find nothing to do next time.
    async fn handle(&self, event: Event) -> Result<DynamoDbEventResponse> {
        let mut dirty = Dirty::default();
        let mut not_done = None;
        for (place, record) in event.records.iter().enumerate() {
            if let Err(error) = dirty.note(place, record) {
                tracing::error!(%error, sequence_number = sequence_number(record), "record cannot be read");
                not_done = Some(place);
                break;
            }
        }
        if let Err(place) = self.project(&dirty).await {
            not_done = Some(not_done.unwrap_or(place).min(place));
        }
        Ok(not_done.map(|place| from_here(sequence_number(&event.records[place]))).unwrap_or_default())
    }
}
