//! Joining and leaving the line.

use super::AdmissionAt;
use crate::{
    Store,
    conditions::{ADMISSION_WITHOUT_HOLD, DRAWN_ONCE, PLACE_IS_HELD, PLACE_UNCHANGED},
    db::Consistency,
    holds::{Freed, read_stake},
    keys::{self, Item, from_item, item_of, with_ttl},
    limits::{DRAWS_MAX, DRAWS_REMEMBERED, LINE_RETRIES, STAKE_KEPT_SECONDS},
    write::Write,
};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Stake,
    ids::{MemberId, PerformanceId},
    performance::Performance,
    waiting_room::{AdmissionState, LinePosition, Room, Standing},
};
use serde::{Deserialize, Serialize};

/// The outcome of joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// A new place at the end.
    New(LinePosition),
    /// The place that the member already had, waiting or called.
    Waiting(LinePosition),
    /// The member is inside until that time.
    Inside(LinePosition, Timestamp),
}

/// A member's place as stored; `i` is 0 if there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PlaceItem {
    s: u32,
    i: u64,
    draws: u32,
    given_up: u64,
}

impl PlaceItem {
    fn read(item: Option<Item>) -> Result<Self> {
        item.map_or_else(|| Ok(Self::default()), from_item)
    }

    fn place(self) -> Option<LinePosition> {
        (self.i > 0).then_some(LinePosition { shard: self.s, index: self.i })
    }

    fn given_up(self) -> Option<LinePosition> {
        (self.given_up > 0).then_some(LinePosition { shard: self.s, index: self.given_up })
    }
}

/// A place drawn for a member, by this call or by an earlier one of theirs that read the same item.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    place: LinePosition,
    by_this_call: bool,
}

#[derive(Serialize)]
struct LeftItem {}

impl Store {
    /// JOIN: the member's place in line. They get a new one at the end if they have none, or if theirs was spent or
    /// given up, or has expired. A member who missed the call comes back to their place.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] after [`DRAWS_MAX`] places; [`Error::Busy`].
    pub async fn join_line(
        &self,
        performance: &Performance,
        member: &MemberId,
        room: &Room,
        now: Timestamp,
    ) -> Result<Joined> {
        let id = &performance.performance_id;
        let mut seen = PlaceItem::read(self.get(&keys::place(id, member), Consistency::Eventual).await?)?;
        if let Some(kept) = self.kept_or_too_many(performance, member, seen, room, now).await? {
            return Ok(kept);
        }
        let mut drawn = self.draw(id, room.shards, member, seen.draws).await?;
        for _ in 0..LINE_RETRIES {
            let place = drawn.place;
            match self.write(take_place(performance, member, place, seen)).await? {
                Ok(_) if drawn.by_this_call || !room.has_served(place) => return Ok(Joined::New(place)),
                // Drawn by an earlier call whose response was lost, so the place may have expired by now.
                Ok(item) => seen = PlaceItem::read(Some(item))?,
                Err(found) => {
                    seen = PlaceItem::read(found)?;
                    // This write succeeded and its response was lost.
                    if drawn.by_this_call && seen.place() == Some(place) {
                        return Ok(Joined::New(place));
                    }
                    // It succeeded, and the place was given up since.
                    if drawn.by_this_call && seen.given_up() == Some(place) {
                        return Err(Error::Busy);
                    }
                }
            }
            let kept = self.kept_or_too_many(performance, member, seen, room, now).await;
            if let Some(joined) = kept.transpose() {
                self.end_lost_draw(performance, member, drawn, seen, now).await;
                return joined;
            }
            if !drawn.by_this_call {
                drawn = self.draw(id, room.shards, member, seen.draws).await?;
            }
        }
        self.end_lost_draw(performance, member, drawn, seen, now).await;
        Err(Error::Busy)
    }

    /// Ends the place that was `drawn` by one of two concurrent joins, if the member stands elsewhere, so that the
    /// line does not wait for it. It counts as one of the member's draws.
    async fn end_lost_draw(
        &self,
        performance: &Performance,
        member: &MemberId,
        drawn: Drawn,
        seen: PlaceItem,
        now: Timestamp,
    ) {
        if !drawn.by_this_call || seen.place() == Some(drawn.place) {
            return;
        }
        let update = "SET #s = if_not_exists(#s, :zero), #i = if_not_exists(#i, :zero) ADD #draws :one";
        let count = Write::update(keys::place(&performance.performance_id, member), update);
        if let Err(error) = self.write_always(count.value("zero", 0).value("one", 1)).await {
            tracing::warn!(%error, "lost draw not counted");
        }
        if let Err(error) = self.end_place(performance, member, drawn.place, now).await {
            tracing::warn!(%error, "place of a lost draw not ended; it expires unclaimed");
        }
    }

    /// The place that was `seen`, if it is still valid; `None` if the member may draw another.
    async fn kept_or_too_many(
        &self,
        performance: &Performance,
        member: &MemberId,
        seen: PlaceItem,
        room: &Room,
        now: Timestamp,
    ) -> Result<Option<Joined>> {
        let kept = self.kept_place(&performance.performance_id, member, seen, room, now).await?;
        if kept.is_none() && seen.draws >= DRAWS_MAX {
            return Err(Error::TooManyRequests { retry_after_seconds: performance.sales_close_at.seconds_since(now) });
        }
        Ok(kept)
    }

    /// The place that was `seen`, if it is still valid.
    async fn kept_place(
        &self,
        id: &PerformanceId,
        member: &MemberId,
        seen: PlaceItem,
        room: &Room,
        now: Timestamp,
    ) -> Result<Option<Joined>> {
        let Some(place) = seen.place() else { return Ok(None) };
        if !room.has_served(place) {
            return Ok(Some(Joined::Waiting(place)));
        }
        let state = match self.admission_state(id, place.position(room.shards)).await? {
            Some(state) => Some(state),
            None => self.return_to_line(id, member, room, place, now).await?,
        };
        Ok(match state.map_or(Standing::Over, |state| state.standing_of(member, now)) {
            Standing::Waiting => Some(Joined::Waiting(place)),
            Standing::Inside(end) => Some(Joined::Inside(place, end)),
            Standing::Over => None,
        })
    }

    /// Draws the next index of a shard for a member who has already drawn `draws` times. The shard remembers recent
    /// draws and their results, so that repeating a draw, concurrently or after a lost response, returns the same
    /// place.
    async fn draw(&self, id: &PerformanceId, shards: u32, member: &MemberId, draws: u32) -> Result<Drawn> {
        let shard = self.caches.next_shard(id, shards, self.entropy.fraction);
        let drawer = [&member.0.as_bytes()[..], &draws.to_be_bytes()].concat();
        let [drawer_name, index_name] = recent_draw(member.0.as_bytes()[15] % DRAWS_REMEMBERED);
        let update = "SET #entity = :entity, #n = if_not_exists(#n, :zero) + :one, \
                      #drawer = :drawer, #drawn = if_not_exists(#n, :zero) + :one";
        let write = Write::update(keys::line(id, shard), update)
            .when(&DRAWN_ONCE)
            .naming("drawer", &drawer_name)
            .naming("drawn", &index_name)
            .value("entity", "line")
            .value("drawer", AttributeValue::B(Blob::new(drawer)))
            .value("zero", 0)
            .value("one", 1);
        let (index, by_this_call) = match self.write(write).await? {
            Ok(item) => (super::counter(&item, "n")?, true),
            Err(found) => (super::counter(&found.unwrap_or_default(), &index_name)?, false),
        };
        Ok(Drawn { place: LinePosition { shard, index }, by_this_call })
    }

    /// LEAVE: gives the place up. If it was called, its admission ends together with a live hold. Does nothing if the
    /// member has no place.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn leave_line(&self, performance: &Performance, member: &MemberId, now: Timestamp) -> Result<()> {
        let id = &performance.performance_id;
        match self.give_up_place(id, member).await? {
            Some(place) => self.end_place(performance, member, place, now).await,
            None => Ok(()),
        }
    }

    /// Ends `place`, which is no longer the member's or never was, so that the line does not wait for it.
    async fn end_place(
        &self,
        performance: &Performance,
        member: &MemberId,
        place: LinePosition,
        now: Timestamp,
    ) -> Result<()> {
        let id = &performance.performance_id;
        let mut room = self.room(id, now).await?;
        if !room.has_served(place) {
            // It may have been called since the copy was read, and claimed through another process.
            room = self.fresh_room(id, now).await?;
        }
        let position = place.position(room.shards);
        if room.has_served(place) {
            return self.end_admission(id, member, position, now).await;
        }
        let left = item_of(keys::left(id, position), "left", &LeftItem {});
        self.write_always(Write::put(with_ttl(left, kept_until(performance)))).await?;
        // A turn that had looked before may be calling the place. Either it finds the mark when it looks again, or the
        // admission is found here. No turn is that far ahead of the room that was read above.
        if room.is_far(place) || self.admission_state(id, position).await?.is_none() {
            return Ok(());
        }
        self.end_admission(id, member, position, now).await
    }

    /// The place that the member had, or had already given up: in that case the steps that follow may not have
    /// completed.
    async fn give_up_place(&self, id: &PerformanceId, member: &MemberId) -> Result<Option<LinePosition>> {
        let write = Write::update(keys::place(id, member), "SET #given_up = #i, #i = :zero")
            .when(&PLACE_IS_HELD)
            .value("zero", 0);
        let item = self.write(write).await?.map_or_else(|found| found, Some);
        Ok(PlaceItem::read(item)?.given_up())
    }

    /// Deletes the member's admission, in one transaction with the release of their live hold, if any; or what
    /// remembers that they missed the call. The place was given up before, so they cannot come back in between.
    async fn end_admission(&self, id: &PerformanceId, member: &MemberId, position: u64, now: Timestamp) -> Result<()> {
        let mut hold_until = now;
        let mut stake = Stake::default();
        for _ in 0..LINE_RETRIES {
            let delete = Write::delete(keys::admission(id, position))
                .when(&ADMISSION_WITHOUT_HOLD)
                .value("hold_until", hold_until);
            match stake.live_hold(now) {
                Some(hold) => {
                    if self.free_hold(member, hold, stake.forgiven_at(now), Some(delete)).await? == Freed::Hold {
                        return Ok(());
                    }
                }
                None => match self.write(delete).await? {
                    Ok(before) if before.is_empty() => {
                        return self.write_always(Write::delete(keys::missed(id, position))).await;
                    }
                    // An admission is never missed as well.
                    Ok(_) => return Ok(()),
                    Err(_) => {}
                },
            }
            // Read before the stake: a hold taken in between moves the admission's end past the one seen here.
            hold_until = match self.admission_state(id, position).await? {
                Some(AdmissionState::Active { hold_until, .. }) => hold_until.max(now),
                _ => now,
            };
            stake = read_stake(self.get(&keys::stake(member, id), Consistency::Strong).await?)?;
        }
        Err(Error::Busy)
    }

    /// The admission of a position, if it has one.
    pub(super) async fn admission_state(&self, id: &PerformanceId, position: u64) -> Result<Option<AdmissionState>> {
        let item = self.get(&keys::admission(id, position), Consistency::Strong).await?;
        Ok(item.map(AdmissionAt::read).transpose()?.map(|found| found.state))
    }
}

/// The attributes of a line that remember a recent draw: the drawer and the index drawn.
fn recent_draw(slot: u8) -> [String; 2] {
    [format!("d{slot}"), format!("x{slot}")]
}

/// Stores `place` as the member's place, if it is unchanged since it was `seen`.
fn take_place(performance: &Performance, member: &MemberId, place: LinePosition, seen: PlaceItem) -> Write {
    let update = "SET #s = :s, #i = :i, #entity = :entity, #ttl = :ttl ADD #draws :one";
    Write::update(keys::place(&performance.performance_id, member), update)
        .when(&PLACE_UNCHANGED)
        .value("s", place.shard)
        .value("i", place.index)
        .value("seen_draws", seen.draws)
        .value("entity", "place")
        .value("ttl", kept_until(performance).ttl_seconds())
        .value("one", 1)
}

/// Not counted from the end of the sale, which can be postponed while members wait in line.
fn kept_until(performance: &Performance) -> Timestamp {
    performance.starts_at.plus_seconds(STAKE_KEPT_SECONDS)
}
