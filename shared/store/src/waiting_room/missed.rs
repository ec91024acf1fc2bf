//! Members who missed their call. A turn takes their place back and remembers it; their next poll or join brings them
//! back, and a turn calls them again. In between they use no place inside. Only a turn calls, under its lease, so that
//! this does not affect how many are inside.

use super::AdmissionAt;
use crate::{
    Store,
    conditions::{
        ADMISSION_RETURNED, ADMISSION_UNANSWERED, ADMISSION_UNEXTENDED, MISSED_REMEMBERED, NOT_YET_ADMITTED,
        PLACE_IS_MINE,
    },
    keys::{self, item_of, with_ttl},
    limits::{MISSED_KEPT_SECONDS, TURN_MAX_LAPSES, TURN_WRITES_AT_ONCE},
    write::Write,
};
use frontrow_domain::{
    Result, Timestamp,
    ids::{MemberId, PerformanceId},
    limits::RECALL_SECONDS,
    waiting_room::{AdmissionState, LinePosition, Room},
};
use futures_util::future::join_all;
use serde::Serialize;

#[derive(Serialize)]
struct MissedItem {}

impl Store {
    /// Takes back expired admissions unless they were claimed, called again or prolonged since they were read. Returns
    /// the others: all but the ones that are certainly gone.
    pub(super) async fn take_back_lapsed(
        &self,
        id: &PerformanceId,
        room: &Room,
        found: Vec<AdmissionAt>,
        now: Timestamp,
    ) -> Vec<AdmissionAt> {
        let is_over = |admission: &AdmissionAt| {
            // Called by a turn that died before it was recorded: the next turn adopts it. Taken back, a turn with an old
            // copy of the room could delete what another one has called since.
            let is_recorded = room.has_served(LinePosition::at(admission.position, room.shards));
            admission.state.has_lapsed(now)
                && (is_recorded || !matches!(admission.state, AdmissionState::Granted { .. }))
        };
        let (lapsed, mut kept): (Vec<_>, Vec<_>) = found.into_iter().partition(is_over);
        let (lapsed, later) = lapsed.split_at(lapsed.len().min(TURN_MAX_LAPSES));
        kept.extend_from_slice(later);
        for batch in lapsed.chunks(TURN_WRITES_AT_ONCE) {
            let gone = join_all(batch.iter().map(|admission| self.take_back(id, admission, now))).await;
            kept.extend(batch.iter().zip(gone).filter(|(_, gone)| !gone).map(|(admission, _)| *admission));
        }
        kept
    }

    /// Whether the admission is certainly gone.
    async fn take_back(&self, id: &PerformanceId, admission: &AdmissionAt, now: Timestamp) -> bool {
        let key = keys::admission(id, admission.position);
        let delete = Write::delete(key.clone());
        let delete = match admission.state {
            AdmissionState::Granted { claim_until } => {
                let delete = delete.when(&ADMISSION_UNANSWERED).value("granted", "granted");
                let delete = delete.value("claim_until_read", claim_until);
                let item = item_of(keys::missed(id, admission.position), "missed", &MissedItem {});
                let missed = Write::put(with_ttl(item, now.plus_seconds(MISSED_KEPT_SECONDS)));
                return match self.transact(vec![delete, missed]).await {
                    Ok(Ok(())) => true,
                    Ok(Err(refusal)) => refusal.image(&key).is_some_and(|image| image.is_empty()),
                    Err(_) => false,
                };
            }
            AdmissionState::Active { hold_until, .. } | AdmissionState::Parked { hold_until, .. } => {
                delete.when(&ADMISSION_UNEXTENDED).value("hold_until", hold_until)
            }
            AdmissionState::Returned { .. } => return false,
        };
        matches!(self.write(delete).await, Ok(Ok(_) | Err(None)))
    }

    /// RETURN: brings a member back whose called place has no admission, if they missed the call. Returns the state of
    /// the place afterwards, which a concurrent call may have changed before; `None` if it was spent or given up, or
    /// has expired.
    pub(super) async fn return_to_line(
        &self,
        id: &PerformanceId,
        member: &MemberId,
        room: &Room,
        place: LinePosition,
        now: Timestamp,
    ) -> Result<Option<AdmissionState>> {
        let position = place.position(room.shards);
        let (key, state) = (keys::admission(id, position), AdmissionState::Returned { member: *member });
        let returned = with_ttl(item_of(key.clone(), "admission", &state), now.plus_seconds(MISSED_KEPT_SECONDS));
        let mine = Write::update(keys::place(id, member), "SET #i = :index")
            .when(&PLACE_IS_MINE)
            .value("index", place.index)
            .value("shard", place.shard);
        let writes = vec![
            Write::delete(keys::missed(id, position)).when(&MISSED_REMEMBERED),
            Write::put(returned).when(&NOT_YET_ADMITTED),
            mine,
        ];
        match self.transact(writes).await? {
            Ok(()) => Ok(Some(state)),
            Err(refusal) => {
                let found = refusal.image(&key).filter(|image| !image.is_empty());
                Ok(found.map(AdmissionAt::read).transpose()?.map(|found| found.state))
            }
        }
    }
}

/// Calls a place again whose owner came back.
pub(super) fn recall(id: &PerformanceId, position: u64, now: Timestamp) -> Write {
    Write::update(keys::admission(id, position), "SET #state = :granted, #claim_until = :claim_until")
        .when(&ADMISSION_RETURNED)
        .value("returned", "returned")
        .value("granted", "granted")
        .value("claim_until", now.plus_seconds(RECALL_SECONDS))
}
