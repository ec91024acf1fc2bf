//! An organizer's cancellation of a performance. The performance is marked before the affected reservations are read.
//! So of a concurrent cancellation and booking, one sees the other.

use crate::{
    PageOf, PageRequest, Store,
    conditions::NOT_YET_CANCELLED,
    db::Consistency,
    keys::{self, from_item},
    limits::{CANCELLATION_PAGE_ITEMS, COPY_MAX_AGE_MILLIS, RETRY_ATTEMPTS},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    door_list::DoorRow,
    ids::{MemberId, PerformanceId, ReservationId, ShowId},
    performance::{Cancellation, Performance, Reason},
};
use std::time::Duration;

impl Store {
    /// Marks a performance as cancelled for good, and waits until no process books by an older copy of it: a booking
    /// that begins after this returns is refused. One in flight may succeed and is refunded like the others. Returns
    /// the cancellation that stands: the first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PerformanceStarted`]; [`Error::Busy`].
    pub async fn cancel_performance(
        &self,
        id: &PerformanceId,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<Cancellation> {
        let (cancellation, show) = self.mark_cancelled(id, reason, now).await?;
        // Lists may be stale this once; the cancellation stands.
        if let Err(error) = self.look_at_sales(&show).await {
            tracing::warn!(%error, performance = %id, "performances on sale not recounted; lists of shows may be stale");
        }
        // A retry waits, too: the first call may have been only a moment ago.
        tokio::time::sleep(Duration::from_millis(COPY_MAX_AGE_MILLIS.unsigned_abs())).await;
        Ok(cancellation)
    }

    async fn mark_cancelled(
        &self,
        id: &PerformanceId,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<(Cancellation, ShowId)> {
        let key = keys::performance(id);
        for attempt in 1..=RETRY_ATTEMPTS {
            let item = self.get(&key, Consistency::Strong).await?.ok_or(Error::NotFound)?;
            let performance: Performance = from_item(item)?;
            let cancellation = performance.cancel(reason.clone(), now)?;
            if performance.cancellation.is_some() {
                return Ok((cancellation, performance.show_id));
            }
            let date = keys::date(&performance.show_id, performance.starts_at, id);
            let mark = |key| {
                let mark = Write::update(key, "SET #cancellation = :cancellation ADD #revision :one");
                mark.value("cancellation", keys::attribute(&cancellation)).value("one", 1)
            };
            let first = mark(key.clone()).when(&NOT_YET_CANCELLED).value("starts_at", performance.starts_at);
            let first = first.caused_by(self.request());
            if self.transact(vec![first, mark(date)]).await?.is_ok() {
                return Ok((cancellation, performance.show_id));
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// The cancellation of a performance; `None` if it is not cancelled or does not exist. Cancelling is final, so a
    /// copy that contains a cancellation is enough.
    ///
    /// # Errors
    /// As any read.
    pub async fn cancellation(&self, id: &PerformanceId, now: Timestamp) -> Result<Option<Cancellation>> {
        match self.listing(id, now).await {
            Ok(copy) if copy.performance.cancellation.is_some() => return Ok(copy.performance.cancellation.clone()),
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        let item = self.get(&keys::performance(id), Consistency::Strong).await?;
        let performance: Option<Performance> = item.map(from_item).transpose()?;
        Ok(performance.and_then(|performance| performance.cancellation))
    }

    /// [`CANCELLATION_PAGE_ITEMS`] of a performance's door list, live or not: the first ones, or those after a
    /// reservation. The list is complete up to the projectors' progress.
    ///
    /// # Errors
    /// [`Error::NotFound`] if that reservation does not exist; as any read.
    pub async fn door_rows(
        &self,
        id: &PerformanceId,
        after: Option<(&MemberId, &ReservationId)>,
    ) -> Result<PageOf<DoorRow>> {
        let after = match after {
            Some((member, reservation_id)) => {
                let found = self.reservation(member, reservation_id).await?.ok_or(Error::NotFound)?;
                // The first of the keys that its row may have or have had, so that rows are repeated rather than
                // skipped.
                found.buyer.names().map(|name| keys::door_row(reservation_id, name).sk).min()
            }
            None => None,
        };
        let page = PageRequest { limit: CANCELLATION_PAGE_ITEMS, after };
        self.door_list(id, "", &page, page.limit, |_| true).await
    }
}
