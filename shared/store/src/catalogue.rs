//! Shows and performances.

use crate::{
    PageOf, PageRequest, Store,
    conditions::{PERFORMANCE_IS_NEW, SLOT_IS_FREE},
    db::{Consistency, Refused},
    keys::{self, from_item, item_of},
    page::Range,
    rooms,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    performance::{Listing, Performance, WaitingRoomPolicy},
    show::Show,
};
use serde::Serialize;

#[derive(Serialize)]
struct SlotItem<'a> {
    performance_id: &'a PerformanceId,
}

impl Store {
    /// Lists a show. Its id is fresh, so nothing can be there.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn create_show(&self, show: &Show) -> Result<()> {
        let put = Write::put(item_of(keys::show(&show.show_id), "show", show));
        match self.write(put).await {
            Ok(_) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Err(Error::internal("create a show", "it has no condition")),
        }
    }

    /// A show.
    ///
    /// # Errors
    /// As any read.
    pub async fn show(&self, id: &ShowId) -> Result<Option<Show>> {
        self.get(&keys::show(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// All shows, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list.
    pub async fn shows(&self, page: &PageRequest) -> Result<PageOf<Show>> {
        let range = Range { from: keys::SHOW_FIRST.to_owned(), to: keys::SHOW_LAST.to_owned(), newest_first: true };
        self.page(keys::SHOWS, range, page, |_| true).await
    }

    /// Lists a performance of `show`: itself, its date under the show, its slot in the venue, its waiting room (policy and
    /// stripes, where it has one), at once.
    ///
    /// # Errors
    /// [`Error::SlotTaken`] when another performance starts in the venue at that instant, or has that id.
    pub async fn create_performance(
        &self,
        performance: &Performance,
        show: &Show,
        waiting_room: Option<(WaitingRoomPolicy, u32)>,
    ) -> Result<()> {
        let id = &performance.performance_id;
        let slot = keys::slot(show.details.venue.as_str(), performance.starts_at);
        let date = keys::date(&show.show_id, performance.starts_at, id);
        let mut writes = vec![
            Write::put(item_of(keys::performance(id), "performance", performance)).when(&PERFORMANCE_IS_NEW),
            Write::put(item_of(slot, "slot", &SlotItem { performance_id: id })).when(&SLOT_IS_FREE),
            Write::put(item_of(date, "date", performance)),
        ];
        writes.extend(waiting_room.into_iter().flat_map(|(policy, stripes)| rooms::new_room(id, policy, stripes)));
        match self.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(_)) => Err(Error::SlotTaken),
        }
    }

    /// The performances of a show that can still be booked at `now` and start within `from <= startsAt < to`, by start.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list.
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
        let range = Range { from: keys::date_prefix(from), to: keys::date_prefix(to), newest_first: false };
        let open = |performance: &Performance| performance.check_not_closed(now).is_ok();
        self.page(&keys::dates_partition(show), range, page, open).await
    }

    pub(crate) async fn read_listing(&self, id: &PerformanceId) -> Result<Option<Listing>> {
        let Some(item) = self.get_known(&keys::performance(id)).await? else { return Ok(None) };
        let performance: Performance = from_item(item)?;
        let Some(item) = self.get_known(&keys::show(&performance.show_id)).await? else { return Ok(None) };
        Ok(Some(Listing { performance, show: from_item(item)? }))
    }
}
