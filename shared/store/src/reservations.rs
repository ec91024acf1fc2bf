//! Purchases: reading them, and cancelling them with a refund in one transaction.

use crate::{
    PageOf, PageRequest, Store,
    conditions::{RESERVATION_CONFIRMED, RESERVATION_UNUSED},
    db::Consistency,
    inventory,
    keys::{self, from_item},
    limits::WALLET_RETRIES,
    mails::Marker,
    payments::give_back,
    wallets::{self, read_wallet},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{EntryId, MemberId, ReservationId},
    reservation::{CancelReason, MailStatus, PaymentMethod, Reservation, ReservationStatus},
    wallet::{Change, EntryKind},
};
use serde::{Deserialize, de::IgnoredAny};
use std::collections::HashMap;

/// A reservation with the progress of its mails.
#[derive(Debug, Clone, Deserialize)]
pub struct Booked {
    /// The reservation itself.
    #[serde(flatten)]
    pub reservation: Reservation,
    /// The item's other attributes, by name.
    #[serde(flatten)]
    beside: HashMap<String, Beside>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Beside {
    Mail(Marker),
    Other(IgnoredAny),
}

impl Booked {
    /// The progress of the latest ticket mail.
    pub fn ticket_mail(&self) -> MailStatus {
        match self.beside.get(&keys::ticket_mail(self.reservation.mailing.number)) {
            Some(Beside::Mail(marker)) => marker.status(),
            Some(Beside::Other(_)) | None => MailStatus::Queued,
        }
    }
}

impl Store {
    /// The member's own reservation.
    ///
    /// # Errors
    /// As any read.
    pub async fn reservation(&self, member: &MemberId, id: &ReservationId) -> Result<Option<Reservation>> {
        Ok(self.booked(member, id).await?.map(|booked| booked.reservation))
    }

    /// The member's own reservation, with the progress of its mails.
    ///
    /// # Errors
    /// As any read.
    pub async fn booked(&self, member: &MemberId, id: &ReservationId) -> Result<Option<Booked>> {
        self.get(&keys::reservation(member, id), Consistency::Strong).await?.map(from_item).transpose()
    }

    /// The member's reservations, newest first; only those with `status`, if given.
    ///
    /// # Errors
    /// As any read.
    pub async fn reservations(
        &self,
        member: &MemberId,
        status: Option<ReservationStatus>,
        page: &PageRequest,
    ) -> Result<PageOf<Booked>> {
        let wanted = |booked: &Booked| status.is_none_or(|status| booked.reservation.status == status);
        self.newest_first(&keys::member_partition(member), keys::RESERVATION_PREFIX, page, wanted).await
    }

    /// Ends a reservation for `reason`, frees its seats and refunds it, in one transaction and once.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PerformanceStarted`]; [`Error::AlreadyCheckedIn`]; [`Error::Busy`]. A
    /// reservation that is already cancelled is returned as it is.
    pub async fn cancel_reservation(
        &self,
        member: &MemberId,
        id: &ReservationId,
        reason: CancelReason,
        entry_id: EntryId,
        now: Timestamp,
    ) -> Result<Booked> {
        let [item, wallet] =
            self.get_two([keys::reservation(member, id), keys::wallet(member)], Consistency::Eventual).await?;
        let item = match item {
            Some(item) => item,
            // It may be too new for an eventual read.
            None => self.get(&keys::reservation(member, id), Consistency::Strong).await?.ok_or(Error::NotFound)?,
        };
        let mut wallet = match wallet {
            Some(item) => read_wallet(Some(item))?,
            None => self.wallet(member).await?,
        };
        let booked: Booked = from_item(item)?;
        if booked.reservation.status == ReservationStatus::Cancelled {
            return Ok(booked);
        }
        if booked.reservation.method == PaymentMethod::Card {
            return self.cancel_by_card(booked, &reason, now).await;
        }
        let cancelled = booked.reservation.clone().cancel(reason.clone(), now)?;
        let change = Change {
            entry_id,
            kind: EntryKind::Refund,
            amount: cancelled.total(),
            reservation_id: Some(id.clone()),
            created_at: now,
        };
        for attempt in 1..=WALLET_RETRIES {
            let entry = wallet.book(&change)?;
            let mut writes = vec![end(&cancelled, now).caused_by(self.request())];
            writes.extend(wallets::book(member, &entry));
            writes.extend(inventory::free_sold(&cancelled));
            writes.push(give_back(member, &cancelled));
            let Err(refusal) = self.transact(writes).await? else {
                return Ok(Booked { reservation: cancelled, ..booked });
            };
            if let Some(found) = refusal.image(&keys::reservation(member, id)) {
                let found: Booked = from_item(found)?;
                return match found.reservation.status {
                    ReservationStatus::Cancelled => Ok(found),
                    _ => Err(found.reservation.cancel(reason, now).err().unwrap_or(Error::Busy)),
                };
            }
            wallet = read_wallet(refusal.image(&keys::wallet(member)))?;
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }
}

fn end(cancelled: &Reservation, now: Timestamp) -> Write {
    let key = keys::reservation(&cancelled.buyer.member_id, &cancelled.reservation_id);
    let write = Write::update(key, "SET #status = :cancelled, #cancelled_at = :now, #cancel_reason = :reason");
    while_confirmed(write, cancelled)
        .value("cancelled", "cancelled")
        .value("reason", keys::attribute(&cancelled.cancel_reason))
        .value("now", now)
}

/// Adds the condition for ending a confirmed reservation as in `cancelled`. An organizer's cancellation also ends
/// reservations with used tickets: everybody is refunded.
pub(crate) fn while_confirmed(write: Write, cancelled: &Reservation) -> Write {
    let write = match cancelled.cancel_reason {
        Some(CancelReason::Organizer(_)) => write.when(&RESERVATION_CONFIRMED),
        _ => write.when(&RESERVATION_UNUSED).value("zero", 0),
    };
    write.value("confirmed", "confirmed")
}
