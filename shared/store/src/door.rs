//! Tickets after the sale: check-in, reissue, mailing again. Each is one conditional update of the reservation.

use crate::{
    Booked, Store,
    conditions::{TICKET_IS_GOOD, TICKET_IS_REISSUABLE, TICKETS_ARE_MAILABLE},
    keys::{self, attribute, from_item},
    limits::TICKET_RETRIES,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    door::{CheckIn, Door},
    ids::{MemberId, ReservationId, TicketId},
    mailing::Occasion,
    reservation::{Reservation, ReservationStatus},
    ticket_code::TicketClaim,
};

impl Store {
    /// Checks a ticket in, once. It is one write without a read: the code contains the item's key, and the image of a
    /// failed condition contains the reason. Returns the reservation and when the ticket was used.
    ///
    /// # Errors
    /// [`Error::ReservationCancelled`], [`Error::TicketReissued`], [`Error::AlreadyCheckedIn`], in this order;
    /// [`Error::InvalidTicket`] if there is no such ticket.
    pub async fn check_in(&self, claim: &TicketClaim, now: Timestamp) -> Result<(Reservation, Timestamp)> {
        let ticket_id = &claim.ticket_id;
        let check_in = CheckIn { at: now, scan: (self.entropy.uuid)().simple().to_string() };
        let key = keys::reservation(&claim.member_id, ticket_id.reservation());
        let write = Write::update(key, "SET #door.#check_ins.#ticket = :check_in")
            .when(&TICKET_IS_GOOD)
            .naming("ticket", &Door::name(ticket_id))
            .value("confirmed", attribute(&ReservationStatus::Confirmed))
            .value("generation", claim.generation)
            .value("check_in", attribute(&check_in));
        match self.write(write).await? {
            Ok(item) => Ok((from_item(item)?, now)),
            Err(found) => {
                let reservation: Reservation = from_item(found.ok_or(Error::InvalidTicket)?)?;
                match reservation.refusal(claim) {
                    // This call succeeded and its first response was lost.
                    Error::AlreadyCheckedIn { checked_in_at }
                        if reservation.door.check_in(ticket_id) == Some(&check_in) =>
                    {
                        Ok((reservation, checked_in_at))
                    }
                    refusal => Err(refusal),
                }
            }
        }
    }

    /// Invalidates the ticket's codes so far, and requests a mail with the new one. Concurrent reissues of one ticket
    /// count as one: they share the new code.
    ///
    /// # Errors
    /// [`Error::NotFound`] unless it is a valid ticket of the member; [`Error::AlreadyCheckedIn`];
    /// [`Error::TooManyRequests`]; [`Error::Busy`].
    pub async fn reissue_ticket(&self, member: &MemberId, ticket_id: &TicketId, now: Timestamp) -> Result<Reservation> {
        let key = keys::reservation(member, ticket_id.reservation());
        let mut reservation = self.reservation(member, ticket_id.reservation()).await?.ok_or(Error::NotFound)?;
        let generation = reservation.next_generation(ticket_id)?;
        for attempt in 1..=TICKET_RETRIES {
            let mailing = reservation.mailing.next(Occasion::Reissue, now)?;
            let write = Write::update(key.clone(), "SET #door.#generations.#ticket = :generation, #mailing = :mailing")
                .when(&TICKET_IS_REISSUABLE)
                .naming("ticket", &Door::name(ticket_id))
                .value("confirmed", attribute(&ReservationStatus::Confirmed))
                .value("seen", reservation.mailing.number)
                .value("generation", generation)
                .value("mailing", attribute(&mailing))
                .caused_by(self.request());
            reservation = match self.write(write).await? {
                Ok(item) => return from_item(item),
                Err(found) => from_item(found.ok_or(Error::NotFound)?)?,
            };
            if reservation.next_generation(ticket_id)? > generation {
                return Ok(reservation);
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Requests one more mail with all tickets. Concurrent requests count as one and send one mail.
    ///
    /// # Errors
    /// [`Error::NotFound`], also while the reservation is pending; [`Error::ReservationCancelled`];
    /// [`Error::TooManyRequests`].
    pub async fn mail_tickets(&self, member: &MemberId, id: &ReservationId, now: Timestamp) -> Result<Booked> {
        let booked = self.booked(member, id).await?.ok_or(Error::NotFound)?;
        check_mailable(&booked)?;
        let mailing = booked.reservation.mailing.next(Occasion::Request, now)?;
        let write = Write::update(keys::reservation(member, id), "SET #mailing = :mailing")
            .when(&TICKETS_ARE_MAILABLE)
            .value("confirmed", attribute(&ReservationStatus::Confirmed))
            .value("seen", booked.reservation.mailing.number)
            .value("mailing", attribute(&mailing))
            .caused_by(self.request());
        match self.write(write).await? {
            Ok(item) => from_item(item),
            Err(found) => {
                let booked = from_item(found.ok_or(Error::NotFound)?)?;
                check_mailable(&booked)?;
                Ok(booked)
            }
        }
    }
}

fn check_mailable(booked: &Booked) -> Result<()> {
    match booked.reservation.status {
        ReservationStatus::Confirmed => Ok(()),
        ReservationStatus::Cancelled => Err(Error::ReservationCancelled),
        ReservationStatus::Pending => Err(Error::NotFound),
    }
}
