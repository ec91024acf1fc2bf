//! Changes of shows. A show is kept three times, in each order of the list of shows; all of them change at once.

use super::{closing::busy, slots};
use crate::{
    Store,
    conditions::{PERFORMANCE_UNCHANGED, SHOW_UNCHANGED},
    db::Refused,
    keys::{self, Key, item_of},
    page::Range,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::{CATALOGUE_CALLS_AT_ONCE, CATALOGUE_RETRIES, DELETED_AT_ONCE, PAGE_MAX_ITEMS, SHOW_PERFORMANCES_MAX},
    performance::Performance,
    show::{Show, ShowDetails},
};
use futures_util::{StreamExt, TryStreamExt, stream};

/// The show's own item; bring a condition where there may be one.
pub(super) fn put(show: &Show) -> Write {
    Write::put(item_of(keys::show(&show.show_id), "show", show))
}

fn put_order(key: Key, show: &Show) -> Write {
    Write::put(item_of(key, "listed_show", show))
}

/// `before` becomes `after`, in all orders. The show's own item comes first.
pub(super) fn replace(before: &Show, after: &Show) -> Vec<Write> {
    let mut writes = vec![put(after).when(&SHOW_UNCHANGED).value("edition", before.edition)];
    let (old, new) = (keys::show_orders(before), keys::show_orders(after));
    writes.extend(old.into_iter().filter(|key| !new.contains(key)).map(Write::delete));
    writes.extend(new.into_iter().map(|key| put_order(key, after)));
    writes
}

impl Store {
    /// Lists a show. Its id is fresh, so nothing can be there.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn create_show(&self, show: &Show) -> Result<()> {
        let orders = keys::show_orders(show).into_iter().map(|key| put_order(key, show));
        let writes = std::iter::once(put(show).caused_by(self.request())).chain(orders).collect();
        self.transact(writes).await.map_err(busy)
    }

    /// Replaces what is said of a show. Another venue moves all its performances.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HasReservations`] and [`Error::SlotTaken`] where the venue changes; [`Error::Busy`].
    pub async fn replace_show(&self, id: &ShowId, details: &ShowDetails, now: Timestamp) -> Result<Show> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let before = self.show(id).await?.ok_or(Error::NotFound)?;
            before.check_settled(now)?;
            if before.details.venue != details.venue && before.performances > 0 {
                return self.move_show(before, details, now).await;
            }
            let after = before.described(details.clone());
            match self.transact(replace(&before, &after)).await {
                Ok(()) => return Ok(after),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(_)) => self.back_off(attempt).await,
            }
        }
        Err(Error::Busy)
    }

    /// Moves a show to another venue: closed, its new slots taken, described anew, its old slots freed. What counts is the
    /// description: a move that dies before it has not happened, one that dies after it has. Slots that stay behind are freed
    /// by the next who wants them.
    async fn move_show(&self, before: Show, details: &ShowDetails, now: Timestamp) -> Result<Show> {
        let (from, to) = (before.details.venue.as_str(), details.venue.as_str());
        let closing = self.close_show(&before, now).await?;
        let closed = match self.close_all(&closing, now).await {
            Ok(closed) => closed,
            Err(error) => return Err(self.give_show_up(&closing, &[], error).await),
        };
        let taken = self.take_slots(&closed, to, now).await;
        // Closed until its slots are in order: nobody moves it back while they are being freed.
        let after = Show { closing_until: closing.closing_until, ..closing.described(details.clone()) };
        let moved = match taken {
            Ok(()) => self.transact(replace(&closing, &after)).await,
            Err(error) => {
                self.free_slots(&closed, to).await;
                Err(Refused::Failed(error))
            }
        };
        match &moved {
            Ok(()) => self.free_slots(&closed, from).await,
            Err(Refused::Conditions(_)) => self.free_slots(&closed, to).await,
            // Nobody knows where it plays: all slots stay.
            Err(Refused::Failed(_)) => {}
        }
        self.reopen_if_possible(&closed).await;
        self.end_show_closing_if_possible(if moved.is_ok() { &after } else { &closing }).await;
        moved.map(|()| after).map_err(busy)
    }

    /// Deletes a show with its performances. Each transaction leaves a whole show behind, with fewer performances, and the
    /// last leaves nothing; so what dies in between is finished by deleting again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HasReservations`]; [`Error::Busy`].
    pub async fn delete_show(&self, id: &ShowId, now: Timestamp) -> Result<()> {
        let before = self.show(id).await?.ok_or(Error::NotFound)?;
        before.check_settled(now)?;
        let mut show = self.close_show(&before, now).await?;
        let closed = match self.close_all(&show, now).await {
            Ok(closed) => closed,
            Err(error) => return Err(self.give_show_up(&show, &[], error).await),
        };
        let mut rest = closed.as_slice();
        loop {
            let (some, others) = rest.split_at(rest.len().min(DELETED_AT_ONCE));
            let mut writes: Vec<Write> = some.iter().flat_map(|one| delete_performance(one, &show)).collect();
            let starts = others.first().zip(others.last()).map(|(first, last)| (first.starts_at, last.starts_at));
            let count = u32::try_from(others.len()).unwrap_or(u32::MAX);
            let smaller = Show { closing_until: show.closing_until, ..show.playing(count, starts) };
            if others.is_empty() {
                let own = Write::delete(keys::show(id)).when(&SHOW_UNCHANGED).value("edition", show.edition);
                writes.push(own);
                writes.extend(keys::show_orders(&show).into_iter().map(Write::delete));
            } else {
                writes.extend(replace(&show, &smaller));
            }
            if let Err(refused) = self.transact(writes).await {
                return Err(self.give_show_up(&show, rest, busy(refused)).await);
            }
            for one in some {
                self.copies.listings.forget(&one.performance_id).await;
            }
            if others.is_empty() {
                return Ok(());
            }
            (show, rest) = (smaller, others);
        }
    }

    /// Everything is open again; why it was not done.
    async fn give_show_up(&self, show: &Show, performances: &[Performance], why: Error) -> Error {
        self.reopen_if_possible(performances).await;
        self.end_show_closing_if_possible(show).await;
        why
    }

    /// Closes all performances of a show, by start.
    async fn close_all(&self, show: &Show, now: Timestamp) -> Result<Vec<Performance>> {
        let performances = self.all_performances(&show.show_id).await?;
        if performances.is_empty() {
            return Ok(performances);
        }
        self.close(&performances, now).await
    }

    /// All performances of a show as they are now, by start.
    async fn all_performances(&self, show: &ShowId) -> Result<Vec<Performance>> {
        let partition = keys::dates_partition(show);
        let (from, to) = (Timestamp::default(), Timestamp::MAX.plus_seconds(1));
        let mut after = None;
        let mut ids: Vec<PerformanceId> = Vec::new();
        while ids.len() <= SHOW_PERFORMANCES_MAX as usize {
            let range = Range::between(keys::date_prefix(from), keys::date_prefix(to));
            let page = crate::PageRequest { limit: PAGE_MAX_ITEMS, after };
            let found = self.page(&partition, range, &page, |_: &Performance| true).await?;
            ids.extend(found.items.into_iter().map(|performance| performance.performance_id));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let reads: Vec<_> = ids.iter().map(|id| self.performance(id)).collect();
        let read: Vec<_> = stream::iter(reads).buffered(CATALOGUE_CALLS_AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Takes the slots of `performances` in `venue`, or says whose are taken.
    async fn take_slots(&self, performances: &[Performance], venue: &str, now: Timestamp) -> Result<()> {
        let takes: Vec<_> = performances.iter().map(|performance| self.take_slot(performance, venue, now)).collect();
        stream::iter(takes).buffer_unordered(CATALOGUE_CALLS_AT_ONCE).try_collect().await
    }

    async fn take_slot(&self, performance: &Performance, venue: &str, now: Timestamp) -> Result<()> {
        for attempt in 1..=CATALOGUE_RETRIES {
            match self.write(slots::take(performance, venue)).await {
                Ok(_) => return Ok(()),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(_)) => {}
            }
            self.clear_slot(&performance.performance_id, venue, performance.starts_at, now).await?;
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Frees slots that stayed behind in `venue`; those that cannot be freed are by the next who wants them.
    async fn free_slots(&self, performances: &[Performance], venue: &str) {
        let frees: Vec<_> = performances
            .iter()
            .map(|one| self.free_slot_of(keys::slot(venue, one.starts_at), &one.performance_id))
            .collect();
        let freed: Result<()> = stream::iter(frees).buffer_unordered(CATALOGUE_CALLS_AT_ONCE).try_collect().await;
        if let Err(error) = freed {
            tracing::warn!(%error, "slots stay behind");
        }
    }
}

/// The items of a closed performance of `show`.
pub(super) fn delete_performance(performance: &Performance, show: &Show) -> [Write; 4] {
    let id = &performance.performance_id;
    [
        Write::delete(keys::performance(id)).when(&PERFORMANCE_UNCHANGED).value("revision", performance.revision),
        Write::delete(keys::date(&show.show_id, performance.starts_at, id)),
        slots::free(performance, show.details.venue.as_str()),
        Write::delete(keys::room(id)),
    ]
}
