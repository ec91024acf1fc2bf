//! Waiting rooms. This module has the room and its cached copy; `line` joins and leaves, `admissions` claims, and
//! `turnstile` turns the turnstile.

mod admissions;
mod line;
mod turnstile;

pub use admissions::RoomView;
pub use line::Joined;
pub use turnstile::{Crowd, PolledRoom};

use crate::{
    Store,
    conditions::{ADMISSION_IS_LIVE, ADMISSION_IS_MINE, ADMISSION_IS_PARKED, ADMISSION_PROLONGED, ROOM_EXISTS},
    db::{Consistency, Refusal},
    keys::{self, Item, Key, attribute, from_item, item_of},
    write::Write,
};
use admissions::AdmissionAt;
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Hold,
    ids::PerformanceId,
    waiting_room::{Admission, Room, policy::WaitingRoomPolicy},
};
use std::sync::Arc;

/// The waiting room of a new performance, for the transaction that creates the performance. Lines and places are
/// created by the first joins.
pub(crate) fn new_room(performance: &PerformanceId, policy: WaitingRoomPolicy, shards: u32) -> Vec<Write> {
    vec![Write::put(item_of(keys::room(performance), "room", &Room::new(policy, shards)))]
}

impl Store {
    /// The room, at most a second old. `serving` never goes back.
    ///
    /// # Errors
    /// [`Error::NoWaitingRoom`].
    pub async fn room(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Room>> {
        self.caches.rooms.get(id, now, |before| self.read_room(id, before)).await
    }

    /// The room as it is now. It replaces this process's copy.
    pub(crate) async fn fresh_room(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Room>> {
        let item = self.get(&keys::room(id), Consistency::Strong).await?.ok_or(Error::NoWaitingRoom)?;
        let room: Room = from_item(item)?;
        Ok(self.caches.rooms.put(id, now, |before| room.not_behind(before)).await)
    }

    /// POLICY: the room admits members by `policy` from now on. Admitted members stay.
    ///
    /// # Errors
    /// [`Error::NoWaitingRoom`].
    pub async fn replace_policy(&self, id: &PerformanceId, policy: &WaitingRoomPolicy, now: Timestamp) -> Result<()> {
        let write = Write::update(keys::room(id), "SET #policy = :policy")
            .when(&ROOM_EXISTS)
            .value("policy", attribute(policy));
        let room: Room = from_item(self.write(write).await?.map_err(|_| Error::NoWaitingRoom)?)?;
        self.caches.rooms.put(id, now, |before| room.not_behind(before)).await;
        Ok(())
    }

    async fn read_room(&self, id: &PerformanceId, before: Option<Arc<Room>>) -> Result<Room> {
        let item = self.get_known(&keys::room(id)).await?.ok_or(Error::NoWaitingRoom)?;
        Ok(from_item::<Room>(item)?.not_behind(before.as_deref()))
    }
}

fn key(admission: &Admission) -> Key {
    keys::admission(&admission.performance_id, admission.position)
}

/// Checks that the transaction that uses `admission` was not refused because of it.
///
/// # Errors
/// [`Error::QueueTokenExpired`].
pub(crate) fn check_admission(admission: Option<&Admission>, refusal: &Refusal) -> Result<()> {
    let is_over = admission.is_some_and(|admission| refusal.is_of(&key(admission)));
    if is_over { Err(Error::QueueTokenExpired) } else { Ok(()) }
}

/// HOLD's part of its transaction: the admission lives at least as long as the hold.
pub(crate) fn extend_admission(admission: &Admission, hold_until: Timestamp, now: Timestamp) -> Write {
    Write::update(key(admission), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_LIVE)
        .value("hold_until", hold_until)
        .value("member", admission.member_id.to_string())
        .value("now", now)
}

/// A prolonged hold's part of its transaction: the admission, which may live only because of the hold, lives as long
/// as it.
pub(crate) fn keep_admission(admission: &Admission, hold_until: Timestamp) -> Write {
    Write::update(key(admission), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_MINE)
        .value("hold_until", hold_until)
        .value("member", admission.member_id.to_string())
}

/// RELEASE's part of its transaction: the admission no longer lives because of the hold.
pub(crate) fn shorten_admission(hold: &Hold, position: u64) -> Write {
    Write::update(keys::admission(hold.performance_id(), position), "SET #hold_until = :zero")
        .when(&ADMISSION_PROLONGED)
        .value("given", hold.expires_at)
        .value("zero", 0)
}

/// PAY's part of its transaction: frees the place inside for the next member.
pub(crate) fn spend_admission(admission: &Admission) -> Write {
    Write::delete(key(admission)).when(&ADMISSION_IS_MINE).value("member", admission.member_id.to_string())
}

/// A card payment's part of its transaction: the admission can book nothing more, but still uses its place inside, so
/// that it can come back if the card is declined.
pub(crate) fn park_admission(admission: &Admission, until: Timestamp) -> Write {
    let update = "SET #state = :parked, #hold_until = :zero, #parked_until = :until";
    Write::update(key(admission), update)
        .when(&ADMISSION_IS_MINE)
        .value("parked", "parked")
        .value("zero", 0)
        .value("until", until)
        .value("member", admission.member_id.to_string())
}

/// A declined payment's part of its transaction: the admission parked for it lives with the returned hold.
pub(crate) fn return_admission(hold: &Hold, position: u64) -> Write {
    let update = "SET #state = :active, #hold_until = :hold_until REMOVE #parked_until";
    Write::update(keys::admission(hold.performance_id(), position), update)
        .when(&ADMISSION_IS_PARKED)
        .value("parked", "parked")
        .value("active", "active")
        .value("hold_until", hold.expires_at)
}

/// Any other end of a card payment: frees the place inside for the next member. It needs no condition: while the
/// purchase is pending, the admission is parked for it or gone, and no position is admitted twice.
pub(crate) fn end_parked(performance: &PerformanceId, position: u64) -> Write {
    Write::delete(keys::admission(performance, position))
}

/// A number attribute of a line: its counter, or a drawn index.
fn counter(line: &Item, name: &str) -> Result<u64> {
    let value = line.get(name).and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok());
    value.ok_or_else(|| Error::internal("read a counter", "not a number"))
}
