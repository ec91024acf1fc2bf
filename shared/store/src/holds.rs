//! Holding and releasing, one transaction each. `best` chooses seats of a grade; `places` chooses general admission
//! places.

mod best;
mod places;

use crate::{
    PageOf, PageRequest, Store, admission,
    conditions::{STAKE_HAS_ROOM, STAKE_NAMES_HOLD},
    db::{Consistency, Refusal},
    idempotency::PendingRecord,
    inventory::{self, ShardsRead},
    keys::{self, Item, Key, attribute, from_item},
    limits::{PAGE_MAX_READS, RETRY_ATTEMPTS, STAKE_KEPT_SECONDS},
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::{Forgiven, HeldSeat, Hold, Stake},
    ids::{HoldId, MemberId},
    limits::UNPAID_HOLDS_WINDOW_SECONDS,
    performance::Performance,
    seating::Seating,
    waiting_room::Admission,
};

/// The member, performance and admission of a hold; the same for every attempt of one request.
pub struct Holder<'a> {
    /// The member who holds.
    pub member: &'a MemberId,
    /// The performance whose seats are held.
    pub performance: &'a Performance,
    /// The member's admission, if the performance has a waiting room.
    pub admission: Option<&'a Admission>,
    /// Where the response is kept, if the request has an `Idempotency-Key`.
    pub record: Option<&'a PendingRecord<'a, Hold>>,
    /// The time of the request.
    pub now: Timestamp,
}

impl Store {
    /// Takes all seats of `hold` or none, within the member's limit, and extends the member's admission.
    ///
    /// # Errors
    /// In the contract's order: [`Error::QueueTokenExpired`], [`Error::HoldExists`], [`Error::TooManySeats`],
    /// [`Error::TooManyRequests`], [`Error::SeatsTaken`] with the lost seats; [`Error::Busy`].
    pub async fn hold_seats(&self, holder: &Holder<'_>, hold: Hold) -> Result<Hold> {
        self.check_quantity(holder, hold.quantity()).await?;
        let Err(refusal) = self.attempt(holder, &hold, &ShardsRead::default()).await? else { return Ok(hold) };
        let lost = inventory::refused(&hold, &refusal);
        Err(Error::SeatsTaken { seat_ids: lost.filter_map(HeldSeat::seat_id).cloned().collect() })
    }

    /// Takes `quantity` of a grade for `hold`, which has taken nothing yet: the best seats, or that many places. Returns
    /// the hold with its claim.
    ///
    /// # Errors
    /// As [`Store::hold_seats`], with [`Error::GradeNotFound`] first, and [`Error::NotEnoughSeats`] in place of
    /// [`Error::SeatsTaken`].
    pub async fn hold_grade(&self, holder: &Holder<'_>, hold: Hold, grade: &str, quantity: u32) -> Result<Hold> {
        match &holder.performance.seating {
            Seating::Numbered(house) => {
                let grade = house.grade(grade).ok_or(Error::GradeNotFound)?;
                let blocks = house.blocks_of(grade);
                self.check_quantity(holder, quantity).await?;
                best::Search { store: self, holder, house, grade, quantity, blocks }.hold(hold).await
            }
            Seating::General(house) => {
                let (area, shares) = house.find(grade).ok_or(Error::GradeNotFound)?;
                self.check_quantity(holder, quantity).await?;
                places::Search { store: self, holder, area, shares, quantity }.hold(hold).await
            }
        }
    }

    /// One transaction: claim, stake, admission and record are written together or not at all. It is refused if some
    /// of the claimed seats are not free. Another choice of seats does not change an error.
    async fn attempt(&self, holder: &Holder<'_>, hold: &Hold, seen: &ShardsRead) -> Result<Result<(), Refusal>> {
        let Holder { member, performance, admission, record, now } = *holder;
        let mut writes = inventory::take(hold, &performance.seating, seen, now);
        let ttl = performance.starts_at.plus_seconds(STAKE_KEPT_SECONDS).ttl_seconds();
        writes.push(
            Write::update(
                keys::stake(member, hold.performance_id()),
                "SET #hold = :hold, #hold_until = :hold_until, #entity = :stake, #ttl = :ttl, \
                 #unpaid_first = if_not_exists(#unpaid_second, :zero), \
                 #unpaid_second = if_not_exists(#unpaid_third, :zero), #unpaid_third = :now",
            )
            .when(&STAKE_HAS_ROOM)
            .value("hold", attribute(hold))
            .value("hold_until", hold.expires_at)
            .value("paid_max", performance.max_seats_per_member.saturating_sub(hold.quantity()))
            .value("stake", "stake")
            .value("ttl", ttl)
            .value("zero", 0)
            .value("hour_ago", now.plus_seconds(-UNPAID_HOLDS_WINDOW_SECONDS))
            .value("now", now),
        );
        writes.extend(admission.map(|admission| admission::extend(admission, hold.expires_at, now)));
        writes.extend(record.map(|record| record.keep(hold, now)));
        let held = self.transact_while(writes, || self.check_not_frozen(performance)).await?;
        if let Err(refusal) = &held {
            check_seats_lost(holder, hold, refusal)?;
        }
        Ok(held)
    }

    /// Refuses more seats than the limit before anything is written. In the contract, an existing live hold is
    /// reported first.
    async fn check_quantity(&self, holder: &Holder<'_>, quantity: u32) -> Result<()> {
        let max = holder.performance.max_seats_per_member;
        if quantity <= max {
            return Ok(());
        }
        self.check_stake(holder, max + 1).await?;
        Err(Error::TooManySeats { max })
    }

    /// Checks whether the member may hold `quantity` more seats, by a fresh read of their stake.
    ///
    /// # Errors
    /// As [`Stake::check_room_for`].
    async fn check_stake(&self, holder: &Holder<'_>, quantity: u32) -> Result<()> {
        let performance = holder.performance;
        let key = keys::stake(holder.member, &performance.performance_id);
        let stake = read_stake(self.get(&key, Consistency::Strong).await?)?;
        stake.check_room_for(quantity, performance.max_seats_per_member, holder.now)
    }

    /// The member's own live hold.
    ///
    /// # Errors
    /// [`Error::NotFound`] once it has expired or was released or paid, and for another member's hold.
    pub async fn live_hold(&self, member: &MemberId, hold_id: &HoldId, now: Timestamp) -> Result<Hold> {
        let stake = self.stake_of(member, hold_id).await?;
        stake.live_hold_of(hold_id, now).cloned().map_err(|_| Error::NotFound)
    }

    async fn stake_of(&self, member: &MemberId, hold_id: &HoldId) -> Result<Stake> {
        read_stake(self.get(&keys::stake(member, hold_id.performance()), Consistency::Strong).await?)
    }

    /// A page of the member's live holds, newest first. A member has at most one for each performance, so all are
    /// read.
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

    /// Frees the seats of a live hold at once. Frees only seats that still belong to the hold: a seat that had
    /// expired by another clock and was taken by another member stays theirs.
    ///
    /// # Errors
    /// [`Error::NotFound`] as in [`Store::live_hold`]; [`Error::Busy`].
    pub async fn release_hold(&self, member: &MemberId, hold_id: &HoldId, now: Timestamp) -> Result<()> {
        for _ in 0..RETRY_ATTEMPTS {
            let stake = self.stake_of(member, hold_id).await?;
            let hold = stake.live_hold_of(hold_id, now).map_err(|_| Error::NotFound)?;
            if self.free_hold(member, hold, stake.forgiven_at(now), None).await? == Freed::Hold {
                return Ok(());
            }
        }
        Err(Error::Busy)
    }

    /// Frees what still belongs to `hold`, with `beside` in the same transaction. A `forgiven` hold does not count as
    /// unpaid.
    pub(crate) async fn free_hold(
        &self,
        member: &MemberId,
        hold: &Hold,
        forgiven: Option<Forgiven>,
        beside: Option<Write>,
    ) -> Result<Freed> {
        let stake = keys::stake(member, hold.performance_id());
        let mut claimed = inventory::free_held(hold);
        // Leaving ends the whole admission.
        let mut prolongs = hold.prolongs.filter(|_| beside.is_none());
        loop {
            let mut writes = claimed.clone();
            writes.push(release_stake(stake.clone(), hold, forgiven));
            writes.extend(beside.clone());
            writes.extend(prolongs.map(|position| admission::shorten(hold, position)));
            let Err(refusal) = self.transact(writes).await? else { return Ok(Freed::Hold) };
            if refusal.is_of(&stake) || beside.as_ref().is_some_and(|beside| refusal.is_of(&beside.key())) {
                return Ok(Freed::Nothing);
            }
            // The admission has ended, or a newer hold has prolonged it.
            let is_prolonged = |position: &u64| !refusal.is_of(&keys::admission(hold.performance_id(), *position));
            prolongs = prolongs.filter(is_prolonged);
            claimed.retain(|write| !refusal.is_of(&write.key()));
        }
    }
}

/// The outcome of freeing a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freed {
    /// Its seats are free, and the write beside it is done.
    Hold,
    /// The stake, or the item beside it, has changed.
    Nothing,
}

/// The stake's part of a release. The hold is the latest one; if it is forgiven, the ones before it move back.
fn release_stake(key: Key, hold: &Hold, forgiven: Option<Forgiven>) -> Write {
    let release = match forgiven {
        None => Write::update(key, "REMOVE #hold, #hold_until"),
        Some(forgiven) => Write::update(
            key,
            "SET #unpaid_third = if_not_exists(#unpaid_second, :zero), \
             #unpaid_second = if_not_exists(#unpaid_first, :zero), #unpaid_first = :zero, #forgiven = :forgiven \
             REMOVE #hold, #hold_until",
        )
        .value("zero", 0)
        .value("forgiven", attribute(&forgiven)),
    };
    release.when(&STAKE_NAMES_HOLD).value("hold_until_read", hold.expires_at).value("hold_id", hold.hold_id.to_string())
}

pub(crate) fn read_stake(item: Option<Item>) -> Result<Stake> {
    item.filter(|item| !item.is_empty()).map_or_else(|| Ok(Stake::default()), from_item)
}

/// Checks that a hold was refused for its seats alone. Reports other reasons in the contract's order: queue token,
/// hold_exists, too_many_seats.
fn check_seats_lost(holder: &Holder<'_>, hold: &Hold, refusal: &Refusal) -> Result<()> {
    admission::check(holder.admission, refusal)?;
    if let Some(stake) = refusal.image(&keys::stake(holder.member, hold.performance_id())) {
        let stake = read_stake(Some(stake))?;
        stake.check_room_for(hold.quantity(), holder.performance.max_seats_per_member, holder.now)?;
        return Err(Error::Busy);
    }
    // Only the record failed: the same request has just succeeded, and the retry returns its response.
    if inventory::refused(hold, refusal).next().is_none() { Err(Error::Busy) } else { Ok(()) }
}
