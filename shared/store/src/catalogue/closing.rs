//! Closing: a performance is moved, re-seated or deleted only while nobody holds or owns a seat of it, and no hold takes a
//! transaction's room for a look at the performance (a rush of holds must not meet at one item). So the performance is
//! closed first, and holds are given the time to notice:
//!
//! 1. It is marked: `closing_until`, in a transaction of its own.
//! 2. [`CLOSING_WAIT_MILLIS`] are waited out. A hold's transaction is sent only while its process has read the performance
//!    within the last [`LISTING_TRUSTED_MILLIS`], counted from when it asked, consistently, without a mark
//!    ([`Store::check_open`], asked before every attempt), and a call ends within its timeout. So afterwards every hold that did not see the mark is done or never
//!    will be.
//! 3. Every block is read consistently. A seat that is held or sold: the mark is taken back, `has_reservations`. Lapsed
//!    holds are ended for good, because a payment on a clock that is behind could still sell them.
//! 4. The change is made on condition that the performance is as the mark left it.
//!
//! Whoever dies in between leaves the mark. Its time over, the next hold or change takes it away first: that is a change of
//! the performance too, so a closer that was only slow cannot finish any more. No step trusts a clock to be right.

use crate::{
    Store,
    conditions::{PERFORMANCE_UNCHANGED, SHOW_UNCHANGED},
    db::Refused,
    keys,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Hold,
    ids::PerformanceId,
    limits::{
        CATALOGUE_CALLS_AT_ONCE, CLOSED_AT_ONCE, CLOSING_LEASE_SECONDS, CLOSING_WAIT_MILLIS, LISTING_TRUSTED_MILLIS,
    },
    performance::{Listing, Performance},
    show::Show,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Until when something is closed that is closed at `now`.
pub(super) fn closed_until(now: Timestamp) -> Timestamp {
    now.plus_seconds(CLOSING_LEASE_SECONDS)
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
    /// The performance with its show for a booking: as [`Store::listing`], but never one that is marked as closing without a
    /// fresh look. A mark whose time is over is taken away.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn listing_to_book(&self, id: &PerformanceId, now: Timestamp) -> Result<Arc<Listing>> {
        let listing = self.listing(id, now).await?;
        if listing.performance.closing_until.is_none() {
            return Ok(listing);
        }
        self.copies.listings.forget(id).await;
        let listing = self.listing(id, now).await?;
        if listing.performance.closing_until.is_none_or(|until| now < until) {
            return Ok(listing);
        }
        self.reopen(std::slice::from_ref(&listing.performance)).await?;
        self.listing(id, now).await
    }

    /// The performance with its show, to sell what `hold` has of it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HoldExpired`] where the house was seated anew: a hold whose transaction came later still,
    /// e.g. from a process that had been frozen, has seats that are not there any more.
    pub async fn listing_to_sell(&self, hold: &Hold, now: Timestamp) -> Result<Arc<Listing>> {
        let id = hold.performance_id();
        let listing = self.listing_to_book(id, now).await?;
        if listing.performance.layout == hold.layout {
            return Ok(listing);
        }
        // The hold may be of a newer house than is known here.
        self.copies.listings.forget(id).await;
        let listing = self.listing_to_book(id, now).await?;
        if listing.performance.layout == hold.layout { Ok(listing) } else { Err(Error::HoldExpired) }
    }

    /// Whether a hold of seats of `performance`, as its caller knows it, may be sent.
    ///
    /// # Errors
    /// [`Error::Busy`] where it is closing, gone or seated anew.
    pub(crate) async fn check_open(&self, performance: &Performance) -> Result<()> {
        let id = &performance.performance_id;
        let trusted = Duration::from_millis(LISTING_TRUSTED_MILLIS);
        let known = self.copies.listings.aged(id).await.filter(|(_, age)| *age < trusted);
        let begun = Instant::now();
        let current = match known {
            Some((listing, _)) => Some(listing.performance.clone()),
            None => self.performance(id).await?,
        };
        let open = current.is_some_and(|it| it.check_settled().is_ok() && it.layout == performance.layout);
        // An answer that came late tells of what was.
        if open && begun.elapsed() < trusted { Ok(()) } else { Err(Error::Busy) }
    }

    /// Closes performances until no hold is in flight, and looks whether anybody holds or owns a seat of one of them. Answers
    /// them as they are marked.
    ///
    /// # Errors
    /// [`Error::HasReservations`], and then they are open again; [`Error::Busy`] where one was changed meanwhile.
    pub(super) async fn close(&self, performances: &[Performance], now: Timestamp) -> Result<Vec<Performance>> {
        // Most who must not are told at once, and nobody's sale is interrupted for it.
        if self.any_claimed(performances, now, false).await? {
            return Err(Error::HasReservations);
        }
        let until = closed_until(now);
        let mut closed = Vec::with_capacity(performances.len());
        for some in performances.chunks(CLOSED_AT_ONCE) {
            if let Err(refused) = self.transact(some.iter().map(|one| mark(one, until)).collect()).await {
                self.reopen_if_possible(&closed).await;
                return Err(busy(refused));
            }
            closed.extend(some.iter().map(|one| Performance {
                closing_until: Some(until),
                revision: one.revision + 1,
                ..one.clone()
            }));
        }
        for one in &closed {
            self.copies.listings.forget(&one.performance_id).await;
        }
        tokio::time::sleep(Duration::from_millis(CLOSING_WAIT_MILLIS)).await;
        match self.any_claimed(&closed, now, true).await {
            Ok(false) => Ok(closed),
            claimed => {
                self.reopen_if_possible(&closed).await;
                claimed.and(Err(Error::HasReservations))
            }
        }
    }

    async fn any_claimed(&self, performances: &[Performance], now: Timestamp, finally: bool) -> Result<bool> {
        let looks: Vec<_> = performances.iter().map(|performance| self.is_claimed(performance, now, finally)).collect();
        let mut looks = stream::iter(looks).buffer_unordered(CATALOGUE_CALLS_AT_ONCE);
        while let Some(claimed) = looks.try_next().await? {
            if claimed {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the marks away from performances that are as they are given.
    ///
    /// # Errors
    /// As any write. That one was changed by others is none: then it is not what was marked.
    pub(super) async fn reopen(&self, performances: &[Performance]) -> Result<()> {
        for one in performances {
            match self.transact(vec![unmark(one)]).await {
                Ok(()) | Err(Refused::Conditions(_)) => {}
                Err(Refused::Failed(error)) => return Err(error),
            }
            self.copies.listings.forget(&one.performance_id).await;
        }
        Ok(())
    }

    /// The same where something else went wrong already: marks that stay end by themselves.
    pub(super) async fn reopen_if_possible(&self, performances: &[Performance]) {
        if let Err(error) = self.reopen(performances).await {
            tracing::warn!(%error, "performances stay closed until their time is over");
        }
    }

    /// Marks a show as closing, so that its performances neither come nor go nor move. Answers it as it is marked.
    ///
    /// # Errors
    /// [`Error::Busy`] where it was changed meanwhile.
    pub(super) async fn close_show(&self, show: &Show, now: Timestamp) -> Result<Show> {
        let closing = Show { closing_until: Some(closed_until(now)), edition: show.edition + 1, ..show.clone() };
        self.replace_show_item(show, &closing).await?;
        Ok(closing)
    }

    /// Takes the mark away from a show that is as it is given.
    ///
    /// # Errors
    /// [`Error::Busy`] where it was changed meanwhile.
    pub(super) async fn end_show_closing(&self, show: &Show) -> Result<()> {
        let open = Show { closing_until: None, edition: show.edition + 1, ..show.clone() };
        self.replace_show_item(show, &open).await
    }

    /// The same where nothing more can be done about it: a mark that stays ends by itself.
    pub(super) async fn end_show_closing_if_possible(&self, show: &Show) {
        if let Err(error) = self.end_show_closing(show).await {
            tracing::warn!(%error, "a show stays closed until its time is over");
        }
    }

    async fn replace_show_item(&self, before: &Show, after: &Show) -> Result<()> {
        let put = super::shows::put(after).when(&SHOW_UNCHANGED).value("edition", before.edition);
        self.transact(vec![put]).await.map_err(busy)
    }
}

/// Somebody else was faster.
pub(super) fn busy(refused: Refused) -> Error {
    match refused {
        Refused::Failed(error) => error,
        Refused::Conditions(_) => Error::Busy,
    }
}
