//! Waiting rooms. This module has the room and its cached copy; `line` joins and leaves, `admissions` claims, `missed`
//! remembers members who missed their call, and `turnstile` turns the turnstile.

mod admissions;
mod line;
mod missed;
mod turnstile;

pub use admissions::RoomView;
pub use line::Joined;
pub use turnstile::{Crowd, PolledRoom};

use crate::{
    Store,
    conditions::ROOM_EXISTS,
    db::Consistency,
    keys::{self, Item, attribute, from_item, item_of},
    write::Write,
};
use admissions::AdmissionAt;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::PerformanceId,
    waiting_room::{Room, policy::WaitingRoomPolicy},
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

/// A number attribute of a line: its counter, or a drawn index.
fn counter(line: &Item, name: &str) -> Result<u64> {
    let value = line.get(name).and_then(|n| n.as_n().ok()).and_then(|n| n.parse().ok());
    value.ok_or_else(|| Error::internal("read a counter", "not a number"))
}
