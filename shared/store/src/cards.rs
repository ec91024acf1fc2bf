//! Card purchases: accepted in one transaction and ended, either way, in another. The calls to the provider in
//! between happen elsewhere.

use crate::{
    Store, admission,
    conditions::{RESERVATION_PENDING, STAKE_IS_LIVE},
    holds::read_stake,
    idempotency::PendingRecord,
    inventory,
    keys::{self, Key, attribute, from_item},
    limits::CARD_STEPS_MAX,
    payments::{Paid, give_back, reservation_item, stake_paid},
    reservations::{Booked, while_confirmed},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    card::CardState,
    hold::Hold,
    ids::MemberId,
    reservation::{CancelReason, Reservation, ReservationStatus},
    waiting_room::Admission,
};

/// The outcome of confirming a purchase.
#[derive(Debug)]
pub enum Confirmed {
    /// The purchase is now confirmed.
    Now,
    /// The purchase was no longer pending; this is its current state.
    Changed(Box<Reservation>),
    /// Its seats belong to somebody else.
    SeatsLost,
}

impl Store {
    /// Accepts a card purchase. Its seats stay held until the payment's deadline, as in `kept`. The member's
    /// admission is parked for the same time and books nothing. The member can take no other hold until the payment
    /// is decided.
    ///
    /// # Errors
    /// In the contract's order: [`Error::HoldExpired`], [`Error::QueueTokenExpired`]; [`Error::Busy`]. If the hold
    /// has just been paid, returns the reservation of that payment; if the hold has changed since it was read,
    /// returns the changed hold.
    pub async fn pay_by_card(
        &self,
        hold: &Hold,
        kept: &Hold,
        pending: &Reservation,
        admission: Option<&Admission>,
        record: Option<&PendingRecord<'_, Reservation>>,
    ) -> Result<Paid> {
        let (member, now) = (pending.buyer.member_id, pending.created_at);
        let mut writes = vec![pending_stake(stake_key(pending), hold)];
        writes.extend(inventory::prolong(hold, kept));
        writes.push(Write::put(reservation_item(pending)).caused_by(self.request()));
        writes.extend(admission.map(|admission| admission::park(admission, kept.expires_at)));
        writes.extend(record.map(|record| record.keep(pending, now)));

        let Err(refusal) = self.transact(writes).await? else { return Ok(Paid::Now) };
        if let Some(stake) = refusal.image(&stake_key(pending)) {
            return self.paid_or_changed(&member, hold, stake, now).await;
        }
        inventory::check_kept(hold, &refusal)?;
        admission::check(admission, &refusal)?;
        // This key already has a response; the retry returns it.
        Err(Error::Busy)
    }

    /// Prolongs a live hold to `kept`, together with its member's admission, because its payment cannot be taken now.
    ///
    /// # Errors
    /// [`Error::HoldExpired`] if it is no longer live; [`Error::QueueTokenExpired`]; [`Error::Busy`].
    pub async fn keep_hold(
        &self,
        member: &MemberId,
        hold: &Hold,
        kept: &Hold,
        admission: Option<&Admission>,
        now: Timestamp,
    ) -> Result<()> {
        let stake = keys::stake(member, hold.performance_id());
        let mut writes = vec![
            Write::update(stake.clone(), "SET #hold = :hold, #hold_until = :hold_until")
                .when(&STAKE_IS_LIVE)
                .value("hold", attribute(kept))
                .value("hold_until", kept.expires_at)
                .value("hold_until_read", hold.expires_at)
                .value("attempt", hold.attempt)
                .value("hold_id", hold.hold_id.to_string()),
        ];
        writes.extend(inventory::prolong(hold, kept));
        writes.extend(admission.map(|admission| admission::keep(admission, kept.expires_at)));
        let Err(refusal) = self.transact(writes).await? else { return Ok(()) };
        if let Some(stake) = refusal.image(&stake) {
            // If it is live, a concurrent refusal has prolonged it.
            return read_stake(Some(stake))?.live_hold_of(&hold.hold_id, now).map(drop);
        }
        admission::check(admission, &refusal)?;
        Err(Error::HoldExpired)
    }

    /// Confirms a pending purchase that was paid by `now`, and sells its seats.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn confirm_pending(&self, pending: &Reservation, now: Timestamp) -> Result<Confirmed> {
        let confirmed = pending.clone().approved(now);
        let Some(hold) = pending.pending_hold() else { return Ok(Confirmed::Changed(Box::new(pending.clone()))) };
        let stake = Write::update(
            stake_key(pending),
            stake_paid!(hold.was_paid_at_once(pending.created_at), "#pending_hold_id"),
        );
        let status = Write::update(key(pending), "SET #status = :confirmed, #card = :card");
        let mut writes = vec![
            status
                .when(&RESERVATION_PENDING)
                .value("pending", attribute(&ReservationStatus::Pending))
                .value("confirmed", attribute(&confirmed.status))
                .value("card", attribute(&confirmed.card)),
            stake.value("zero", 0).value("quantity", pending.seats.len()),
        ];
        writes.extend(inventory::sell(&hold));
        writes.extend(end_parked(pending));
        let Err(refusal) = self.transact(writes).await? else { return Ok(Confirmed::Now) };
        match refusal.image(&key(pending)) {
            Some(found) => Ok(Confirmed::Changed(Box::new(from_item(found)?))),
            None => Ok(Confirmed::SeatsLost),
        }
    }

    /// Ends a pending purchase as `declined`, and returns its seats and the member's admission to `hold`, its
    /// [`Reservation::returned_hold`]. If some of them are gone, ends the purchase as in [`Store::end_pending`].
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn decline_pending(
        &self,
        pending: &Reservation,
        declined: &Reservation,
        hold: &Hold,
    ) -> Result<Reservation> {
        let Some(held) = pending.pending_hold() else { return Ok(pending.clone()) };
        let returned = declined.clone().returned_to(hold);
        let update = "SET #hold = :hold, #hold_until = :hold_until REMOVE #pending_hold_id";
        let stake = Write::update(stake_key(pending), update)
            .value("hold", attribute(hold))
            .value("hold_until", hold.expires_at);
        let mut writes = vec![end_of_pending(&returned).caused_by(self.request()), stake];
        writes.extend(inventory::prolong(&held, hold));
        writes.extend(admission(pending).map(|position| admission::give_back(hold, position)));
        let Err(refusal) = self.transact(writes).await? else { return Ok(returned) };
        match refusal.image(&key(pending)) {
            Some(found) => from_item(found),
            None => self.end_pending(pending, declined).await,
        }
    }

    /// Ends a pending purchase as in `over`: frees the seats it still has, so that its member may hold others.
    /// Returns its final state; it may have been ended or confirmed meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub async fn end_pending(&self, pending: &Reservation, over: &Reservation) -> Result<Reservation> {
        let mut taken = pending.pending_hold().map(|hold| inventory::free_held(&hold)).unwrap_or_default();
        loop {
            let mut writes = vec![
                end_of_pending(over).caused_by(self.request()),
                Write::update(stake_key(pending), "REMOVE #pending_hold_id"),
            ];
            writes.extend(end_parked(pending));
            writes.extend(taken.iter().cloned());
            let Err(refusal) = self.transact(writes).await? else { return Ok(over.clone()) };
            if let Some(found) = refusal.image(&key(over)) {
                return from_item(found);
            }
            // Seats that belong to somebody else by now stay theirs.
            taken.retain(|write| !refusal.is_of(&write.key()));
        }
    }

    /// Cancels a card purchase, pending or confirmed, for `reason`. The provider refunds it afterwards.
    pub(crate) async fn cancel_by_card(
        &self,
        mut booked: Booked,
        reason: &CancelReason,
        now: Timestamp,
    ) -> Result<Booked> {
        for _ in 0..CARD_STEPS_MAX {
            let before = booked.reservation.clone();
            if before.status == ReservationStatus::Cancelled {
                return Ok(booked);
            }
            let over = before.clone().cancel(reason.clone(), now)?;
            booked.reservation = if before.status == ReservationStatus::Pending {
                self.end_pending(&before, &over).await?
            } else {
                self.cancel_confirmed(&over).await?
            };
        }
        Err(Error::Busy)
    }

    async fn cancel_confirmed(&self, over: &Reservation) -> Result<Reservation> {
        let mut writes = vec![while_confirmed(end(over), over).caused_by(self.request())];
        writes.extend(inventory::free_sold(over));
        writes.push(give_back(&over.buyer.member_id, over));
        let Err(refusal) = self.transact(writes).await? else { return Ok(over.clone()) };
        from_item(refusal.image(&key(over)).unwrap_or_default())
    }

    /// Records that the provider keeps no money of an ended purchase. It needs no condition: nothing else changes a
    /// payment that is to be refunded, and recording it twice writes the same value.
    ///
    /// # Errors
    /// As any write.
    pub async fn record_refund(&self, over: &Reservation, state: CardState) -> Result<()> {
        let note = Write::update(key(over), "SET #card.#state = :state").value("state", attribute(&state));
        self.write_always(note).await
    }
}

fn key(reservation: &Reservation) -> Key {
    keys::reservation(&reservation.buyer.member_id, &reservation.reservation_id)
}

fn stake_key(reservation: &Reservation) -> Key {
    keys::stake(&reservation.buyer.member_id, &reservation.sold.performance_id)
}

/// The position whose admission is parked for a pending purchase.
fn admission(pending: &Reservation) -> Option<u64> {
    pending.card.as_ref()?.admission()
}

fn end_parked(pending: &Reservation) -> Option<Write> {
    admission(pending).map(|position| admission::end_parked(&pending.sold.performance_id, position))
}

fn end_of_pending(over: &Reservation) -> Write {
    end(over).when(&RESERVATION_PENDING).value("pending", attribute(&ReservationStatus::Pending))
}

/// The reservation's part of ending a purchase.
fn end(over: &Reservation) -> Write {
    let update = "SET #status = :cancelled, #cancelled_at = :at, #cancel_reason = :reason, #card = :card";
    Write::update(key(over), update)
        .value("cancelled", attribute(&over.status))
        .value("at", attribute(&over.cancelled_at))
        .value("reason", attribute(&over.cancel_reason))
        .value("card", attribute(&over.card))
}

/// The stake's part of a card payment: removes the hold, so that it cannot be paid again or released, and blocks any
/// other.
fn pending_stake(key: Key, hold: &Hold) -> Write {
    Write::update(key, "SET #pending_hold_id = :hold_id REMOVE #hold, #hold_until")
        .when(&STAKE_IS_LIVE)
        .value("hold_until_read", hold.expires_at)
        .value("attempt", hold.attempt)
        .value("hold_id", hold.hold_id.to_string())
}
