//! Joining and leaving the line.

use super::AdmissionAt;
use crate::{
    Store,
    conditions::{ADMISSION_WITHOUT_HOLD, DRAWN_ONCE, PLACE_IS_HELD, PLACE_UNCHANGED},
    db::{Consistency, Refused},
    holds::{Freed, read_stake},
    keys::{self, Item, from_item, item_of, with_ttl},
    write::Write,
};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Stake,
    ids::{MemberId, PerformanceId},
    limits::{DRAWS_MAX, DRAWS_REMEMBERED, LINE_RETRIES, STAKE_KEPT_SECONDS},
    performance::Performance,
    waiting_room::{AdmissionState, Place, Room},
};
use serde::{Deserialize, Serialize};

/// What joining came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// A new place at the end.
    New(Place),
    /// The place he has had, waiting or called.
    Waiting(Place),
    /// He is inside, until that moment.
    Inside(Place, Timestamp),
}

/// A member's place as stored; `i` is 0 where there is none.
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
        item.filter(|item| !item.is_empty()).map_or_else(|| Ok(Self::default()), from_item)
    }

    fn place(self) -> Option<Place> {
        (self.i > 0).then_some(Place { stripe: self.s, index: self.i })
    }

    fn given_up(self) -> Option<Place> {
        (self.given_up > 0).then_some(Place { stripe: self.s, index: self.given_up })
    }
}

/// A place that was drawn for a member: by this very call, or by one of theirs before it that saw the same.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    place: Place,
    by_this_call: bool,
}

#[derive(Serialize)]
struct LeftItem {}

impl Store {
    /// JOIN: the member's place in line; a new one at the end where he has none, or where it was spent, given up or left
    /// unclaimed.
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
        let mut drawn = self.draw(id, room.stripes, member, seen.draws).await?;
        for _ in 0..LINE_RETRIES {
            let place = drawn.place;
            match self.write(take_place(performance, member, place, seen)).await {
                Ok(_) if drawn.by_this_call || !room.has_served(place) => return Ok(Joined::New(place)),
                // Drawn before, by a call that nobody heard of: the place may be over by now.
                Ok(item) => seen = PlaceItem::read(Some(item))?,
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(mut images)) => {
                    seen = PlaceItem::read(images.pop().flatten())?;
                    // This very write was done, and its answer lost.
                    if drawn.by_this_call && seen.place() == Some(place) {
                        return Ok(Joined::New(place));
                    }
                    // It was done, and given up since.
                    if drawn.by_this_call && seen.given_up() == Some(place) {
                        return Err(Error::Busy);
                    }
                }
            }
            let kept = self.kept_or_too_many(performance, member, seen, room, now).await;
            if let Some(told) = kept.transpose() {
                self.end_lost_draw(performance, member, drawn, seen, now).await;
                return told;
            }
            if !drawn.by_this_call {
                drawn = self.draw(id, room.stripes, member, seen.draws).await?;
            }
        }
        self.end_lost_draw(performance, member, drawn, seen, now).await;
        Err(Error::Busy)
    }

    /// The member joined twice at once, and stands elsewhere: nobody stands at the place that was `drawn`, and nobody shall wait
    /// for it. It counts as one of their draws.
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
        if let Err(refused) = self.write(count.value("zero", 0).value("one", 1)).await {
            tracing::warn!(?refused, "a lost draw is not counted");
        }
        if let Err(error) = self.end_place(performance, member, drawn.place, now).await {
            tracing::warn!(%error, "a place without an owner ends unclaimed");
        }
    }

    /// The place that was `seen`, if it still is one; `None` where he may have another.
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

    /// The place that was `seen`, if it still is one.
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
        let state = self.admission_state(id, place.position(room.stripes)).await?;
        Ok(match state {
            Some(granted @ AdmissionState::Granted { .. }) if !granted.has_lapsed(now) => Some(Joined::Waiting(place)),
            // Not lost before its payment is decided: a declined card brings it back.
            Some(state) if state.is_parked_for(member) => Some(Joined::Waiting(place)),
            Some(state) => state.live_end_for(member, now).map(|end| Joined::Inside(place, end)),
            None => None,
        })
    }

    /// The next index of a stripe for a member who has drawn so many times. The stripe remembers who drew of late, and what: the
    /// same draw again, at the same time or after a lost answer, is the same place.
    async fn draw(&self, id: &PerformanceId, stripes: u32, member: &MemberId, draws: u32) -> Result<Drawn> {
        let stripe = self.copies.next_stripe(id, stripes, self.entropy.fraction);
        let drawer = [&member.0.as_bytes()[..], &draws.to_be_bytes()].concat();
        let [drawer_name, index_name] = recent_draw(member.0.as_bytes()[15] % DRAWS_REMEMBERED);
        let update = "SET #entity = :entity, #n = if_not_exists(#n, :zero) + :one, \
                      #drawer = :drawer, #drawn = if_not_exists(#n, :zero) + :one";
        let write = Write::update(keys::line(id, stripe), update)
            .when(&DRAWN_ONCE)
            .naming("drawer", &drawer_name)
            .naming("drawn", &index_name)
            .value("entity", "line")
            .value("drawer", AttributeValue::B(Blob::new(drawer)))
            .value("zero", 0)
            .value("one", 1);
        let (index, by_this_call) = match self.write(write).await {
            Ok(item) => (super::counter(&item, "n")?, true),
            Err(Refused::Failed(error)) => return Err(error),
            Err(Refused::Conditions(mut images)) => {
                (super::counter(&images.pop().flatten().unwrap_or_default(), &index_name)?, false)
            }
        };
        Ok(Drawn { place: Place { stripe, index }, by_this_call })
    }

    /// LEAVE: the place is given up; if it was called, its admission ends together with a live hold. Without a place
    /// there is nothing to do.
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

    /// Nobody waits for `place`, which is no longer the member's, or never was.
    async fn end_place(
        &self,
        performance: &Performance,
        member: &MemberId,
        place: Place,
        now: Timestamp,
    ) -> Result<()> {
        let id = &performance.performance_id;
        let mut room = self.room(id, now).await?;
        if !room.has_served(place) {
            // He may have been called since the copy was made, and have claimed elsewhere.
            room = self.fresh_room(id, now).await?;
        }
        let position = place.position(room.stripes);
        if room.has_served(place) {
            return self.end_admission(id, member, position, now).await;
        }
        let left = item_of(keys::left(id, position), "left", &LeftItem {});
        self.write(Write::put(with_ttl(left, kept_until(performance)))).await.map(drop).map_err(no_condition)
    }

    /// The place that the member had, or has given up before: then what follows may not have been done.
    async fn give_up_place(&self, id: &PerformanceId, member: &MemberId) -> Result<Option<Place>> {
        let write = Write::update(keys::place(id, member), "SET #given_up = #i, #i = :zero")
            .when(&PLACE_IS_HELD)
            .value("zero", 0);
        let item = match self.write(write).await {
            Ok(item) => Some(item),
            Err(Refused::Failed(error)) => return Err(error),
            Err(Refused::Conditions(mut images)) => images.pop().flatten(),
        };
        Ok(PlaceItem::read(item)?.given_up())
    }

    /// Deletes the member's admission, in one transaction with the release of his live hold if he has one.
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
                None => match self.write(delete).await {
                    Ok(_) => return Ok(()),
                    Err(Refused::Failed(error)) => return Err(error),
                    Err(Refused::Conditions(_)) => {}
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

/// The attributes of a line that remember one of its last draws: whose it was, and what it drew.
fn recent_draw(slot: u8) -> [String; 2] {
    [format!("d{slot}"), format!("x{slot}")]
}

/// PLACE becomes `place`, if it still is as it was `seen`.
fn take_place(performance: &Performance, member: &MemberId, place: Place, seen: PlaceItem) -> Write {
    let update = "SET #s = :s, #i = :i, #entity = :entity, #ttl = :ttl ADD #draws :one";
    Write::update(keys::place(&performance.performance_id, member), update)
        .when(&PLACE_UNCHANGED)
        .value("s", place.stripe)
        .value("i", place.index)
        .value("seen_draws", seen.draws)
        .value("entity", "place")
        .value("ttl", kept_until(performance).ttl_seconds())
        .value("one", 1)
}

/// Not counted from the end of the sale, which can be put off while people stand in line.
fn kept_until(performance: &Performance) -> Timestamp {
    performance.starts_at.plus_seconds(STAKE_KEPT_SECONDS)
}

fn no_condition(refused: Refused) -> Error {
    match refused {
        Refused::Failed(error) => error,
        Refused::Conditions(_) => Error::internal("give up a place", "it has no condition"),
    }
}
