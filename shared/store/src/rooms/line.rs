//! Joining and leaving the line.

use super::AdmissionAt;
use crate::{
    Store,
    conditions::{ADMISSION_WITHOUT_HOLD, PLACE_IS_HELD, PLACE_UNCHANGED},
    db::{Consistency, Refused},
    holds::{Freed, read_stake},
    keys::{self, Item, from_item, item_of, with_ttl},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, PerformanceId},
    limits::{DRAWS_MAX, LINE_RETRIES, STAKE_KEPT_SECONDS},
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
        let key = keys::place(id, member);
        let mut seen = PlaceItem::read(self.get(&key, Consistency::Eventual).await?)?;
        if let Some(kept) = self.kept_or_too_many(performance, member, seen, room, now).await? {
            return Ok(kept);
        }
        let place = self.draw(id, room.stripes).await?;
        for _ in 0..LINE_RETRIES {
            let update = "SET #s = :s, #i = :i, #entity = :entity, #ttl = :ttl ADD #draws :one";
            let write = Write::update(key.clone(), update)
                .when(&PLACE_UNCHANGED)
                .value("s", place.stripe)
                .value("i", place.index)
                .value("seen_draws", seen.draws)
                .value("entity", "place")
                .value("ttl", kept_until(performance).ttl_seconds())
                .value("one", 1);
            seen = match self.write(write).await {
                Ok(_) => return Ok(Joined::New(place)),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(mut images)) => PlaceItem::read(images.pop().flatten())?,
            };
            // This very write was done, and its answer lost.
            if seen.place() == Some(place) {
                return Ok(Joined::New(place));
            }
            // It was done, and given up since.
            if seen.given_up() == Some(place) {
                return Err(Error::Busy);
            }
            let kept = self.kept_or_too_many(performance, member, seen, room, now).await;
            if let Some(told) = kept.transpose() {
                self.end_drawn(performance, member, place, now).await;
                return told;
            }
        }
        self.end_drawn(performance, member, place, now).await;
        Err(Error::Busy)
    }

    /// He joined twice at once, and stands elsewhere: nobody stands at `place`, which was drawn, and nobody shall wait for it.
    async fn end_drawn(&self, performance: &Performance, member: &MemberId, place: Place, now: Timestamp) {
        if let Err(error) = self.end_place(performance, member, place, now).await {
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
            Some(state) => state.live_end_for(member, now).map(|end| Joined::Inside(place, end)),
            None => None,
        })
    }

    /// The next index of a stripe. Sent once: a lost answer leaves a place without an owner, which ends unclaimed.
    async fn draw(&self, id: &PerformanceId, stripes: u32) -> Result<Place> {
        let stripe = self.copies.next_stripe(id, stripes, self.entropy.fraction);
        let write = Write::update(keys::line(id, stripe), "SET #entity = :entity ADD #n :one")
            .value("entity", "line")
            .value("one", 1);
        match self.write_once(write).await {
            Ok(item) => Ok(Place { stripe, index: super::counter(&item)? }),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Err(Error::internal("draw a place", "it has no condition")),
        }
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
        let mut hold = None;
        for _ in 0..LINE_RETRIES {
            let delete = Write::delete(keys::admission(id, position))
                .when(&ADMISSION_WITHOUT_HOLD)
                .value("hold_until", hold_until);
            match &hold {
                Some(hold) => {
                    if self.free_hold(member, hold, Some(delete)).await? == Freed::Hold {
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
            let stake = read_stake(self.get(&keys::stake(member, id), Consistency::Strong).await?)?;
            hold = stake.live_hold(now).cloned();
        }
        Err(Error::Busy)
    }

    /// The admission of a position, if it has one.
    pub(super) async fn admission_state(&self, id: &PerformanceId, position: u64) -> Result<Option<AdmissionState>> {
        let item = self.get(&keys::admission(id, position), Consistency::Strong).await?;
        Ok(item.map(AdmissionAt::read).transpose()?.map(|found| found.state))
    }
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
