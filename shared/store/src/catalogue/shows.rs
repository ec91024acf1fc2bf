//! Changes of shows. A show is stored three times, once for each order of the list of shows; all copies change at
//! once.

use super::slots;
use crate::{
    Store,
    conditions::{PERFORMANCE_UNCHANGED, SHOW_UNCHANGED},
    db::{Consistency, Refusal},
    keys::{self, Key, from_item, item_of},
    limits::{CATALOGUE_CALLS_AT_ONCE, CATALOGUE_RETRIES, DELETED_AT_ONCE},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    performance::Performance,
    show::{Description, OnSale, Show, ShowDetails},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

/// Writes the show's own item. Add a condition if the item may exist.
pub(super) fn put(show: &Show) -> Write {
    Write::put(item_of(keys::show(&show.show_id), "show", show))
}

fn put_order(key: Key, show: &Show) -> Write {
    Write::put(item_of(key, "listed_show", show))
}

/// Writes a description that is stored apart from lists.
fn put_description(show: &Show, whole: Description) -> Write {
    Write::put(item_of(keys::description(&show.show_id), "description", &DescriptionItem { whole }))
}

/// Replaces `before` by `after` in all orders. The show's own item comes first.
pub(super) fn replace(before: &Show, after: &Show) -> Vec<Write> {
    let (after, whole) = &after.listed();
    let mut writes = vec![put(after).when(&SHOW_UNCHANGED).value("edition", before.edition)];
    let (old, new) = (keys::show_orders(before), keys::show_orders(after));
    writes.extend(old.into_iter().filter(|key| !new.contains(key)).map(Write::delete));
    writes.extend(new.into_iter().map(|key| put_order(key, after)));
    match whole {
        Some(whole) => writes.push(put_description(after, whole.clone())),
        None if before.description_apart && !after.description_apart => {
            writes.push(Write::delete(keys::description(&after.show_id)));
        }
        None => {}
    }
    writes
}

/// The next version of the show, with `count` performances, which are `dates`.
pub(super) fn playing(show: &Show, count: u32, dates: &[Performance]) -> Show {
    let starts = || dates.iter().map(|date| date.starts_at);
    show.playing(count, starts().min().zip(starts().max()), Some(OnSale::of(dates)))
}

/// The whole of a description that is longer than the part stored in lists.
#[derive(Debug, Serialize, Deserialize)]
struct DescriptionItem {
    whole: Description,
}

impl Store {
    /// Creates a show. Its id is new, so no item can exist.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn create_show(&self, show: &Show) -> Result<()> {
        let (listed, whole) = &show.listed();
        let orders = keys::show_orders(listed).into_iter().map(|key| put_order(key, listed));
        let whole = whole.clone().map(|whole| put_description(listed, whole));
        let writes = std::iter::once(put(listed).caused_by(self.request())).chain(orders).chain(whole).collect();
        self.transact(writes).await?.map_err(Refusal::busy)
    }

    /// A show with its whole description.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn whole_show(&self, id: &ShowId) -> Result<Show> {
        let mut show = self.show(id).await?.ok_or(Error::NotFound)?;
        if show.description_apart
            && let Some(item) = self.get(&keys::description(id), Consistency::Strong).await?
        {
            show.details.description = Some(from_item::<DescriptionItem>(item)?.whole);
        }
        Ok(show)
    }

    /// Replaces a show's details. Changing the venue moves all its performances.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HasReservations`] and [`Error::SlotTaken`] if the venue changes;
    /// [`Error::Busy`].
    pub async fn replace_show(&self, id: &ShowId, details: &ShowDetails, now: Timestamp) -> Result<Show> {
        let replaced = self.describe_show(id, details, now).await;
        self.caches.shows.forget(id).await;
        replaced
    }

    async fn describe_show(&self, id: &ShowId, details: &ShowDetails, now: Timestamp) -> Result<Show> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let before = self.show(id).await?.ok_or(Error::NotFound)?;
            before.check_not_frozen(now)?;
            if before.details.venue != details.venue && before.performances > 0 {
                return self.move_show(before, details, now).await;
            }
            let after = before.described(details.clone());
            if self.transact(replace(&before, &after)).await?.is_ok() {
                return Ok(after);
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Moves a show to another venue: freezes it, takes its new slots, replaces its details, and frees its old slots.
    /// The replaced details decide: a move that dies before them has not happened, one that dies after them has.
    /// Leftover slots are freed by the next performance that needs them.
    async fn move_show(&self, before: Show, details: &ShowDetails, now: Timestamp) -> Result<Show> {
        let (from, to) = (before.details.venue.as_str(), details.venue.as_str());
        let marked = self.freeze_show(&before, now).await?;
        let frozen = match self.freeze_all(&marked, now).await {
            Ok(frozen) => frozen,
            Err(error) => return Err(self.abandon(&marked, &[], error).await),
        };
        let taken = self.take_slots(&frozen, to, now).await;
        // Stays frozen until its slots are settled, so that it is not moved back while they are being freed.
        let after = Show { frozen_until: marked.frozen_until, ..marked.described(details.clone()) };
        let moved = match taken {
            Ok(()) => self.transact(replace(&marked, &after)).await,
            Err(error) => {
                self.free_slots(&frozen, to).await;
                Err(error)
            }
        };
        match &moved {
            Ok(Ok(())) => self.free_slots(&frozen, from).await,
            Ok(Err(_)) => self.free_slots(&frozen, to).await,
            // It is unknown where the show plays, so all slots stay.
            Err(_) => {}
        }
        self.unfreeze_if_possible(&frozen).await;
        self.unfreeze_show_if_possible(if matches!(moved, Ok(Ok(()))) { &after } else { &marked }).await;
        moved?.map(|()| after).map_err(Refusal::busy)
    }

    /// Deletes a show with its performances. Each transaction leaves a consistent show with fewer performances, and
    /// the last one leaves nothing. So an interrupted deletion is completed by deleting again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HasReservations`]; [`Error::Busy`].
    pub async fn delete_show(&self, id: &ShowId, now: Timestamp) -> Result<()> {
        let before = self.show(id).await?.ok_or(Error::NotFound)?;
        before.check_not_frozen(now)?;
        let mut show = self.freeze_show(&before, now).await?;
        let frozen = match self.freeze_all(&show, now).await {
            Ok(frozen) => frozen,
            Err(error) => return Err(self.abandon(&show, &[], error).await),
        };
        let mut rest = frozen.as_slice();
        loop {
            let (some, others) = rest.split_at(rest.len().min(DELETED_AT_ONCE));
            let mut writes: Vec<Write> = some.iter().flat_map(|one| delete_performance(one, &show)).collect();
            let count = u32::try_from(others.len()).unwrap_or(u32::MAX);
            let smaller = Show { frozen_until: show.frozen_until, ..playing(&show, count, others) };
            if others.is_empty() {
                let own = Write::delete(keys::show(id)).when(&SHOW_UNCHANGED).value("edition", show.edition);
                writes.push(own);
                writes.extend(keys::show_orders(&show).into_iter().map(Write::delete));
                writes.extend(show.description_apart.then(|| Write::delete(keys::description(id))));
            } else {
                writes.extend(replace(&show, &smaller));
            }
            let deleted = self.transact(writes).await;
            if let Err(error) = deleted.and_then(|deleted| deleted.map_err(Refusal::busy)) {
                return Err(self.abandon(&show, rest, error).await);
            }
            for one in some {
                self.caches.listings.forget(&one.performance_id).await;
            }
            if others.is_empty() {
                return Ok(());
            }
            (show, rest) = (smaller, others);
        }
    }

    /// Opens everything again and returns `why`.
    async fn abandon(&self, show: &Show, performances: &[Performance], why: Error) -> Error {
        self.unfreeze_if_possible(performances).await;
        self.unfreeze_show_if_possible(show).await;
        why
    }

    /// Freezes all performances of a show, by start.
    async fn freeze_all(&self, show: &Show, now: Timestamp) -> Result<Vec<Performance>> {
        let performances = self.all_performances(&show.show_id).await?;
        if performances.is_empty() {
            return Ok(performances);
        }
        self.freeze(&performances, now).await
    }

    /// All performances of a show, by start, read consistently.
    async fn all_performances(&self, show: &ShowId) -> Result<Vec<Performance>> {
        let ids: Vec<PerformanceId> = self.dates_of(show).await?.into_iter().map(|date| date.performance_id).collect();
        let reads: Vec<_> = ids.iter().map(|id| self.performance(id)).collect();
        let read: Vec<_> = stream::iter(reads).buffered(CATALOGUE_CALLS_AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Takes the slots of `performances` in `venue`, or fails if any of them is taken.
    async fn take_slots(&self, performances: &[Performance], venue: &str, now: Timestamp) -> Result<()> {
        let takes: Vec<_> = performances.iter().map(|performance| self.take_slot(performance, venue, now)).collect();
        stream::iter(takes).buffer_unordered(CATALOGUE_CALLS_AT_ONCE).try_collect().await
    }

    async fn take_slot(&self, performance: &Performance, venue: &str, now: Timestamp) -> Result<()> {
        for attempt in 1..=CATALOGUE_RETRIES {
            if self.write(slots::take(performance, venue)).await?.is_ok() {
                return Ok(());
            }
            self.clear_slot(&performance.performance_id, venue, performance.starts_at, now).await?;
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Frees leftover slots in `venue`. Any that cannot be freed now are freed by the next performance that needs
    /// them.
    async fn free_slots(&self, performances: &[Performance], venue: &str) {
        let frees: Vec<_> = performances
            .iter()
            .map(|one| self.free_slot_of(keys::slot(venue, one.starts_at), &one.performance_id))
            .collect();
        let freed: Result<()> = stream::iter(frees).buffer_unordered(CATALOGUE_CALLS_AT_ONCE).try_collect().await;
        if let Err(error) = freed {
            tracing::warn!(%error, "leftover slots not freed; the next performance that needs one frees it");
        }
    }
}

/// Deletes the items of a frozen performance of `show`.
pub(super) fn delete_performance(performance: &Performance, show: &Show) -> [Write; 4] {
    let id = &performance.performance_id;
    [
        Write::delete(keys::performance(id)).when(&PERFORMANCE_UNCHANGED).value("revision", performance.revision),
        Write::delete(keys::date(&show.show_id, performance.starts_at, id)),
        slots::free(performance, show.details.venue.as_str()),
        Write::delete(keys::room(id)),
    ]
}
