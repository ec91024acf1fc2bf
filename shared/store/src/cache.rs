//! This process's cached copies of performances, waiting rooms and large houses' maps. They are refreshed at most
//! once a second, by one call at a time (maps twice a second, copies for waiting members more rarely). A copy may be
//! that stale; conditions decide.

use crate::limits::{
    COPIES_MAX, COPY_MAX_AGE_MILLIS, LISTED_COPY_MAX_AGE_MILLIS, SEAT_MAP_MAX_AGE_MILLIS, SEAT_MAPS_MAX,
};
use frontrow_domain::{
    Result, Timestamp,
    breaker::Breaker,
    ids::{PerformanceId, ShowId},
    listing::Listing,
    performance::Performance,
    seat_map::SeatMap,
    show::Show,
    waiting_room::Room,
};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

/// A value that was read, and when that read began: by the caller's clock, and by a monotonic one.
struct Copy<T> {
    read_at: Timestamp,
    begun: Instant,
    value: Arc<T>,
}

type Slot<T> = Arc<tokio::sync::Mutex<Option<Copy<T>>>>;

/// Caches by id. A std mutex is enough, because nothing awaits while it is held. The mutex of a slot makes one
/// refresh serve all its callers.
pub(crate) struct Cache<T, Id = PerformanceId> {
    slots: Mutex<HashMap<Id, Slot<T>>>,
    max_age_millis: i64,
    copies_max: usize,
}

impl<T, Id> std::fmt::Debug for Cache<T, Id> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self::new(COPY_MAX_AGE_MILLIS, COPIES_MAX)
    }
}

impl<T, Id: Clone + Eq + Hash> Cache<T, Id> {
    /// An empty cache of at most `copies_max` copies, each valid for `max_age_millis`.
    fn new(max_age_millis: i64, copies_max: usize) -> Self {
        Self { slots: Mutex::default(), max_age_millis, copies_max }
    }

    /// The copy, refreshed with `read` if it is too old. `read` gets the previous copy, if there is one.
    pub(crate) fn get<F: Future<Output = Result<T>>>(
        &self,
        id: &Id,
        now: Timestamp,
        read: impl FnOnce(Option<Arc<T>>) -> F,
    ) -> impl Future<Output = Result<Arc<T>>> {
        self.get_within(id, now, |_| self.max_age_millis, read)
    }

    /// As [`Cache::get`], with a maximum age that depends on the copy itself.
    pub(crate) async fn get_within<F: Future<Output = Result<T>>>(
        &self,
        id: &Id,
        now: Timestamp,
        max_age_millis: impl FnOnce(&T) -> i64,
        read: impl FnOnce(Option<Arc<T>>) -> F,
    ) -> Result<Arc<T>> {
        let slot = self.slot(id);
        let mut copy = slot.lock().await;
        if let Some(Copy { read_at, value, .. }) = &*copy
            && (now.millis() - read_at.millis()).abs() < max_age_millis(value)
        {
            return Ok(Arc::clone(value));
        }
        let (before, begun) = (copy.as_ref().map(|before| Arc::clone(&before.value)), Instant::now());
        let fresh = Arc::new(read(before).await?);
        *copy = Some(Copy { read_at: now, begun, value: Arc::clone(&fresh) });
        Ok(fresh)
    }

    /// The copy as it is, with its age; `None` if there is none.
    pub(crate) async fn aged(&self, id: &Id) -> Option<(Arc<T>, Duration)> {
        let slot = self.slot(id);
        let copy = slot.lock().await;
        copy.as_ref().map(|copy| (Arc::clone(&copy.value), copy.begun.elapsed()))
    }

    /// Drops the copy, so that the next caller reads a current one.
    pub(crate) async fn forget(&self, id: &Id) {
        *self.slot(id).lock().await = None;
    }

    /// Replaces the copy with the result of a write. `make` gets the previous copy, if there is one.
    pub(crate) async fn put(&self, id: &Id, now: Timestamp, make: impl FnOnce(Option<&T>) -> T) -> Arc<T> {
        let slot = self.slot(id);
        let mut copy = slot.lock().await;
        let fresh = Arc::new(make(copy.as_ref().map(|before| &*before.value)));
        *copy = Some(Copy { read_at: now, begun: Instant::now(), value: Arc::clone(&fresh) });
        fresh
    }

    fn slot(&self, id: &Id) -> Slot<T> {
        let mut slots = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if slots.len() >= self.copies_max && !slots.contains_key(id) {
            slots.clear();
        }
        Arc::clone(slots.entry(id.clone()).or_default())
    }
}

/// All cached copies of a process.
#[derive(Debug)]
pub(crate) struct Caches {
    pub(crate) listings: Cache<Listing>,
    pub(crate) rooms: Cache<Room>,
    /// Rooms for polls, cached separately: other reads of a room, however frequent, do not keep a poll from
    /// refreshing it and so from turning the turnstile.
    pub(crate) polled_rooms: Cache<Room>,
    /// Performances for callers that only display, join or wait; they book nothing by them.
    pub(crate) performances: Cache<Performance>,
    /// Shows as displayed beside their performances.
    pub(crate) shows: Cache<Show, ShowId>,
    /// Seats left of each grade of listed performances, by performance and layout.
    pub(crate) grades: Cache<Vec<u32>, (PerformanceId, u32)>,
    /// Large houses' maps, by performance and layout.
    pub(crate) seat_maps: Cache<SeatMap, (PerformanceId, u32)>,
    /// The breaker for the payment provider, and when it was read.
    pub(crate) breaker: tokio::sync::Mutex<Option<(Timestamp, Breaker)>>,
    /// The shard of each line from which this process draws next.
    shards: Mutex<HashMap<PerformanceId, u32>>,
}

impl Caches {
    /// Returns the shards of a line in turn, starting at a random one. So the shards grow evenly across many
    /// processes, and members keep their order as far as several counters allow (`infra/decisions/0015`).
    pub(crate) fn next_shard(&self, id: &PerformanceId, shards: u32, fraction: fn() -> f64) -> u32 {
        let mut turns = self.shards.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if turns.len() >= COPIES_MAX && !turns.contains_key(id) {
            turns.clear();
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a small number")]
        let next = turns.entry(id.clone()).or_insert_with(|| (fraction() * f64::from(shards)) as u32);
        let shard = *next;
        *next = (shard + 1) % shards;
        shard
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            listings: Cache::default(),
            rooms: Cache::default(),
            polled_rooms: Cache::default(),
            performances: Cache::default(),
            shows: Cache::new(LISTED_COPY_MAX_AGE_MILLIS, COPIES_MAX),
            grades: Cache::new(COPY_MAX_AGE_MILLIS, COPIES_MAX),
            seat_maps: Cache::new(SEAT_MAP_MAX_AGE_MILLIS, SEAT_MAPS_MAX),
            breaker: tokio::sync::Mutex::default(),
            shards: Mutex::default(),
        }
    }
}
