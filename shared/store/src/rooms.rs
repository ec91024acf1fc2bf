//! Waiting rooms: the room and its copy here, joining and leaving in `line`, claiming in `admissions`, the turnstile in
//! `turnstile`.

use crate::{
    Store,
    conditions::{ADMISSION_IS_LIVE, ADMISSION_IS_MINE},
    db::Consistency,
    keys::{self, from_item, item_of},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::PerformanceId,
    performance::WaitingRoomPolicy,
    waiting_room::{Admission, Room},
};
use std::sync::Arc;

/// A new performance's waiting room, for the transaction that makes the performance. Lines and places come with the first
/// who join.
pub(crate) fn new_room(performance: &PerformanceId, policy: WaitingRoomPolicy, stripes: u32) -> Vec<Write> {
    vec![Write::put(item_of(keys::room(performance), "room", &Room::new(policy, stripes)))]
}

impl Store {
    /// The room, at most a second old; `serving` never goes back.
    ///
    /// # Errors
    /// [`Error::NoWaitingRoom`].
    pub async fn room(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Room>> {
        self.copies.rooms.get(id, now, |before| self.read_room(id, before)).await
    }

    async fn read_room(&self, id: &PerformanceId, before: Option<Arc<Room>>) -> Result<Room> {
        // The first copy must see a room that was made a moment ago.
        let consistency = if before.is_some() { Consistency::Eventual } else { Consistency::Strong };
        let item = self.get(&keys::room(id), consistency).await?.ok_or(Error::NoWaitingRoom)?;
        Ok(from_item::<Room>(item)?.not_behind(before.as_deref()))
    }
}

/// HOLD's part in its transaction: the admission lives at least as long as the hold.
pub(crate) fn extend_admission(admission: &Admission, hold_until: Timestamp, now: Timestamp) -> Write {
    Write::update(keys::admission(&admission.performance_id, admission.position), "SET #hold_until = :hold_until")
        .when(&ADMISSION_IS_LIVE)
        .value("hold_until", hold_until)
        .value("active", "active")
        .value("member", admission.member_id.to_string())
        .value("now", now)
}

/// PAY's part in its transaction: the place inside is free for the next.
pub(crate) fn spend_admission(admission: &Admission) -> Write {
    Write::delete(keys::admission(&admission.performance_id, admission.position))
        .when(&ADMISSION_IS_MINE)
        .value("active", "active")
        .value("member", admission.member_id.to_string())
}
