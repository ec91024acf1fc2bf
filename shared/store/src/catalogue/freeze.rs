//! Freezing. A performance is moved, re-seated or deleted only while nobody holds or owns a seat of it. A hold's
//! transaction does not check the performance, because a rush of holds must not contend for one item. So the
//! performance is frozen first, and holds in flight get the time to notice:
//!
//! 1. The performance is marked: `frozen_until` (stored as `closing_until`), in a transaction of its own.
//! 2. The organizer's request waits [`FREEZE_WAIT_MILLIS`]. A hold's transaction is sent only if its process has read the
//!    performance without a mark, consistently, within the last [`LISTING_TRUSTED_MILLIS`], counted from the start of
//!    the read ([`Store::check_not_frozen`], checked before every attempt). Every call ends within its timeout. So after
//!    the wait, every hold that did not see the mark has either completed or never will.
//! 3. Every block is read consistently. If a seat is held or sold, the mark is removed, and the change fails with
//!    `has_reservations`. Expired holds are ended for good, because a payment with a slow clock could still sell
//!    them.
//! 4. The change is made on the condition that the performance is unchanged since it was marked.
//!
//! A request that dies in between leaves its mark behind. Once the mark has expired, the next hold or change removes
//! it first. That also changes the performance, so a request that was only slow can no longer finish. No step relies
//! on a correct clock.

use crate::{
    Store,
    conditions::{PERFORMANCE_UNCHANGED, SHOW_UNCHANGED},
    db::Refusal,
    keys,
    limits::{
        CATALOGUE_CALLS_AT_ONCE, FREEZE_LEASE_SECONDS, FREEZE_WAIT_MILLIS, FROZEN_AT_ONCE, LISTING_TRUSTED_MILLIS,
    },
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp, hold::Hold, ids::PerformanceId, listing::Listing, performance::Performance, show::Show,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// When a freeze that starts at `now` expires.
pub(super) fn frozen_until_from(now: Timestamp) -> Timestamp {
    now.plus_seconds(FREEZE_LEASE_SECONDS)
}

fn mark(performance: &Performance, until: Timestamp) -> Write {
    Write::update(keys::performance(&performance.performance_id), "SET #closing_until = :until, #revision = :next")
        .value("until", until)
        .value("next", performance.revision + 1)
        .when(&PERFORMANCE_UNCHANGED)
        .value("revision", performance.revision)
}

fn unmark(performance: &Performance) -> Write {
    Write::update(keys::performance(&performance.performance_id), "SET #revision = :next REMOVE #closing_until")
        .value("next", performance.revision + 1)
        .when(&PERFORMANCE_UNCHANGED)
        .value("revision", performance.revision)
}

impl Store {
    /// The performance with its show, for a booking. As [`Store::listing`], but reads again if the cached performance
    /// is marked as frozen. Removes an expired mark.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn listing_to_book(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Listing>> {
        let listing = self.listing(id, now).await?;
        if listing.performance.frozen_until.is_none() {
            return Ok(listing);
        }
        self.caches.listings.forget(id).await;
        let listing = self.listing(id, now).await?;
        if listing.performance.frozen_until.is_none_or(|until| now < until) {
            return Ok(listing);
        }
        self.unfreeze(std::slice::from_ref(&listing.performance)).await?;
        self.listing(id, now).await
    }

    /// The performance with its show, for selling the seats of `hold`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HoldExpired`] if the house was re-seated. A hold whose transaction arrived even
    /// later, for example from a frozen process, has seats that no longer exist.
    pub async fn listing_to_sell(&self, hold: &Hold, now: Timestamp) -> Result<Arc<Listing>> {
        let id = hold.performance_id();
        let listing = self.listing_to_book(id, now).await?;
        if listing.performance.layout == hold.layout {
            return Ok(listing);
        }
        // The hold may belong to a newer layout than the cached one.
        self.caches.listings.forget(id).await;
        let listing = self.listing_to_book(id, now).await?;
        if listing.performance.layout == hold.layout { Ok(listing) } else { Err(Error::HoldExpired) }
    }

    /// Checks whether a hold of seats of `performance`, as the caller read it, may be sent.
    ///
    /// # Errors
    /// [`Error::Busy`] if it is frozen, deleted or re-seated.
    pub(crate) async fn check_not_frozen(&self, performance: &Performance) -> Result<()> {
        let id = &performance.performance_id;
        let trusted = Duration::from_millis(LISTING_TRUSTED_MILLIS);
        let known = self.caches.listings.aged(id).await.filter(|(_, age)| *age < trusted);
        let begun = Instant::now();
        let current = match known {
            Some((listing, _)) => Some(listing.performance.clone()),
            None => self.performance(id).await?,
        };
        let open = current.is_some_and(|it| it.check_not_frozen().is_ok() && it.layout == performance.layout);
        // A response that arrives late describes an outdated state.
        if open && begun.elapsed() < trusted { Ok(()) } else { Err(Error::Busy) }
    }

    /// Freezes performances, waits until no hold is in flight, and checks that nobody holds or owns a seat of them.
    /// Returns them as they are marked.
    ///
    /// # Errors
    /// [`Error::HasReservations`], in which case they are unfrozen; [`Error::Busy`] if one was changed meanwhile.
    pub(super) async fn freeze(&self, performances: &[Performance], now: Timestamp) -> Result<Vec<Performance>> {
        // Most refusals are decided here at once, without interrupting a sale.
        if self.any_taken(performances, now, false).await? {
            return Err(Error::HasReservations);
        }
        let until = frozen_until_from(now);
        let mut frozen = Vec::with_capacity(performances.len());
        for some in performances.chunks(FROZEN_AT_ONCE) {
            let marked = self.transact(some.iter().map(|one| mark(one, until)).collect()).await;
            if let Err(error) = marked.and_then(|marked| marked.map_err(Refusal::busy)) {
                self.unfreeze_if_possible(&frozen).await;
                return Err(error);
            }
            frozen.extend(some.iter().map(|one| Performance {
                frozen_until: Some(until),
                revision: one.revision + 1,
                ..one.clone()
            }));
        }
        for one in &frozen {
            self.caches.listings.forget(&one.performance_id).await;
        }
        tokio::time::sleep(Duration::from_millis(FREEZE_WAIT_MILLIS)).await;
        match self.any_taken(&frozen, now, true).await {
            Ok(false) => Ok(frozen),
            taken => {
                self.unfreeze_if_possible(&frozen).await;
                taken.and(Err(Error::HasReservations))
            }
        }
    }

    async fn any_taken(&self, performances: &[Performance], now: Timestamp, finally: bool) -> Result<bool> {
        let looks: Vec<_> = performances.iter().map(|performance| self.is_taken(performance, now, finally)).collect();
        let mut looks = stream::iter(looks).buffer_unordered(CATALOGUE_CALLS_AT_ONCE);
        while let Some(taken) = looks.try_next().await? {
            if taken {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes the marks from `performances` that are unchanged.
    ///
    /// # Errors
    /// As any write. A performance changed by others is not an error: it no longer carries this mark.
    pub(super) async fn unfreeze(&self, performances: &[Performance]) -> Result<()> {
        for one in performances {
            self.transact(vec![unmark(one)]).await?.ok();
            self.caches.listings.forget(&one.performance_id).await;
        }
        Ok(())
    }

    /// As [`Store::unfreeze`], after another failure. The next hold or change removes a mark that has expired.
    pub(super) async fn unfreeze_if_possible(&self, performances: &[Performance]) {
        if let Err(error) = self.unfreeze(performances).await {
            tracing::warn!(%error, "performances still frozen; the next hold or change removes their mark once it has expired");
        }
    }

    /// Marks a show as frozen, so that its performances are neither added nor removed nor moved. Returns the marked
    /// show.
    ///
    /// # Errors
    /// [`Error::Busy`] if it was changed meanwhile.
    pub(super) async fn freeze_show(&self, show: &Show, now: Timestamp) -> Result<Show> {
        let frozen = Show { frozen_until: Some(frozen_until_from(now)), edition: show.edition + 1, ..show.clone() };
        self.replace_show_item(show, &frozen).await?;
        Ok(frozen)
    }

    /// Removes the mark from a show that is unchanged.
    ///
    /// # Errors
    /// [`Error::Busy`] if it was changed meanwhile.
    pub(super) async fn unfreeze_show(&self, show: &Show) -> Result<()> {
        let open = Show { frozen_until: None, edition: show.edition + 1, ..show.clone() };
        self.replace_show_item(show, &open).await
    }

    /// As [`Store::unfreeze_show`], where a failure has no further consequence: a mark that stays expires by
    /// itself.
    pub(super) async fn unfreeze_show_if_possible(&self, show: &Show) {
        if let Err(error) = self.unfreeze_show(show).await {
            tracing::warn!(%error, "show still frozen; that ends when its mark expires");
        }
    }

    async fn replace_show_item(&self, before: &Show, after: &Show) -> Result<()> {
        let put = super::shows::put(after).when(&SHOW_UNCHANGED).value("edition", before.edition);
        self.transact(vec![put]).await?.map_err(Refusal::busy)
    }
}
