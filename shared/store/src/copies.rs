//! The process's copies of performances and waiting rooms: refreshed at most once a second, by one call at a time. What they say may be a
//! second old; conditions decide.

use crate::Store;
use frontrow_domain::{
    Error, Result, Timestamp,
    breaker::Breaker,
    ids::PerformanceId,
    limits::{COPIES_MAX, COPY_MAX_AGE_MILLIS},
    performance::Listing,
    waiting_room::Room,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

type Slot<T> = Arc<tokio::sync::Mutex<Option<(Timestamp, Arc<T>)>>>;

/// Copies by id. A std mutex, because nothing awaits while it is held; the slot's own mutex makes one refresh serve all.
#[derive(Debug)]
pub(crate) struct CopiesOf<T>(Mutex<HashMap<PerformanceId, Slot<T>>>);

impl<T> Default for CopiesOf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> CopiesOf<T> {
    /// The copy, refreshed by `read` if it is older than a second. `read` gets the copy before, if there is one.
    pub(crate) async fn get<F: Future<Output = Result<T>>>(
        &self,
        id: &PerformanceId,
        now: Timestamp,
        read: impl FnOnce(Option<Arc<T>>) -> F,
    ) -> Result<Arc<T>> {
        let slot = self.slot(id);
        let mut copy = slot.lock().await;
        if let Some((read_at, copy)) = &*copy
            && (now.millis() - read_at.millis()).abs() < COPY_MAX_AGE_MILLIS
        {
            return Ok(Arc::clone(copy));
        }
        let before = copy.as_ref().map(|(_, before)| Arc::clone(before));
        let fresh = Arc::new(read(before).await?);
        *copy = Some((now, Arc::clone(&fresh)));
        Ok(fresh)
    }

    /// Replaces the copy by what a write answered: `make` gets the copy before, if there is one.
    pub(crate) async fn put(&self, id: &PerformanceId, now: Timestamp, make: impl FnOnce(Option<&T>) -> T) -> Arc<T> {
        let slot = self.slot(id);
        let mut copy = slot.lock().await;
        let fresh = Arc::new(make(copy.as_ref().map(|(_, before)| &**before)));
        *copy = Some((now, Arc::clone(&fresh)));
        fresh
    }

    fn slot(&self, id: &PerformanceId) -> Slot<T> {
        let mut slots = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if slots.len() >= COPIES_MAX && !slots.contains_key(id) {
            slots.clear();
        }
        Arc::clone(slots.entry(id.clone()).or_default())
    }
}

/// All copies of a process.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    pub(crate) listings: CopiesOf<Listing>,
    pub(crate) rooms: CopiesOf<Room>,
    /// The rooms as pollers see them. Copies of their own: whoever else looks at a room, often as he may, does not keep a
    /// poll from being the one that refreshes, and so from turning the turnstile.
    pub(crate) polled_rooms: CopiesOf<Room>,
    /// The breaker before the payment provider, and when it was read.
    pub(crate) breaker: tokio::sync::Mutex<Option<(Timestamp, Breaker)>>,
}

impl Store {
    /// The performance with its show, at most a second old.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn listing(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Listing>> {
        self.copies.listings.get(id, now, |_| async { self.read_listing(id).await?.ok_or(Error::NotFound) }).await
    }
}
