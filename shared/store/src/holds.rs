//! Holding and releasing: one transaction each.

use crate::{
    PageOf, PageRequest, Store, claims,
    conditions::{STAKE_HAS_ROOM, STAKE_NAMES_HOLD},
    db::{Consistency, Refused},
    keys::{self, Item, attribute, from_item},
    receipts::Receipted,
    rooms,
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::{Hold, Stake},
    ids::{HoldId, MemberId},
    limits::{PAGE_MAX_READS, STAKE_KEPT_SECONDS},
    performance::Performance,
    waiting_room::Admission,
};

impl Store {
    /// Takes the seats of `hold` for `member`, all or none, within his limit, and keeps his admission alive.
    ///
    /// # Errors
    /// In the contract's order: [`Error::QueueTokenExpired`], [`Error::HoldExists`], [`Error::TooManySeats`],
    /// [`Error::SeatsTaken`] with the lost seats; [`Error::Busy`].
    pub async fn place_hold(
        &self,
        member: &MemberId,
        hold: &Hold,
        performance: &Performance,
        admission: Option<&Admission>,
        receipt: Option<&Receipted<'_, Hold>>,
        now: Timestamp,
    ) -> Result<()> {
        let quantity = u32::try_from(hold.seats.len()).unwrap_or(u32::MAX);
        let max = performance.max_seats_per_member;
        if quantity > max {
            return Err(self.why_not_so_many(member, hold, max, now).await?);
        }
        let mut writes = claims::take(hold, &performance.seating, &claims::Seen::default(), now);
        let ttl = performance.starts_at.plus_seconds(STAKE_KEPT_SECONDS).ttl_seconds();
        writes.push(
            Write::update(
                keys::stake(member, hold.performance_id()),
                "SET #hold = :hold, #hold_until = :hold_until, #entity = :stake, #ttl = :ttl",
            )
            .when(&STAKE_HAS_ROOM)
            .value("hold", attribute(hold))
            .value("hold_until", hold.expires_at)
            .value("paid_max", max - quantity)
            .value("stake", "stake")
            .value("ttl", ttl)
            .value("now", now),
        );
        writes.extend(admission.map(|admission| rooms::extend_admission(admission, hold.expires_at, now)));
        writes.extend(receipt.map(|receipt| receipt.keep(hold, now)));

        match self.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(images)) => Err(why_not_held(hold, images, admission.is_some(), max, now)),
        }
    }

    /// More than anybody may have: the contract names a live hold first.
    async fn why_not_so_many(&self, member: &MemberId, hold: &Hold, max: u32, now: Timestamp) -> Result<Error> {
        let stake = self.stake(member, hold, Consistency::Strong).await?;
        Ok(stake.check_room_for(u32::MAX - max, max, now).err().unwrap_or(Error::TooManySeats { max }))
    }

    async fn stake(&self, member: &MemberId, hold: &Hold, consistency: Consistency) -> Result<Stake> {
        read_stake(self.get(&keys::stake(member, hold.performance_id()), consistency).await?)
    }

    /// The member's own live hold.
    ///
    /// # Errors
    /// [`Error::NotFound`] once it lapsed, was released or paid, and for somebody else's.
    pub async fn live_hold(&self, member: &MemberId, hold_id: &HoldId, now: Timestamp) -> Result<Hold> {
        let key = keys::stake(member, hold_id.performance());
        let stake = read_stake(self.get(&key, Consistency::Strong).await?)?;
        stake.live_hold_of(hold_id, now).cloned().map_err(|_| Error::NotFound)
    }

    /// A page of the member's live holds, newest first. He has at most one of each performance, so all are read.
    pub async fn live_holds(&self, member: &MemberId, page: &PageRequest, now: Timestamp) -> Result<PageOf<Hold>> {
        let mut holds = Vec::new();
        let mut start: Option<Item> = None;
        for _ in 0..PAGE_MAX_READS {
            let (items, next) = self
                .query(|query| {
                    query
                        .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                        .filter_expression("#hold_until > :now")
                        .expression_attribute_names("#pk", keys::PK)
                        .expression_attribute_names("#sk", keys::SK)
                        .expression_attribute_names("#hold_until", "hold_until")
                        .expression_attribute_values(":pk", AttributeValue::S(keys::member_partition(member)))
                        .expression_attribute_values(":prefix", AttributeValue::S(keys::STAKE_PREFIX.to_owned()))
                        .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()))
                        .consistent_read(true)
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            for item in items {
                holds.extend(read_stake(Some(item))?.hold.filter(|hold| hold.is_live(now)));
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        holds.sort_by(|one, other| other.hold_id.cmp(&one.hold_id));
        let limit = page.limit as usize;
        let mut rest =
            holds.into_iter().filter(|hold| page.after.as_ref().is_none_or(|after| hold.hold_id.to_string() < *after));
        let items: Vec<Hold> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let next = items.last().filter(|_| more).map(|hold| hold.hold_id.to_string());
        Ok(PageOf { items, next })
    }

    /// Gives the seats of a live hold back at once. Only seats still in it: one that another clock saw lapse, and that
    /// somebody else took, stays his.
    ///
    /// # Errors
    /// [`Error::NotFound`] as in [`Store::live_hold`]; [`Error::Busy`].
    pub async fn release_hold(&self, member: &MemberId, hold_id: &HoldId, now: Timestamp) -> Result<()> {
        let hold = self.live_hold(member, hold_id, now).await?;
        match self.free_hold(member, &hold, None).await? {
            Freed::Hold => Ok(()),
            Freed::Nothing => Err(Error::NotFound),
        }
    }

    /// Frees what is still in `hold`, with `beside` in the same transaction.
    pub(crate) async fn free_hold(&self, member: &MemberId, hold: &Hold, beside: Option<Write>) -> Result<Freed> {
        let mut ours = hold.clone();
        // Who leaves ends the admission as a whole.
        let mut prolongs = hold.prolongs.filter(|_| beside.is_none());
        loop {
            let mut writes = claims::free_held(&ours);
            let spots = writes.len();
            writes.push(release_stake(member, hold));
            writes.extend(beside.clone());
            writes.extend(prolongs.map(|position| rooms::shorten_admission(hold, position)));
            let images = match self.transact(writes).await {
                Ok(()) => return Ok(Freed::Hold),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(images)) => images,
            };
            let failed = |index: usize| images.get(index).is_some_and(Option::is_some);
            if failed(spots) || (beside.is_some() && failed(spots + 1)) {
                return Ok(Freed::Nothing);
            }
            // The admission is over, or a newer hold's.
            prolongs = prolongs.filter(|_| !failed(spots + 1));
            let lost = claims::refused(&ours.seats, &images);
            ours.seats.retain(|seat| !lost.contains(seat));
        }
    }
}

/// What came of freeing a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freed {
    /// Its seats are free, and what was beside it is done.
    Hold,
    /// The stake, or what was beside it, is not what it was.
    Nothing,
}

/// The stake's part of a release.
pub(crate) fn release_stake(member: &MemberId, hold: &Hold) -> Write {
    Write::update(keys::stake(member, hold.performance_id()), "REMOVE #hold, #hold_until")
        .when(&STAKE_NAMES_HOLD)
        .value("hold_id", hold.hold_id.to_string())
}

pub(crate) fn read_stake(item: Option<Item>) -> Result<Stake> {
    item.filter(|item| !item.is_empty()).map_or_else(|| Ok(Stake::default()), from_item)
}

/// Judges a refused hold, in the contract's order: queue token, hold_exists, too_many_seats, seats_taken.
fn why_not_held(hold: &Hold, images: Vec<Option<Item>>, admitted: bool, max: u32, now: Timestamp) -> Error {
    let spots = claims::spots(&hold.seats).len();
    if admitted && images.get(spots + 1).is_some_and(Option::is_some) {
        return Error::QueueTokenExpired;
    }
    if let Some(Some(stake)) = images.get(spots) {
        let quantity = u32::try_from(hold.seats.len()).unwrap_or(u32::MAX);
        let judged = read_stake(Some(stake.clone())).and_then(|stake| stake.check_room_for(quantity, max, now));
        return judged.err().unwrap_or(Error::Busy);
    }
    let lost = claims::refused(&hold.seats, &images);
    let seat_ids: Vec<_> = lost.into_iter().filter_map(|seat| seat.seat_id).collect();
    // Only the receipt stood in the way: the same request was answered a moment ago, and that answer will be told.
    if seat_ids.is_empty() { Error::Busy } else { Error::SeatsTaken { seat_ids } }
}
