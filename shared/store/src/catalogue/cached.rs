//! Reads of performances and shows from this process's cached copies.

use crate::{
    Store,
    keys::{self, from_item},
    limits::COPY_MAX_AGE_MILLIS,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::POLLED_COPY_MAX_AGE_MILLIS,
    listing::Listing,
    performance::Performance,
    show::Show,
};
use std::sync::Arc;

impl Store {
    /// The performance with its show, at most a second old. It is read consistently, because the time for which it
    /// allows holds is counted from the start of the read (see [`crate::catalogue::freeze`]).
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn listing(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Listing>> {
        self.caches.listings.get(id, now, |_| async { self.read_listing(id).await?.ok_or(Error::NotFound) }).await
    }

    /// The performance for callers that only display it or join its line: at most a second old, and read eventually
    /// at half the price, because when sales open that is almost every request.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn shown_performance(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Performance>> {
        self.caches.performances.get(id, now, |_| self.known_performance(id)).await
    }

    /// The performance for members waiting in its line, at most two seconds old. It shows that there is a line and
    /// when sales open; [`Store::listing`] decides on admission.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn polled_performance(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Performance>> {
        // A line may have been added since.
        let max_age = |copy: &Performance| {
            if copy.has_waiting_room { POLLED_COPY_MAX_AGE_MILLIS } else { COPY_MAX_AGE_MILLIS }
        };
        self.caches.performances.get_within(id, now, max_age, |_| self.known_performance(id)).await
    }

    /// The show of a performance for display, as old as lists of shows may be.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn shown_show(&self, id: &ShowId, now: Timestamp) -> Result<Arc<Show>> {
        self.caches.shows.get(id, now, |_| self.known_show(id)).await
    }

    /// The seats left of each grade of a listed performance, at most a second old.
    ///
    /// # Errors
    /// As any read.
    pub async fn listed_grades(&self, performance: &Performance, now: Timestamp) -> Result<Arc<Vec<u32>>> {
        let id = (performance.performance_id.clone(), performance.layout);
        let count = |_| async { Ok(self.seat_map(performance, now).await?.available(&performance.seating, now)) };
        self.caches.grades.get(&id, now, count).await
    }

    async fn known_performance(&self, id: &PerformanceId) -> Result<Performance> {
        from_item(self.get_known(&keys::performance(id)).await?.ok_or(Error::NotFound)?)
    }
}
