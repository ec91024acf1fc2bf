//! The turnstile: turned by the first who asks in each second and is not far from being let in, under a lease, so that
//! only one inserts admissions.
//!
//! A turn that dies after any step does no harm: its lease ends, what it let in is adopted, what it took back stays so.

use super::AdmissionAt;
use crate::{
    Store,
    conditions::{ADMISSION_UNCLAIMED, ADMISSION_UNEXTENDED, NOT_YET_ADMITTED, TURN_IS_MINE, TURNSTILE_IS_FREE},
    db::Refused,
    keys::{self, attribute, from_item, item_of, with_ttl},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::PerformanceId,
    limits::{
        CLAIM_SECONDS, COPY_MAX_AGE_MILLIS, FAR_COPY_MAX_AGE_MILLIS, RETRY_ATTEMPTS, ROOM_KEPT_SECONDS,
        TICK_GRANTING_MILLIS, TICK_LEASE_MARGIN_SECONDS, TICK_LEASE_SECONDS, TICK_MAX_LAPSES, TICK_MAX_MILLIS,
        TICK_WRITES_AT_ONCE,
    },
    waiting_room::{
        AdmissionState, Place, Room,
        turn::{Found, Plan, Step},
    },
};
use futures_util::future::join_all;
use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// A waiting room as a poll sees it.
#[derive(Debug, Clone)]
pub struct PolledRoom {
    /// The room.
    pub room: Arc<Room>,
    /// Who was there, where this very poll turned the turnstile.
    pub crowd: Option<Crowd>,
}

/// Who is there after a turn of the turnstile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Places that are not called yet; given-up ones too, until the line passes them.
    pub waiting: u64,
    /// Admissions that use a place inside.
    pub active: u64,
}

/// What a turn counted before it let anybody in.
struct Counted {
    drawn: u64,
    live: u64,
}

impl Counted {
    /// Who is there after `plan`, of which `failed` could not be done, made the room `turned`.
    fn after(&self, turned: &Room, plan: &Plan, failed: &HashSet<Place>) -> Crowd {
        let granted = plan.0.iter().filter(|(place, step)| *step == Step::Grant && !failed.contains(place)).count();
        let waiting = self.drawn.saturating_sub(turned.serving.iter().sum());
        Crowd { waiting, active: self.live + granted as u64 }
    }
}

/// A turn in progress: whose, since when, and how long it may go on letting in.
struct Turn<'a> {
    owner: String,
    now: Timestamp,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    started: Instant,
}

impl Turn<'_> {
    /// Whether the turnstile is surely still this turn's. Asked before every insert, because an insert by a turn that
    /// was taken for dead could bring a finished admission back.
    fn may_let_in(&self) -> bool {
        let lease_until = self.now.plus_seconds(TICK_LEASE_SECONDS - TICK_LEASE_MARGIN_SECONDS);
        self.started.elapsed() < Duration::from_millis(TICK_GRANTING_MILLIS) && (self.clock)() < lease_until
    }
}

impl Store {
    /// POLL's room for who has `place`: at most a second old, as in [`Store::room`], or five where he is far from being let in. Who
    /// refreshes it turns the turnstile, if it is due. `clock` tells the time while that goes on.
    ///
    /// # Errors
    /// [`frontrow_domain::Error::NoWaitingRoom`]. A turn that fails is not the caller's failure.
    pub async fn turned_room(
        &self,
        id: &PerformanceId,
        place: Place,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Result<PolledRoom> {
        let max_age = |room: &Room| if room.is_far(place) { FAR_COPY_MAX_AGE_MILLIS } else { COPY_MAX_AGE_MILLIS };
        let counted = OnceLock::new();
        let tell = &counted;
        let room = self.copies.polled_rooms.get_within(id, now, max_age, |before| async move {
            let mut room = self.read_room(id, before).await?;
            if room.is_due(now)
                && let Some((turned, crowd)) = self.turn_in_time(id, now, clock).await
            {
                room = turned.not_behind(Some(&room));
                tell.get_or_init(|| crowd);
            }
            self.copies.rooms.put(id, now, |before| room.clone().not_behind(before)).await;
            Ok(room)
        });
        Ok(PolledRoom { room: room.await?, crowd: counted.into_inner().flatten() })
    }

    /// The room after a turn, and who is there then, if that was counted; `None` where the turn came to nothing.
    async fn turn_in_time(
        &self,
        id: &PerformanceId,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Option<(Room, Option<Crowd>)> {
        let turn = tokio::time::timeout(Duration::from_millis(TICK_MAX_MILLIS), self.turn(id, now, clock));
        match turn.await {
            Ok(Ok(turned)) => return turned,
            Ok(Err(error)) => tracing::warn!(%error, performance = %id, "a turn of the turnstile failed"),
            Err(_) => tracing::warn!(performance = %id, "a turn of the turnstile took too long"),
        }
        None
    }

    /// One turn; `None` where somebody else has it.
    async fn turn(
        &self,
        id: &PerformanceId,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Result<Option<(Room, Option<Crowd>)>> {
        let turn = Turn { owner: (self.entropy.uuid)().to_string(), now, clock, started: Instant::now() };
        let Some(room) = self.take_turn(id, &turn).await? else { return Ok(None) };
        let (plan, failed, counted) = match self.let_in(id, &room, &turn).await {
            Ok((plan, failed, counted)) => (plan, failed, Some(counted)),
            Err(error) => {
                tracing::warn!(%error, performance = %id, "nobody could be let in");
                Default::default()
            }
        };
        let turned = self.end_turn(id, &turn, &room, &plan, &failed).await?;
        Ok(turned.map(|turned| {
            let crowd = counted.map(|counted| counted.after(&turned, &plan, &failed));
            (turned, crowd)
        }))
    }

    async fn take_turn(&self, id: &PerformanceId, turn: &Turn<'_>) -> Result<Option<Room>> {
        let write = Write::update(keys::room(id), "SET #owner = :owner, #lease_until = :lease_until")
            .when(&TURNSTILE_IS_FREE)
            .value("owner", turn.owner.as_str())
            .value("lease_until", turn.now.plus_seconds(TICK_LEASE_SECONDS))
            .value("now", turn.now);
        match self.write(write).await {
            Ok(item) => from_item(item).map(Some),
            Err(Refused::Failed(error)) => Err(error),
            // Mine, where this very write was done and its answer lost.
            Err(Refused::Conditions(images)) => {
                let image = images.into_iter().flatten().find(|image| !image.is_empty());
                let room: Option<Room> = image.map(from_item).transpose()?;
                Ok(room.filter(|room| room.owner == turn.owner))
            }
        }
    }

    /// Steps 2 to 4: counts who is inside, takes back what lapsed, lets in whom the policy allows. Answers what was
    /// planned, which of it could not be done, and what was counted.
    async fn let_in(
        &self,
        id: &PerformanceId,
        room: &Room,
        turn: &Turn<'_>,
    ) -> Result<(Plan, HashSet<Place>, Counted)> {
        let now = turn.now;
        let (inside, drawn, listing) =
            tokio::join!(self.admissions(id), self.drawn(id, room.stripes), self.listing(id, now));
        let inside = self.take_back_lapsed(id, inside?, now).await;
        let admitted: HashSet<u64> = inside.iter().map(|admission| admission.position).collect();
        let (live, drawn) = (inside.len() as u64, drawn?);
        let performance = &listing?.performance;
        let open = performance.has_waiting_room && performance.check_on_sale(now).is_ok();

        let mut candidates = room.candidates(&drawn);
        let unserved = |place: &Place| admitted.contains(&place.position(room.stripes));
        if room.policy.paused
            || !open
            || room.allowance(now) == 0
            || (room.free(live) == 0 && !candidates.iter().any(unserved))
        {
            candidates.clear();
        }
        let positions: Vec<u64> = candidates.iter().map(|place| place.position(room.stripes)).collect();
        let left = self.left_among(id, &positions).await?;
        let plan = room.plan(&candidates, Found { admitted: &admitted, left: &left, live }, now);
        let failed = self.carry_out(id, room, &plan, turn).await;
        Ok((plan, failed, Counted { drawn: drawn.iter().sum(), live }))
    }

    /// Deletes what lapsed, unless it was claimed or prolonged since it was read. Answers what still uses a place: only
    /// what is surely gone does not.
    async fn take_back_lapsed(&self, id: &PerformanceId, inside: Vec<AdmissionAt>, now: Timestamp) -> Vec<AdmissionAt> {
        let (lapsed, mut live): (Vec<_>, Vec<_>) =
            inside.into_iter().partition(|admission| admission.state.has_lapsed(now));
        let (lapsed, later) = lapsed.split_at(lapsed.len().min(TICK_MAX_LAPSES));
        live.extend_from_slice(later);
        for batch in lapsed.chunks(TICK_WRITES_AT_ONCE) {
            let gone = join_all(batch.iter().map(|admission| self.take_back(id, admission))).await;
            live.extend(batch.iter().zip(gone).filter(|(_, gone)| !gone).map(|(admission, _)| *admission));
        }
        live
    }

    async fn take_back(&self, id: &PerformanceId, admission: &AdmissionAt) -> bool {
        let delete = Write::delete(keys::admission(id, admission.position));
        let delete = match admission.state {
            AdmissionState::Granted { .. } => delete.when(&ADMISSION_UNCLAIMED).value("granted", "granted"),
            AdmissionState::Active { hold_until, .. } | AdmissionState::Parked { hold_until, .. } => {
                delete.when(&ADMISSION_UNEXTENDED).value("hold_until", hold_until)
            }
        };
        match self.write(delete).await {
            Ok(_) => true,
            Err(Refused::Conditions(images)) => images.into_iter().flatten().all(|image| image.is_empty()),
            Err(Refused::Failed(_)) => false,
        }
    }

    /// Lets in what is planned, some at a time; answers what could not be done, or not in time.
    async fn carry_out(&self, id: &PerformanceId, room: &Room, plan: &Plan, turn: &Turn<'_>) -> HashSet<Place> {
        let writes = plan.0.iter().filter_map(|(place, step)| {
            let position = place.position(room.stripes);
            match step {
                Step::Skip => None,
                Step::Adopt => Some((*place, adopt(id, position, turn.now))),
                Step::Grant => Some((*place, grant(id, position, turn.now))),
            }
        });
        let writes: Vec<(Place, Write)> = writes.collect();
        let mut failed = HashSet::new();
        for batch in writes.chunks(TICK_WRITES_AT_ONCE) {
            let done = join_all(batch.iter().map(|(_, write)| self.let_one_in(write, turn))).await;
            let not_done = batch.iter().zip(done).filter(|(_, done)| !done);
            failed.extend(not_done.map(|((place, _), _)| *place));
        }
        failed
    }

    /// Whether the position has an admission now: by this write, or one that stood in its way.
    async fn let_one_in(&self, write: &Write, turn: &Turn<'_>) -> bool {
        for attempt in 1..=RETRY_ATTEMPTS {
            if !turn.may_let_in() {
                return false;
            }
            match self.write_once(write.clone()).await {
                Ok(_) => return true,
                Err(Refused::Conditions(images)) => return images.iter().flatten().any(|image| !image.is_empty()),
                Err(Refused::Failed(Error::Busy)) => self.back_off(attempt).await,
                Err(Refused::Failed(_)) => return false,
            }
        }
        false
    }

    /// Step 5: tells how far the line was let in, and frees the turnstile. `None` where the turn had been lost.
    async fn end_turn(
        &self,
        id: &PerformanceId,
        turn: &Turn<'_>,
        room: &Room,
        plan: &Plan,
        failed: &HashSet<Place>,
    ) -> Result<Option<Room>> {
        let turned = room.after(plan, failed, turn.now);
        let update = "SET #serving = :serving, #minute = :minute, #used = :used, #pace = :pace, \
                      #next_tick_at = :next_tick_at, #lease_until = :nobody";
        let write = Write::update(keys::room(id), update)
            .when(&TURN_IS_MINE)
            .value("owner", turn.owner.as_str())
            .value("serving", attribute(&turned.serving))
            .value("minute", turned.minute)
            .value("used", turned.used)
            .value("pace", attribute(&turned.pace))
            .value("next_tick_at", turned.next_tick_at)
            .value("nobody", 0);
        match self.write(write).await {
            Ok(item) => from_item(item).map(Some),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Ok(None),
        }
    }
}

fn grant(id: &PerformanceId, position: u64, now: Timestamp) -> Write {
    let claim_until = now.plus_seconds(CLAIM_SECONDS);
    let item = item_of(keys::admission(id, position), "admission", &AdmissionState::Granted { claim_until });
    Write::put(with_ttl(item, claim_until.plus_seconds(ROOM_KEPT_SECONDS))).when(&NOT_YET_ADMITTED)
}

/// Its owner could not claim it before now, so his time begins now.
fn adopt(id: &PerformanceId, position: u64, now: Timestamp) -> Write {
    Write::update(keys::admission(id, position), "SET #claim_until = :claim_until")
        .when(&ADMISSION_UNCLAIMED)
        .value("granted", "granted")
        .value("claim_until", now.plus_seconds(CLAIM_SECONDS))
}
