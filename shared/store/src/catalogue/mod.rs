//! Shows and performances: reading them here, lists of shows in `lists`, changes in `shows` and `performances`, slots in
//! `slots`, and what keeps a sold seat from losing its house in [`closing`].

mod claimed;
pub(crate) mod closing;
mod lists;
mod performances;
mod shows;
mod slots;

use crate::{
    PageOf, PageRequest, Store,
    db::Consistency,
    keys::{self, from_item},
    page::Range,
};
use frontrow_domain::{
    Result, Timestamp,
    ids::{PerformanceId, ShowId},
    performance::{Listing, Performance},
    show::Show,
};

impl Store {
    /// A show.
    ///
    /// # Errors
    /// As any read.
    pub async fn show(&self, id: &ShowId) -> Result<Option<Show>> {
        self.get(&keys::show(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// A performance as it is now.
    pub(crate) async fn performance(&self, id: &PerformanceId) -> Result<Option<Performance>> {
        self.get(&keys::performance(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// The performances of a show that can still be booked at `now` and start within `from <= startsAt < to`, by start.
    ///
    /// # Errors
    /// [`frontrow_domain::Error::Invalid`] for a cursor of another list.
    pub async fn dates(
        &self,
        show: &ShowId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<PageOf<Performance>> {
        let from = from.unwrap_or_default();
        // What has started is closed. A cursor stays in the range that it was made in, so a further page begins where
        // the first did.
        let from = if page.after.is_none() { from.max(now) } else { from };
        let to = to.unwrap_or(Timestamp::MAX.plus_seconds(1));
        if from >= to {
            return Ok(PageOf { items: Vec::new(), next: None });
        }
        let range = Range::between(keys::date_prefix(from), keys::date_prefix(to));
        let open = |performance: &Performance| performance.check_not_closed(now).is_ok();
        self.page(&keys::dates_partition(show), range, page, open).await
    }

    pub(crate) async fn read_listing(&self, id: &PerformanceId) -> Result<Option<Listing>> {
        let Some(performance) = self.performance(id).await? else { return Ok(None) };
        let Some(show) = self.show(&performance.show_id).await? else { return Ok(None) };
        Ok(Some(Listing { performance, show }))
    }
}
