//! Reading admissions and waiting members; claiming.

use super::counter;
use crate::{
    Store,
    conditions::ADMISSION_UNCLAIMED,
    db::Consistency,
    keys::{self, Item, from_item},
    limits::{ADMISSION_MAX_PAGES, ROOM_KEPT_SECONDS, TURN_WRITES_AT_ONCE},
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::PerformanceId,
    limits::{ADMISSION_PARTITIONS, LEFT_BLOCK_POSITIONS, LEFT_BLOCKS_MAX},
    waiting_room::{Admission, AdmissionState, LinePosition, Room, Standing},
};
use futures_util::{
    StreamExt, TryStreamExt,
    future::{join_all, try_join_all},
    stream,
};
use std::collections::HashSet;

/// An admitted position and its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdmissionAt {
    pub(super) position: u64,
    pub(super) state: AdmissionState,
    /// Until when its last call could be claimed; kept after the claim.
    pub(super) claim_until: Timestamp,
}

impl AdmissionAt {
    pub(super) fn read(item: Item) -> Result<Self> {
        let claim_until = item.get("claim_until").and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok());
        let claim_until = Timestamp::from_millis(claim_until.unwrap_or_default());
        Ok(Self { position: position_of(&item)?, state: from_item(item)?, claim_until })
    }
}

fn position_of(item: &Item) -> Result<u64> {
    let text = item.get(keys::SK).and_then(|sk| sk.as_s().ok());
    let position = text.and_then(|text| text.parse().ok());
    position.ok_or_else(|| Error::internal("read a position", "malformed sort key"))
}

/// A waiting room as its organizer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// Places drawn so far.
    pub issued: u64,
    /// Places called so far.
    pub serving: u64,
    /// Live admissions, including called places that are not claimed yet. `maxActive` bounds this number.
    pub active: u64,
    /// Places neither called nor given up, and members who missed their call and came back.
    pub waiting: u64,
    /// The room.
    pub room: Room,
}

impl Store {
    /// CLAIM: turns the member's called place into their admission. Returns when it ends; the same for a place they
    /// have already claimed. `None` while they wait: after they missed the call and came back, which this does
    /// (RETURN), or while the admission is parked for a pending payment. No clock decides: only the turnstile takes
    /// back a called place.
    ///
    /// # Errors
    /// [`Error::QueueTokenExpired`] if it has expired, was spent or was given up.
    pub async fn claim_admission(
        &self,
        admission: &Admission,
        room: &Room,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let expires_at = now.plus_seconds(room.policy.admission_seconds);
        let update =
            "SET #state = :active, #member = :member, #expires_at = :expires_at, #hold_until = :zero, #ttl = :ttl";
        let write = Write::update(keys::admission(&admission.performance_id, admission.position), update)
            .when(&ADMISSION_UNCLAIMED)
            .value("granted", "granted")
            .value("active", "active")
            .value("member", admission.member_id.to_string())
            .value("expires_at", expires_at)
            .value("zero", 0)
            .value("ttl", expires_at.plus_seconds(ROOM_KEPT_SECONDS).ttl_seconds());
        let found = match self.write(write).await? {
            Ok(_) => return Ok(Some(expires_at)),
            Err(Some(found)) => Some(AdmissionAt::read(found)?.state),
            Err(None) => {
                let place = LinePosition::at(admission.position, room.shards);
                self.return_to_line(&admission.performance_id, &admission.member_id, room, place, now).await?
            }
        };
        match found.map_or(Standing::Over, |state| state.standing_of(&admission.member_id, now)) {
            Standing::Inside(end) => Ok(Some(end)),
            Standing::Waiting => Ok(None),
            Standing::Over => Err(Error::QueueTokenExpired),
        }
    }

    /// When the member's admission ends.
    ///
    /// # Errors
    /// [`Error::QueueTokenExpired`] if it has expired, was spent or was given up.
    pub async fn admission_end(&self, admission: &Admission, now: Timestamp) -> Result<Timestamp> {
        let state = self.admission_state(&admission.performance_id, admission.position).await?;
        state.and_then(|state| state.live_end_for(&admission.member_id, now)).ok_or(Error::QueueTokenExpired)
    }

    /// The room's figures.
    ///
    /// # Errors
    /// [`Error::NoWaitingRoom`].
    pub async fn room_view(&self, id: &PerformanceId, now: Timestamp) -> Result<RoomView> {
        let room = self.fresh_room(id, now).await?;
        let (inside, drawn) = tokio::join!(self.admissions(id), self.drawn(id, room.shards));
        let drawn = drawn?;
        let issued = drawn.iter().sum();
        let serving = room.serving.iter().sum();
        let inside = inside?;
        let active = inside.iter().filter(|admission| admission.state.is_live(now)).count() as u64;
        let returned = inside.iter().filter(|admission| admission.state.is_returned()).count() as u64;
        // From the first position not yet called to the last one drawn.
        let first = (0..).zip(&room.serving).map(|(shard, served)| LinePosition { shard, index: served + 1 });
        let last = (0..).zip(&drawn).filter(|(_, n)| **n > 0).map(|(shard, n)| LinePosition { shard, index: *n });
        let first = first.map(|place| place.position(room.shards)).min().unwrap_or(1) / LEFT_BLOCK_POSITIONS;
        let last = last.map(|place| place.position(room.shards)).max().unwrap_or(0) / LEFT_BLOCK_POSITIONS;
        let left = self.left_in(id, first..=last.min(first + LEFT_BLOCKS_MAX)).await?;
        let given_up =
            left.iter().filter(|position| !room.has_served(LinePosition::at(**position, room.shards))).count();
        let waiting = u64::saturating_sub(issued, serving).saturating_sub(given_up as u64) + returned;
        Ok(RoomView { issued, serving, active, waiting, room: Room::clone(&room) })
    }

    /// Every admission of the room, including those of members who wait to be called again; read consistently.
    pub(super) async fn admissions(&self, id: &PerformanceId) -> Result<Vec<AdmissionAt>> {
        let partitions = (0..ADMISSION_PARTITIONS).map(|partition| self.admissions_of(id, partition));
        Ok(try_join_all(partitions).await?.concat())
    }

    async fn admissions_of(&self, id: &PerformanceId, partition: u64) -> Result<Vec<AdmissionAt>> {
        let partition = keys::admission_partition(id, partition);
        let mut found = Vec::new();
        let mut start: Option<Item> = None;
        for _ in 0..ADMISSION_MAX_PAGES {
            let (items, next) = self
                .query(|query| {
                    query
                        .key_condition_expression("#pk = :pk")
                        .expression_attribute_names("#pk", keys::PK)
                        .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                        .consistent_read(true)
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            for item in items {
                found.push(AdmissionAt::read(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(found);
            }
        }
        Err(Error::internal("count admissions", "more pages than one turn reads"))
    }

    /// The number of places drawn from each shard, read consistently.
    pub(super) async fn drawn(&self, id: &PerformanceId, shards: u32) -> Result<Vec<u64>> {
        let keys: Vec<_> = (0..shards).map(|shard| keys::line(id, shard)).collect();
        let items = join_all(keys.iter().map(|key| self.get(key, Consistency::Strong))).await;
        items.into_iter().map(|item| item?.as_ref().map_or(Ok(0), |line| counter(line, "n"))).collect()
    }

    /// The given-up positions in `blocks`, read consistently.
    pub(super) async fn left_in(
        &self,
        id: &PerformanceId,
        blocks: impl IntoIterator<Item = u64>,
    ) -> Result<HashSet<u64>> {
        let reads: Vec<_> =
            blocks.into_iter().map(|block| self.left_of_block(id, block, Consistency::Strong)).collect();
        stream::iter(reads)
            .buffer_unordered(TURN_WRITES_AT_ONCE)
            .try_fold(HashSet::new(), |mut all, found| async move {
                all.extend(found);
                Ok(all)
            })
            .await
    }

    /// The number of given-up positions in each of `blocks`, read eventually.
    pub(super) async fn count_left_in(&self, id: &PerformanceId, blocks: &[u64]) -> Result<Vec<(u64, usize)>> {
        let count = async |block: u64| {
            Ok::<_, Error>((block, self.left_of_block(id, block, Consistency::Eventual).await?.len()))
        };
        try_join_all(blocks.iter().map(|block| count(*block))).await
    }

    async fn left_of_block(&self, id: &PerformanceId, block: u64, consistency: Consistency) -> Result<Vec<u64>> {
        let partition = keys::left_partition(id, block);
        // 1,024 small items always fit one page.
        let (items, _) = self
            .query(|query| {
                query
                    .key_condition_expression("#pk = :pk")
                    .expression_attribute_names("#pk", keys::PK)
                    .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                    .consistent_read(consistency.is_strong())
            })
            .await?;
        items.iter().map(position_of).collect()
    }
}
