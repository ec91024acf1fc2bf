//! Updates the reservations of a renamed or deleted member: each gets the new name, or loses name and address.
//!
//! Access tokens issued before the change can still create reservations for half an hour, and a card payment that was in
//! flight when the account was deleted may still be accepted. The message therefore repeats until both are past. A purchase
//! of a deleted member is cancelled and refunded.
//!
//! All values are read from the profile, so repeated, late and reordered messages are harmless.

use super::{CancelReservations, FollowUp};
use crate::{
    limits::{MEMBER_FOLLOWED_EVERY_SECONDS, MEMBER_FOLLOWED_SECONDS},
    queue::Outgoing,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{EntryId, MemberId, RequestId},
    reservation::{Buyer, CancelReason, Reservation},
};
use frontrow_edge::entropy;
use frontrow_store::{Account, is_upcoming};

impl CancelReservations {
    /// Updates one page of a member's reservations, and sends a message for the next page or the next pass.
    pub(super) async fn follow(
        &self,
        member_id: MemberId,
        changed_at: Timestamp,
        after: Option<String>,
        request: Option<RequestId>,
    ) -> Result<()> {
        let now = self.clock.now();
        let account = self.store.account(&member_id).await?;
        if account.changed_at() != Some(changed_at) {
            // A later change has its own message.
            return Ok(());
        }
        let is_last = changed_at.plus_seconds(MEMBER_FOLLOWED_SECONDS) <= now;
        let page = self.store.followed_page(&member_id, after.clone()).await?;
        let mut is_done = true;
        for reservation in &page.items {
            is_done &= self.follow_one(&account, reservation, now).await?;
        }
        let message = |after| FollowUp::Member { member_id, changed_at, after }.message().caused_by(request.clone());
        let later = |message| Outgoing { delay_seconds: LOOK_AGAIN_SECONDS, ..message };
        let mut messages = Vec::new();
        if is_last && !is_done {
            messages.push(later(message(after)));
        }
        match page.next {
            Some(next) => messages.push(message(Some(next))),
            None => {
                if matches!(account, Account::Deleted { .. }) {
                    self.store.forget_sessions(&member_id).await?;
                }
                if !is_last {
                    messages.push(later(message(None)));
                }
            }
        }
        let sent = self.sender.send(&messages).await;
        sent.map_err(|_| Error::internal("update a member's reservations", "the next message was not accepted"))
    }

    /// Updates one reservation. Returns whether it needs no further update.
    async fn follow_one(&self, account: &Account, reservation: &Reservation, now: Timestamp) -> Result<bool> {
        let buyer = &reservation.buyer;
        let next = match account {
            Account::Live(known) => buyer.clone().renamed(known.member.name.clone()),
            Account::Deleted { .. } => {
                self.cancel_upcoming(reservation, now).await?;
                buyer.clone().erased()
            }
            Account::Unknown => return Ok(true),
        };
        if *buyer != next {
            self.store.replace_buyer(reservation, &next).await?;
            return Ok(false);
        }
        if buyer.former_names.is_empty() {
            return Ok(true);
        }
        let is_listed = self.store.is_listed_by_name(reservation).await?;
        if is_listed {
            self.store.replace_buyer(reservation, &Buyer { former_names: Vec::new(), ..next }).await?;
        }
        Ok(is_listed)
    }

    /// Cancels a purchase that was accepted while its member deleted the account.
    async fn cancel_upcoming(&self, reservation: &Reservation, now: Timestamp) -> Result<()> {
        if !is_upcoming(reservation, now) {
            return Ok(());
        }
        let (member, id) = (&reservation.buyer.member_id, &reservation.reservation_id);
        let entry_id = EntryId::new(entropy::fresh_uuid());
        match self.store.cancel_reservation(member, id, CancelReason::Member, entry_id, now).await {
            Ok(_) | Err(Error::PerformanceStarted | Error::AlreadyCheckedIn { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Delay between two passes, as SQS expects it.
#[expect(clippy::cast_possible_truncation, reason = "SQS delays a message for 900 seconds at most")]
const LOOK_AGAIN_SECONDS: i32 = MEMBER_FOLLOWED_EVERY_SECONDS as i32;
