//! The turnstile. In each second it is turned by the first poll whose member is not far from admission. The turn
//! holds a lease, so that only one poll inserts admissions.
//!
//! A turn that dies after any step does no harm: its lease expires, the next turn adopts what it admitted, and what
//! it took back stays so.

use super::missed::recall;
use crate::{
    Store,
    conditions::{ADMISSION_UNCLAIMED, NOT_YET_ADMITTED, TURN_IS_MINE, TURNSTILE_IS_FREE},
    db::Verdict,
    keys::{self, attribute, from_item, item_of, with_ttl},
    limits::{
        COPY_MAX_AGE_MILLIS, MISSED_KEPT_SECONDS, RETRY_ATTEMPTS, TURN_GRANTING_MILLIS, TURN_LEASE_MARGIN_SECONDS,
        TURN_LEASE_SECONDS, TURN_MAX_MILLIS, TURN_WRITES_AT_ONCE,
    },
    write::Write,
};
use frontrow_domain::{
    Result, Timestamp,
    ids::PerformanceId,
    limits::{CLAIM_SECONDS, FAR_COPY_MAX_AGE_MILLIS, LEFT_BLOCK_POSITIONS},
    performance::Performance,
    waiting_room::{
        AdmissionState, LinePosition, Room, Stock,
        inside::Inside,
        turn::{Plan, Snapshot, Step, TurnInput, Turned},
    },
};
use futures_util::future::join_all;
use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// A waiting room as a poll sees it.
#[derive(Debug, Clone)]
pub struct PolledRoom {
    /// The cached room, or the one this poll has turned.
    pub room: Arc<Room>,
    /// How many members were there, if this poll turned the turnstile.
    pub crowd: Option<Crowd>,
}

/// How many members are there after a turn of the turnstile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Places not called yet, including given-up ones until the line passes them, and members who wait to be called
    /// again.
    pub waiting: u64,
    /// Admissions that use a place inside.
    pub active: u64,
}

/// What a turn counted before it admitted anybody.
struct Counts {
    drawn: u64,
    returned: u64,
    seen: Snapshot,
}

impl Counts {
    /// The crowd after `done` turned the room into `turned`.
    fn after(&self, turned: &Room, done: &Done) -> Crowd {
        let steps = |wanted: Step| {
            done.plan.0.iter().filter(|(place, step)| *step == wanted && !done.failed.contains(place)).count() as u64
        };
        let recalled = steps(Step::Recall);
        let waiting = self.drawn.saturating_sub(turned.serving.iter().sum());
        Crowd {
            waiting: waiting + self.returned.saturating_sub(recalled),
            active: self.seen.inside.count + steps(Step::Grant) + recalled,
        }
    }
}

/// What a turn did.
#[derive(Default)]
struct Done {
    plan: Plan,
    /// The places of the plan that failed or were not done in time.
    failed: HashSet<LinePosition>,
    /// Whether a member may yet be called by a write whose outcome is unknown.
    in_doubt: bool,
}

/// What became of a write.
#[derive(Clone, Copy)]
enum Outcome {
    Done,
    NotDone,
    /// It was sent, and there was no response: it may be executed later.
    Unknown,
}

/// A turn in progress: its owner, its start, and how long it may go on admitting.
struct Turn<'a> {
    owner: String,
    now: Timestamp,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    started: Instant,
}

impl Turn<'_> {
    /// Whether the turnstile certainly still belongs to this turn. Checked before every insert: an insert by a turn
    /// that was considered dead could bring a finished admission back.
    fn may_admit(&self) -> bool {
        let lease_until = self.now.plus_seconds(TURN_LEASE_SECONDS - TURN_LEASE_MARGIN_SECONDS);
        self.started.elapsed() < Duration::from_millis(TURN_GRANTING_MILLIS) && (self.clock)() < lease_until
    }
}

impl Store {
    /// POLL's room for the owner of `place`: at most a second old, as in [`Store::room`], or at most five if they are
    /// far from admission. The poll that refreshes it turns the turnstile, if it is due. `clock` returns the time
    /// during the turn.
    ///
    /// # Errors
    /// [`frontrow_domain::Error::NoWaitingRoom`]. A failed turn does not fail the poll.
    pub async fn turned_room(
        &self,
        id: &PerformanceId,
        place: LinePosition,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Result<PolledRoom> {
        let max_age = |room: &Room| if room.is_far(place) { FAR_COPY_MAX_AGE_MILLIS } else { COPY_MAX_AGE_MILLIS };
        let counted = OnceLock::new();
        let tell = &counted;
        let room = self.caches.polled_rooms.get_within(id, now, max_age, |before| async move {
            let mut room = self.read_room(id, before).await?;
            if room.is_due(now)
                && let Some((turned, crowd)) = self.turn_in_time(id, now, clock).await
            {
                room = turned.not_behind(Some(&room));
                tell.get_or_init(|| crowd);
            }
            self.caches.rooms.put(id, now, |before| room.clone().not_behind(before)).await;
            Ok(room)
        });
        Ok(PolledRoom { room: room.await?, crowd: counted.into_inner().flatten() })
    }

    /// The room after a turn and, if it was counted, the crowd; `None` if the turn failed or another poll has it.
    async fn turn_in_time(
        &self,
        id: &PerformanceId,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Option<(Room, Option<Crowd>)> {
        let turn = tokio::time::timeout(Duration::from_millis(TURN_MAX_MILLIS), self.turn(id, now, clock));
        match turn.await {
            Ok(Ok(turned)) => return turned,
            Ok(Err(error)) => tracing::warn!(%error, performance = %id, "turnstile turn failed"),
            Err(_) => tracing::warn!(performance = %id, "turnstile turn timed out"),
        }
        None
    }

    /// One turn; `None` if another poll has it.
    async fn turn(
        &self,
        id: &PerformanceId,
        now: Timestamp,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Result<Option<(Room, Option<Crowd>)>> {
        let turn = Turn { owner: (self.entropy.uuid)().to_string(), now, clock, started: Instant::now() };
        let Some(room) = self.take_turn(id, &turn).await? else { return Ok(None) };
        let (done, counted) = match self.admit(id, &room, &turn).await {
            Ok((done, counted)) => (done, Some(counted)),
            Err(error) => {
                tracing::warn!(%error, performance = %id, "no members admitted");
                Default::default()
            }
        };
        let seen = counted.as_ref().map(|counted: &Counts| &counted.seen);
        let turned = room.after(&done.plan, &done.failed, seen, now);
        let turned = self.end_turn(id, &turn, &turned, done.in_doubt).await?;
        Ok(turned.map(|turned| {
            let crowd = counted.map(|counted| counted.after(&turned, &done));
            (turned, crowd)
        }))
    }

    async fn take_turn(&self, id: &PerformanceId, turn: &Turn<'_>) -> Result<Option<Room>> {
        let write = Write::update(keys::room(id), "SET #owner = :owner, #lease_until = :lease_until")
            .when(&TURNSTILE_IS_FREE)
            .value("owner", turn.owner.as_str())
            .value("lease_until", turn.now.plus_seconds(TURN_LEASE_SECONDS))
            .value("now", turn.now);
        match self.write(write).await? {
            Ok(item) => from_item(item).map(Some),
            // This turn's, if this write succeeded and its response was lost.
            Err(found) => {
                let room: Option<Room> = found.map(from_item).transpose()?;
                Ok(room.filter(|room| room.owner == turn.owner))
            }
        }
    }

    /// Steps 2 to 4: counts admissions, takes back expired ones, and admits as many members as the policy allows,
    /// first those who missed their call and came back.
    async fn admit(&self, id: &PerformanceId, room: &Room, turn: &Turn<'_>) -> Result<(Done, Counts)> {
        let now = turn.now;
        let (found, drawn, listing) =
            tokio::join!(self.admissions(id), self.drawn(id, room.shards), self.listing(id, now));
        let found = self.take_back_lapsed(id, room, found?, now).await;
        let (returned, inside): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|admission| admission.state.is_returned());
        let mut returned: Vec<u64> = returned.iter().map(|admission| admission.position).collect();
        returned.sort_unstable();
        let place = |position| LinePosition::at(position, room.shards);
        let recalled =
            inside.iter().filter(|found| room.was_recalled_unrecorded(place(found.position), found.claim_until));
        let recalled = u32::try_from(recalled.count()).unwrap_or(u32::MAX);
        let admitted: HashSet<u64> = inside.iter().map(|admission| admission.position).collect();
        let (live, drawn) = (inside.len() as u64, drawn?);
        let listing = listing?;
        let performance = &listing.performance;
        let open = performance.has_waiting_room && performance.check_on_sale(now).is_ok();

        let stock = self.stock(room, performance, now).await;
        let look = if performance.check_sales_not_over(now).is_ok() { room.look(&drawn) } else { None };
        let (candidates, left, given_up) = match &look {
            None => (Vec::new(), HashSet::new(), room.given_up.clone()),
            Some(look) => {
                let (left, counted) =
                    tokio::try_join!(self.left_in(id, look.near.clone()), self.count_left_in(id, &look.far))?;
                let candidates = if open { room.candidates(&drawn, look.last_near()) } else { Vec::new() };
                let given_up = room.given_up.after(look, &left, &counted);
                (candidates, left, given_up)
            }
        };
        let again = if open { &returned[..] } else { &[] };
        let available = stock.and_then(|stock| stock.at(now));
        let input = TurnInput { admitted: &admitted, left: &left, live, available, returned: again, recalled };
        let plan = room.plan(&candidates, input, now);
        let mut done = self.carry_out(id, room, plan, turn).await;
        self.undo_left(id, room, &mut done, turn).await;
        let inside = Inside::of(inside.iter().map(|admission| &admission.state), room.policy.admission_seconds);
        let seen = Snapshot { inside, given_up, stock, recalled };
        Ok((done, Counts { drawn: drawn.iter().sum(), returned: returned.len() as u64, seen }))
    }

    /// The number of free seats, counted again from time to time.
    async fn stock(&self, room: &Room, performance: &Performance, now: Timestamp) -> Option<Stock> {
        if !room.counts_stock(now) || performance.check_sales_not_over(now).is_err() {
            return room.stock;
        }
        match self.seat_map(performance, now).await {
            Ok(map) => Some(Stock { available: map.available_in_all(&performance.seating, now), counted_at: now }),
            Err(error) => {
                tracing::warn!(%error, performance = %performance.performance_id, "free seats not counted; the last count stays");
                room.stock
            }
        }
    }

    /// Carries out the plan in batches.
    async fn carry_out(&self, id: &PerformanceId, room: &Room, plan: Plan, turn: &Turn<'_>) -> Done {
        let writes = plan.0.iter().filter_map(|(place, step)| {
            let position = place.position(room.shards);
            let write = match step {
                Step::Skip => return None,
                // It has no condition, because nobody can claim a place that the line has not reached.
                Step::Undo => Write::delete(keys::admission(id, position)),
                Step::Adopt => adopt(id, position, turn.now),
                Step::Grant => grant(id, position, turn.now),
                Step::Recall => recall(id, position, turn.now),
            };
            Some((*place, *step, write))
        });
        let writes: Vec<(LinePosition, Step, Write)> = writes.collect();
        let mut done = Done::default();
        for batch in writes.chunks(TURN_WRITES_AT_ONCE) {
            let outcomes = join_all(batch.iter().map(|(_, _, write)| self.let_one_in(write, turn))).await;
            for ((place, step, _), outcome) in batch.iter().zip(outcomes) {
                let is_call = matches!(step, Step::Grant | Step::Recall);
                done.in_doubt |= is_call && matches!(outcome, Outcome::Unknown);
                match (outcome, step) {
                    // A member who was called again counts as inside while nobody can tell.
                    (Outcome::Done, _) | (Outcome::Unknown, Step::Recall) => {}
                    _ => drop(done.failed.insert(*place)),
                }
            }
        }
        Done { plan, ..done }
    }

    /// Looks again for given-up places among those that were just called, and undoes their admission: a member may have
    /// left after the first look. One who leaves after the second finds the admission (LEAVE). Without a second look,
    /// the line does not move past any of them.
    async fn undo_left(&self, id: &PerformanceId, room: &Room, done: &mut Done, turn: &Turn<'_>) {
        let Done { plan, failed, .. } = done;
        let calls = |step: &Step| matches!(step, Step::Grant | Step::Adopt);
        let called: Vec<_> = plan.0.iter_mut().filter(|(place, step)| calls(step) && !failed.contains(place)).collect();
        let block = |place: LinePosition| place.position(room.shards) / LEFT_BLOCK_POSITIONS;
        let blocks: BTreeSet<u64> = called.iter().map(|(place, _)| block(*place)).collect();
        let left = self.left_in(id, blocks).await;
        for (place, step) in called {
            let position = place.position(room.shards);
            let is_undone = match left.as_ref().map(|left| left.contains(&position)) {
                Ok(false) => continue,
                Ok(true) => {
                    let delete = Write::delete(keys::admission(id, position));
                    matches!(self.let_one_in(&delete, turn).await, Outcome::Done)
                }
                Err(_) => false,
            };
            match is_undone {
                true => *step = Step::Undo,
                false => drop(failed.insert(*place)),
            }
        }
    }

    /// One write of the plan. It is done if the position now has an admission: from this write, or one that already
    /// existed.
    async fn let_one_in(&self, write: &Write, turn: &Turn<'_>) -> Outcome {
        let mut otherwise = Outcome::NotDone;
        for attempt in 1..=RETRY_ATTEMPTS {
            if !turn.may_admit() {
                return otherwise;
            }
            match self.write_once(write.clone()).await {
                Ok(Ok(_) | Err(Some(_))) => return Outcome::Done,
                Ok(Err(None)) => return Outcome::NotDone,
                Err(Verdict::Again) => self.back_off(attempt).await,
                Err(Verdict::Unknown) => {
                    otherwise = Outcome::Unknown;
                    self.back_off(attempt).await;
                }
                Err(_) => return otherwise,
            }
        }
        otherwise
    }

    /// Step 5: writes how far the line was admitted and frees the turnstile, but keeps its lease while a write is
    /// `in_doubt`: when the lease has expired, the write has either been executed, or it never is. `None` if the turn
    /// had been lost.
    async fn end_turn(
        &self,
        id: &PerformanceId,
        turn: &Turn<'_>,
        turned: &Turned,
        in_doubt: bool,
    ) -> Result<Option<Room>> {
        let update = "SET #serving = :serving, #minute = :minute, #used = :used, #pace = :pace, #inside = :inside, \
                      #given_up = :given_up, #stock = :stock, #next_tick_at = :next_tick_at, #lease_until = :lease_until";
        let lease_until = if in_doubt { turn.now.plus_seconds(TURN_LEASE_SECONDS) } else { Timestamp::default() };
        let write = Write::update(keys::room(id), update)
            .when(&TURN_IS_MINE)
            .value("owner", turn.owner.as_str())
            .value("serving", attribute(&turned.serving))
            .value("minute", turned.minute)
            .value("used", turned.used)
            .value("pace", attribute(&turned.pace))
            .value("inside", attribute(&turned.inside))
            .value("given_up", attribute(&turned.given_up))
            .value("stock", attribute(&turned.stock))
            .value("next_tick_at", turned.next_tick_at)
            .value("lease_until", lease_until);
        self.write(write).await?.ok().map(from_item).transpose()
    }
}

fn grant(id: &PerformanceId, position: u64, now: Timestamp) -> Write {
    let claim_until = now.plus_seconds(CLAIM_SECONDS);
    let item = item_of(keys::admission(id, position), "admission", &AdmissionState::Granted { claim_until });
    // If no turn ever takes it back, it is kept as long as a missed place.
    Write::put(with_ttl(item, claim_until.plus_seconds(MISSED_KEPT_SECONDS))).when(&NOT_YET_ADMITTED)
}

/// Restarts the claim period now, because the owner could not claim the place before.
fn adopt(id: &PerformanceId, position: u64, now: Timestamp) -> Write {
    Write::update(keys::admission(id, position), "SET #claim_until = :claim_until")
        .when(&ADMISSION_UNCLAIMED)
        .value("granted", "granted")
        .value("claim_until", now.plus_seconds(CLAIM_SECONDS))
}
