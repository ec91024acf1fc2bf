//! Changes of performances. The performance, its date under the show, its slot in the venue, its waiting room, and
//! the show's first and last start change in one transaction.

use super::{shows, slots};
use crate::{
    Store,
    conditions::{PERFORMANCE_IS_NEW, PERFORMANCE_UNCHANGED},
    db::Consistency,
    keys::{self, attribute, item_of},
    limits::CATALOGUE_RETRIES,
    page::Range,
    waiting_room,
    write::Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::SHOW_PERFORMANCES_MAX,
    performance::{Performance, PerformanceDetails},
    show::{OnSale, Show},
    waiting_room::policy::WaitingRoomPolicy,
};

impl Store {
    /// Creates a performance of `show`, its date under the show, its slot in the venue and, if it has one, its
    /// waiting room (policy and shards), in one transaction.
    ///
    /// # Errors
    /// [`Error::SlotTaken`] if another performance starts in the venue at that instant, or has that id;
    /// [`Error::NotFound`] if the show was deleted meanwhile; [`Error::Invalid`] if the show has its maximum number
    /// of performances; [`Error::Busy`].
    pub async fn create_performance(
        &self,
        performance: &Performance,
        show: &Show,
        waiting_room: Option<(WaitingRoomPolicy, u32)>,
    ) -> Result<()> {
        let (id, starts_at, now) = (&performance.performance_id, performance.starts_at, performance.created_at);
        let mut show = show.clone();
        for attempt in 1..=CATALOGUE_RETRIES {
            show.check_not_frozen(now)?;
            if show.performances >= SHOW_PERFORMANCES_MAX {
                return Err(Error::invalid(
                    "showId",
                    format!("a show has at most {SHOW_PERFORMANCES_MAX} performances"),
                ));
            }
            let venue = show.details.venue.as_str();
            let mut writes = vec![
                Write::put(item_of(keys::performance(id), "performance", performance)).when(&PERFORMANCE_IS_NEW),
                slots::take(performance, venue),
                Write::put(item_of(keys::date(&show.show_id, starts_at, id), "date", performance)),
            ];
            let first = show.first_starts_at.map_or(starts_at, |first| first.min(starts_at));
            let last = show.last_starts_at.map_or(starts_at, |last| last.max(starts_at));
            // If the show was stored by an older version without this field, the next change counts its other
            // performances.
            let on_sale = show.on_sale.or((show.performances == 0).then(OnSale::default));
            let on_sale = on_sale.map(|on_sale| on_sale.with(performance));
            writes.extend(shows::replace(&show, &show.playing(show.performances + 1, Some((first, last)), on_sale)));
            writes.extend(
                waiting_room.into_iter().flat_map(|(policy, shards)| waiting_room::new_room(id, policy, shards)),
            );
            let Err(refusal) = self.transact(writes).await? else { return Ok(()) };
            if refusal.is_of(&keys::performance(id)) {
                return Err(Error::SlotTaken);
            }
            if refusal.is_of(&keys::slot(venue, starts_at)) {
                self.clear_slot(id, venue, starts_at, now).await?;
            }
            if refusal.is_of(&keys::show(&show.show_id)) {
                show = self.show(&show.show_id).await?.ok_or(Error::NotFound)?;
                self.back_off(attempt).await;
            }
        }
        Err(Error::Busy)
    }

    /// Replaces a performance's details. Changing the start, house or price requires that nobody holds or owns a seat
    /// of it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] if the new start is in the past; [`Error::HasReservations`];
    /// [`Error::SlotTaken`]; [`Error::OpeningTooSoon`] if the opening is brought forward while members wait for it;
    /// [`Error::Busy`].
    pub async fn replace_performance(
        &self,
        id: &PerformanceId,
        details: &PerformanceDetails,
        now: Timestamp,
    ) -> Result<Performance> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let (before, show) = self.open_performance(id, now).await?;
            details.check_start(Some(before.starts_at), now)?;
            if before.opens_too_soon(details, now) && self.is_anybody_waiting(id, now).await? {
                return Err(Error::OpeningTooSoon);
            }
            if before.is_upset_by(details) {
                self.clear_slot(id, show.details.venue.as_str(), details.starts_at, now).await?;
                let frozen = self.freeze(&[before], now).await?.swap_remove(0);
                let replaced = self.replace_frozen(&frozen, details, now).await;
                if replaced.is_err() {
                    self.unfreeze_if_possible(std::slice::from_ref(&frozen)).await;
                }
                return replaced;
            }
            if let Replaced::Done(after) = self.replace_known(&before, &show, details, now).await? {
                return Ok(after);
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    async fn is_anybody_waiting(&self, id: &PerformanceId, now: Timestamp) -> Result<bool> {
        match self.room_view(id, now).await {
            Err(Error::NoWaitingRoom) => Ok(false),
            view => Ok(view?.waiting > 0),
        }
    }

    /// The performance and its show, if both may be changed.
    async fn open_performance(&self, id: &PerformanceId, now: Timestamp) -> Result<(Performance, Show)> {
        let performance = self.performance(id).await?.ok_or(Error::NotFound)?;
        if performance.frozen_until.is_some_and(|until| now < until) {
            return Err(Error::Busy);
        }
        let show = self.show(&performance.show_id).await?.ok_or(Error::NotFound)?;
        show.check_not_frozen(now)?;
        Ok((performance, show))
    }

    async fn replace_frozen(
        &self,
        frozen: &Performance,
        details: &PerformanceDetails,
        now: Timestamp,
    ) -> Result<Performance> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let show = self.show(&frozen.show_id).await?.ok_or(Error::NotFound)?;
            show.check_not_frozen(now)?;
            match self.replace_known(frozen, &show, details, now).await? {
                Replaced::Done(after) => return Ok(after),
                // Others ended the freeze.
                Replaced::Changed => return Err(Error::Busy),
                Replaced::Around => self.back_off(attempt).await,
            }
        }
        Err(Error::Busy)
    }

    /// Replaces a performance that must still be `before`, of a show that must still be `show`.
    async fn replace_known(
        &self,
        before: &Performance,
        show: &Show,
        details: &PerformanceDetails,
        now: Timestamp,
    ) -> Result<Replaced> {
        let id = &before.performance_id;
        let after = before.edited(details.clone());
        let venue = show.details.venue.as_str();
        let mut writes =
            vec![edit(keys::performance(id), &after).when(&PERFORMANCE_UNCHANGED).value("revision", before.revision)];
        let moves = before.starts_at != after.starts_at;
        if !moves {
            writes.push(Write::put(item_of(keys::date(&show.show_id, after.starts_at, id), "date", &after)));
        } else {
            writes.push(slots::take(&after, venue));
            writes.push(slots::free(before, venue));
            writes.push(Write::delete(keys::date(&show.show_id, before.starts_at, id)));
            writes.push(Write::put(item_of(keys::date(&show.show_id, after.starts_at, id), "date", &after)));
        }
        if moves || OnSale::of([before]) != OnSale::of([&after]) {
            let mut all = self.dates_without(&show.show_id, before).await?;
            all.push(after.clone());
            writes.extend(shows::replace(show, &shows::playing(show, show.performances, &all)));
        }
        writes.extend(self.replace_room(id, details.waiting_room, details.shards).await?);
        if let Err(refusal) = self.transact(writes).await? {
            if refusal.is_of(&keys::performance(id)) {
                return Ok(Replaced::Changed);
            }
            if refusal.is_of(&keys::slot(venue, after.starts_at)) {
                self.clear_slot(id, venue, after.starts_at, now).await?;
            }
            return Ok(Replaced::Around);
        }
        self.caches.listings.forget(id).await;
        self.caches.rooms.forget(id).await;
        Ok(Replaced::Done(after))
    }

    /// The writes that make `policy` the performance's policy. Removing a waiting room keeps its item and its line:
    /// when it is added again, waiting members have their places, and no position is admitted twice.
    async fn replace_room(
        &self,
        id: &PerformanceId,
        policy: Option<WaitingRoomPolicy>,
        shards: u32,
    ) -> Result<Vec<Write>> {
        let Some(policy) = policy else { return Ok(Vec::new()) };
        let there = self.get(&keys::room(id), Consistency::Strong).await?.is_some();
        Ok(if there {
            vec![Write::update(keys::room(id), "SET #policy = :policy").value("policy", attribute(&policy))]
        } else {
            waiting_room::new_room(id, policy, shards)
        })
    }

    /// Deletes a performance of which nobody holds or owns a seat.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::HasReservations`]; [`Error::Busy`].
    pub async fn delete_performance(&self, id: &PerformanceId, now: Timestamp) -> Result<()> {
        let (before, _) = self.open_performance(id, now).await?;
        let frozen = self.freeze(&[before], now).await?.swap_remove(0);
        let deleted = self.delete_frozen(&frozen, now).await;
        if deleted.is_err() {
            self.unfreeze_if_possible(std::slice::from_ref(&frozen)).await;
        }
        self.caches.listings.forget(id).await;
        deleted
    }

    async fn delete_frozen(&self, frozen: &Performance, now: Timestamp) -> Result<()> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let show = self.show(&frozen.show_id).await?.ok_or(Error::NotFound)?;
            show.check_not_frozen(now)?;
            let others = self.dates_without(&show.show_id, frozen).await?;
            let smaller = shows::playing(&show, show.performances.saturating_sub(1), &others);
            let mut writes = shows::delete_performance(frozen, &show).to_vec();
            writes.extend(shows::replace(&show, &smaller));
            let Err(refusal) = self.transact(writes).await? else { return Ok(()) };
            if refusal.is_of(&keys::performance(&frozen.performance_id)) {
                // Others ended the freeze.
                return Err(Error::Busy);
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Recomputes what is on sale for a show, after one of its performances was cancelled.
    ///
    /// # Errors
    /// [`Error::Busy`]; as any read or write.
    pub(crate) async fn look_at_sales(&self, id: &ShowId) -> Result<()> {
        for attempt in 1..=CATALOGUE_RETRIES {
            let Some(show) = self.show(id).await? else { return Ok(()) };
            let on_sale = Some(OnSale::of(&self.dates_of(id).await?));
            if show.on_sale == on_sale {
                return Ok(());
            }
            let after = Show { on_sale, edition: show.edition + 1, ..show.clone() };
            if self.transact(shows::replace(&show, &after)).await?.is_ok() {
                return Ok(());
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// A show's performances except `but`, by start, read consistently.
    async fn dates_without(&self, show: &ShowId, but: &Performance) -> Result<Vec<Performance>> {
        let mut dates = self.dates_of(show).await?;
        dates.retain(|date| date.performance_id != but.performance_id);
        Ok(dates)
    }

    /// A show's performances, by start, read consistently.
    pub(super) async fn dates_of(&self, show: &ShowId) -> Result<Vec<Performance>> {
        let (from, to) = (Timestamp::default(), Timestamp::MAX.plus_seconds(1));
        let range = Range::between(keys::date_prefix(from), keys::date_prefix(to));
        let mut dates = Vec::new();
        let mut after = None;
        while dates.len() <= SHOW_PERFORMANCES_MAX as usize {
            let page = crate::PageRequest { limit: SHOW_PERFORMANCES_MAX, after };
            let found = self.keyed_page(&keys::dates_partition(show), &range, &page).await?;
            dates.extend(found.items.into_iter().map(|(_, performance)| performance));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        Ok(dates)
    }
}

/// The outcome of an attempt to replace a performance.
enum Replaced {
    /// It was replaced; this is the result.
    Done(Performance),
    /// It was changed meanwhile.
    Changed,
    /// Its show or the requested slot was changed meanwhile.
    Around,
}

/// Updates the performance's own item field by field, so that attributes written by others stay.
fn edit(key: keys::Key, after: &Performance) -> Write {
    const EDIT: &str = "SET #starts_at = :starts_at, #sales_open_at = :sales_open_at, #sales_close_at = :sales_close_at, \
        #max_seats_per_member = :max_seats_per_member, #hold_seconds = :hold_seconds, #seating = :seating, \
        #layout = :layout, #has_waiting_room = :has_waiting_room, #revision = :next REMOVE #closing_until";
    Write::update(key, EDIT)
        .value("starts_at", after.starts_at)
        .value("sales_open_at", attribute(&after.sales_open_at))
        .value("sales_close_at", after.sales_close_at)
        .value("max_seats_per_member", after.max_seats_per_member)
        .value("hold_seconds", after.hold_seconds)
        .value("seating", attribute(&after.seating))
        .value("layout", after.layout)
        .value("has_waiting_room", AttributeValue::Bool(after.has_waiting_room))
        .value("next", after.revision)
}
