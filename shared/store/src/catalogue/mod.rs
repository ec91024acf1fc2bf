//! Shows and performances. This module reads them; `lists` has the lists of shows, `shows` and `performances` the
//! changes, `slots` the slots, and [`freeze`] keeps sold seats from losing their house.

mod cached;
pub(crate) mod freeze;
mod lists;
mod performances;
mod shows;
mod slots;
mod taken;

use crate::{
    PageOf, PageRequest, Store,
    db::Consistency,
    keys::{self, from_item},
    limits::LISTED_BLOCKS_MAX,
    page::Range,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::{BLOCK_SEATS, LIVE_SEATS_MAX},
    listing::Listing,
    performance::Performance,
    show::Show,
};

impl Store {
    /// A show, read consistently.
    ///
    /// # Errors
    /// As any read.
    pub async fn show(&self, id: &ShowId) -> Result<Option<Show>> {
        self.get(&keys::show(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// A show for display: read eventually, and once more consistently if that misses it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn known_show(&self, id: &ShowId) -> Result<Show> {
        from_item(self.get_known(&keys::show(id)).await?.ok_or(Error::NotFound)?)
    }

    /// A performance, read consistently.
    pub(crate) async fn performance(&self, id: &PerformanceId) -> Result<Option<Performance>> {
        self.get(&keys::performance(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// The performances of a show that can still be booked at `now` and start within `from <= startsAt < to`, by
    /// start. A page may be short even if more follow: counting its houses takes at most [`LISTED_BLOCKS_MAX`] block
    /// reads.
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
        // Started performances are closed. A cursor stays in the range it was made in, so a further page begins where
        // the first did.
        let from = if page.after.is_none() { from.max(now) } else { from };
        let to = to.unwrap_or(Timestamp::MAX.plus_seconds(1));
        if from >= to {
            return Ok(PageOf { items: Vec::new(), next: None });
        }
        let range = Range::between(keys::date_prefix(from), keys::date_prefix(to)).eventually();
        let open = |performance: &Performance| performance.check_sales_not_over(now).is_ok();
        let mut found = self.page(&keys::dates_partition(show), range, page, open).await?;
        let mut reads = 0;
        let within = found.items.iter().take_while(|performance| {
            reads += performance.seating.places().min(LIVE_SEATS_MAX).div_ceil(BLOCK_SEATS);
            reads <= LISTED_BLOCKS_MAX
        });
        let within = within.count().max(1);
        if within < found.items.len() {
            found.items.truncate(within);
            let last = found.items.last().map(|last| keys::date(show, last.starts_at, &last.performance_id).sk);
            found.next = last;
        }
        Ok(found)
    }

    pub(crate) async fn read_listing(&self, id: &PerformanceId) -> Result<Option<Listing>> {
        let Some(performance) = self.performance(id).await? else { return Ok(None) };
        let Some(show) = self.show(&performance.show_id).await? else { return Ok(None) };
        Ok(Some(Listing { performance, show }))
    }
}
