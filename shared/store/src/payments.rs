//! Paying: one read of stake and wallet, then one transaction of seats, stake, wallet, entry, reservation and
//! admission.

use crate::{
    Store, admission,
    conditions::STAKE_IS_LIVE,
    db::Consistency,
    holds::read_stake,
    idempotency::PendingRecord,
    inventory,
    keys::{self, Item, Key, item_of},
    limits::WALLET_RETRIES,
    wallets::{self, read_wallet},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::{Hold, Stake},
    ids::{EntryId, HoldId, MemberId},
    limits::PAYMENT_ATTEMPTS_MAX,
    reservation::{PaymentStatus, Reservation},
    waiting_room::Admission,
    wallet::{Change, EntryKind, Wallet},
};

/// What a hold id stands for when its member pays.
#[derive(Debug)]
pub enum Payable {
    /// A live hold of the member, with the wallet to pay it from.
    Hold {
        /// The hold to pay.
        hold: Hold,
        /// The wallet, possibly slightly stale.
        wallet: Wallet,
    },
    /// A hold of the member that has been paid.
    Paid(Box<Reservation>),
}

impl Store {
    /// Finds what `hold_id` stands for.
    ///
    /// # Errors
    /// [`Error::HoldExpired`] if the member has no such live hold and it was not paid.
    pub async fn payable(&self, member: &MemberId, hold_id: &HoldId, now: Timestamp) -> Result<Payable> {
        let stake_key = keys::stake(member, hold_id.performance());
        let [stake, wallet] = self.get_two([stake_key.clone(), keys::wallet(member)], Consistency::Eventual).await?;
        if let Ok(hold) = read_stake(stake)?.live_hold_of(hold_id, now) {
            let wallet = match wallet {
                Some(item) => read_wallet(Some(item))?,
                None => self.wallet(member).await?,
            };
            return Ok(Payable::Hold { hold: hold.clone(), wallet });
        }
        if let Some(paid) = self.purchase_of(member, hold_id).await? {
            return Ok(Payable::Paid(Box::new(paid)));
        }
        // The stake may have been read before the hold was stored.
        let stake = read_stake(self.get(&stake_key, Consistency::Strong).await?)?;
        if let Ok(hold) = stake.live_hold_of(hold_id, now) {
            return Ok(Payable::Hold { hold: hold.clone(), wallet: self.wallet(member).await? });
        }
        Ok(Payable::Paid(self.paid_after_all(member, hold_id, stake).await?))
    }

    /// The payment of a hold that is missing or no longer live in `stake`. An expired hold is ended first, so that a
    /// payment still in flight, abandoned by its sender, fails from then on.
    async fn paid_after_all(&self, member: &MemberId, hold_id: &HoldId, stake: Stake) -> Result<Box<Reservation>> {
        if let Some(lapsed) = stake.hold.filter(|hold| hold.hold_id == *hold_id) {
            self.free_hold(member, &lapsed, None, None).await?;
        }
        self.purchase_of(member, hold_id).await?.map(Box::new).ok_or(Error::HoldExpired)
    }

    /// The purchase of a hold: the attempt to pay it that was not declined. There is at most one, the last.
    async fn purchase_of(&self, member: &MemberId, hold_id: &HoldId) -> Result<Option<Reservation>> {
        for attempt in 1..=PAYMENT_ATTEMPTS_MAX {
            match self.reservation(member, &hold_id.purchase(attempt)).await? {
                Some(declined) if declined.payment_status() == PaymentStatus::Declined => {}
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    /// Pays `hold` from the buyer's wallet, in one transaction.
    ///
    /// # Errors
    /// In the contract's order: [`Error::HoldExpired`], [`Error::QueueTokenExpired`], [`Error::InsufficientPoints`];
    /// [`Error::Busy`]. If the hold has just been paid, returns the reservation of that payment; if the hold has
    /// changed since it was read, returns the changed hold.
    pub async fn pay_with_points(
        &self,
        hold: &Hold,
        mut wallet: Wallet,
        reservation: &Reservation,
        entry_id: EntryId,
        admission: Option<&Admission>,
        record: Option<&PendingRecord<'_, Reservation>>,
    ) -> Result<Paid> {
        let (member, now) = (reservation.buyer.member_id, reservation.created_at);
        let change = Change {
            entry_id,
            kind: EntryKind::Payment,
            amount: -reservation.total(),
            reservation_id: Some(reservation.reservation_id.clone()),
            created_at: now,
        };
        let stake = keys::stake(&member, hold.performance_id());
        let mut fresh = false;
        for attempt in 1..=WALLET_RETRIES {
            let entry = match wallet.book(&change) {
                Ok(entry) => entry,
                // The wallet may have been read before the last top-up.
                Err(Error::InsufficientPoints { .. }) if !fresh => {
                    wallet = self.wallet(&member).await?;
                    fresh = true;
                    continue;
                }
                // The points may be gone because this hold has just been paid.
                Err(error) => {
                    let before = self.purchase_of(&member, &hold.hold_id).await?;
                    return before.map(|paid| Paid::Before(Box::new(paid))).ok_or(error);
                }
            };
            let mut writes = vec![pay_stake(stake.clone(), hold, reservation.created_at)];
            writes.extend(wallets::book(&member, &entry));
            writes.extend(inventory::sell(hold));
            writes.push(Write::put(reservation_item(reservation)).caused_by(self.request()));
            writes.extend(admission.map(admission::spend));
            writes.extend(record.map(|record| record.keep(reservation, now)));

            let Err(refusal) = self.transact(writes).await? else { return Ok(Paid::Now) };
            if let Some(stake) = refusal.image(&stake) {
                return self.paid_or_changed(&member, hold, stake, now).await;
            }
            inventory::check_kept(hold, &refusal)?;
            admission::check(admission, &refusal)?;
            // If the wallet was not refused, this key has a response, and the retry returns it.
            let image = refusal.image(&keys::wallet(&member)).ok_or(Error::Busy)?;
            wallet = read_wallet(Some(image))?;
            fresh = true;
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// Resolves a hold whose stake has changed since it was read, from the image of the failed condition.
    pub(crate) async fn paid_or_changed(
        &self,
        member: &MemberId,
        hold: &Hold,
        stake: Item,
        now: Timestamp,
    ) -> Result<Paid> {
        let stake = read_stake(Some(stake))?;
        if let Ok(changed) = stake.live_hold_of(&hold.hold_id, now) {
            return Ok(Paid::Changed(changed.clone()));
        }
        Ok(Paid::Before(self.paid_after_all(member, &hold.hold_id, stake).await?))
    }
}

/// Which request paid.
#[derive(Debug)]
pub enum Paid {
    /// This request.
    Now,
    /// An earlier one.
    Before(Box<Reservation>),
    /// None yet: the hold was prolonged or declined since it was read. Pay this version of it instead.
    Changed(Hold),
}

/// How a payment updates a stake: its seats count, its holds no longer count as unpaid, and `$removed` is removed.
/// The holds are kept for [`give_back`], except one that was paid at once.
macro_rules! stake_paid {
    ($at_once:expr, $removed:literal) => {
        if $at_once {
            concat!(
                "SET #unpaid_third = if_not_exists(#unpaid_second, :zero), #unpaid_second = if_not_exists(#unpaid_first, :zero), \
                 #unpaid_first = :zero, #cleared_until = if_not_exists(#unpaid_third, :zero) ADD #paid_seats :quantity REMOVE ",
                $removed
            )
        } else {
            concat!(
                "SET #cleared_until = if_not_exists(#unpaid_third, :zero) ADD #paid_seats :quantity REMOVE ",
                $removed
            )
        }
    };
}
pub(crate) use stake_paid;

fn pay_stake(key: Key, hold: &Hold, now: Timestamp) -> Write {
    Write::update(key, stake_paid!(hold.was_paid_at_once(now), "#hold, #hold_until"))
        .value("zero", 0)
        .when(&STAKE_IS_LIVE)
        .value("hold_id", hold.hold_id.to_string())
        .value("hold_until_read", hold.expires_at)
        .value("attempt", hold.attempt)
        .value("quantity", hold.seats.len())
}

/// A reservation as an item. `ticket_mail` and `cancellation_mail` are the mailer's markers; see [`crate::mails`].
pub(crate) fn reservation_item(reservation: &Reservation) -> Item {
    item_of(keys::reservation(&reservation.buyer.member_id, &reservation.reservation_id), "reservation", reservation)
}

/// The stake's part of a cancellation: its seats no longer count, and the unpaid holds that its payment cleared count
/// again. Otherwise a member could keep a seat forever by paying and cancelling.
pub(crate) fn give_back(member: &MemberId, reservation: &Reservation) -> Write {
    let quantity = i64::try_from(reservation.seats.len()).unwrap_or(i64::MAX);
    Write::update(keys::stake(member, &reservation.sold.performance_id), "REMOVE #cleared_until ADD #paid_seats :minus")
        .value("minus", -quantity)
}
