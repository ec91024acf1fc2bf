//! Paying: one read of stake and wallet, one transaction of seats, stake, wallet, entry, reservation and admission.

use crate::{
    Store, claims,
    conditions::STAKE_IS_LIVE,
    db::{Consistency, Refused},
    holds::read_stake,
    keys::{self, Item, item_of},
    receipts::Receipted,
    rooms,
    wallets::{self, read_wallet},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::{Hold, Stake},
    ids::{EntryId, HoldId, MemberId},
    limits::{PAYMENT_ATTEMPTS_MAX, WALLET_RETRIES},
    reservation::{PaymentStatus, Reservation},
    waiting_room::Admission,
    wallet::{Change, EntryKind, Wallet},
};

/// What a member wants to pay, as it was found.
#[derive(Debug)]
pub enum Payable {
    /// A live hold of his own, with the wallet it would be paid from.
    Hold {
        /// The hold.
        hold: Hold,
        /// The wallet; perhaps a moment old.
        wallet: Wallet,
    },
    /// A hold of his own that was paid before.
    Paid(Box<Reservation>),
}

impl Store {
    /// Finds what `hold_id` stands for.
    ///
    /// # Errors
    /// [`Error::HoldExpired`] where the member has no such live hold and none was paid.
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
        // The stake that was read may be older than the hold.
        let stake = read_stake(self.get(&stake_key, Consistency::Strong).await?)?;
        if let Ok(hold) = stake.live_hold_of(hold_id, now) {
            return Ok(Payable::Hold { hold: hold.clone(), wallet: self.wallet(member).await? });
        }
        Ok(Payable::Paid(self.paid_after_all(member, hold_id, stake).await?))
    }

    /// The payment of a hold that `stake` has not, or not live. A lapsed hold is ended first: a payment that is still on its
    /// way, and whose sender gave it up, comes too late from then on.
    async fn paid_after_all(&self, member: &MemberId, hold_id: &HoldId, stake: Stake) -> Result<Box<Reservation>> {
        if let Some(lapsed) = stake.hold.filter(|hold| hold.hold_id == *hold_id) {
            self.free_hold(member, &lapsed, None, None).await?;
        }
        self.purchase_of(member, hold_id).await?.map(Box::new).ok_or(Error::HoldExpired)
    }

    /// The purchase of a hold: of the attempts to pay it the one that was not declined. There is at most one, the last.
    async fn purchase_of(&self, member: &MemberId, hold_id: &HoldId) -> Result<Option<Reservation>> {
        for attempt in 1..=PAYMENT_ATTEMPTS_MAX {
            match self.reservation(member, &hold_id.purchase(attempt)).await? {
                Some(declined) if declined.payment_status() == PaymentStatus::Declined => {}
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    /// Pays `hold` from the buyer's wallet: all or nothing (R1).
    ///
    /// # Errors
    /// In the contract's order: [`Error::HoldExpired`], [`Error::QueueTokenExpired`], [`Error::InsufficientPoints`];
    /// [`Error::Busy`]. Where the hold was paid a moment ago, the reservation of that payment is the answer, and where it is
    /// another than was read, the hold.
    pub async fn pay_with_points(
        &self,
        hold: &Hold,
        mut wallet: Wallet,
        reservation: &Reservation,
        entry_id: EntryId,
        admission: Option<&Admission>,
        receipt: Option<&Receipted<'_, Reservation>>,
    ) -> Result<Paid> {
        let (member, now) = (reservation.buyer.member_id, reservation.created_at);
        let change = Change {
            entry_id,
            kind: EntryKind::Payment,
            amount: -reservation.total(),
            reservation_id: Some(reservation.reservation_id.clone()),
            created_at: now,
        };
        let mut fresh = false;
        for attempt in 1..=WALLET_RETRIES {
            let entry = match wallet.book(&change) {
                Ok(entry) => entry,
                // A wallet that was read a moment ago may be older than the last top-up.
                Err(Error::InsufficientPoints { .. }) if !fresh => {
                    wallet = self.wallet(&member).await?;
                    fresh = true;
                    continue;
                }
                // The points may be gone because this very hold was paid a moment ago.
                Err(error) => {
                    let before = self.purchase_of(&member, &hold.hold_id).await?;
                    return before.map(|paid| Paid::Before(Box::new(paid))).ok_or(error);
                }
            };
            let mut writes = vec![pay_stake(&member, hold, reservation.created_at)];
            writes.extend(wallets::book(&member, &entry));
            let claimed = claims::sell(hold);
            let spots = claimed.len();
            writes.extend(claimed);
            writes.push(Write::put(reservation_item(reservation)).caused_by(self.request()));
            writes.extend(admission.map(rooms::spend_admission));
            writes.extend(receipt.map(|receipt| receipt.keep(reservation, now)));

            let images = match self.transact(writes).await {
                Ok(()) => return Ok(Paid::Now),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(images)) => images,
            };
            match judge(spots, images, admission.is_some()) {
                Obstacle::Wallet(image) => {
                    wallet = read_wallet(Some(image))?;
                    fresh = true;
                }
                Obstacle::Stake(image) => return self.paid_or_changed(&member, hold, image, now).await,
                Obstacle::Seat => return Err(Error::HoldExpired),
                Obstacle::Admission => return Err(Error::QueueTokenExpired),
                Obstacle::Receipt => return Err(Error::Busy),
            }
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// What a hold stands for whose stake is not as it was read, by the stake that stood in the way.
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
    /// This one.
    Now,
    /// One before it.
    Before(Box<Reservation>),
    /// None so far: the hold was prolonged since it was read, or declined, and is to be paid as it is here.
    Changed(Hold),
}

enum Obstacle {
    Stake(Item),
    Seat,
    Admission,
    Wallet(Item),
    Receipt,
}

/// What stood in the way, in the order in which the contract tells it.
fn judge(spots: usize, mut images: Vec<Option<Item>>, admitted: bool) -> Obstacle {
    let failed = |index: usize| images.get(index).is_some_and(Option::is_some);
    if failed(0) {
        Obstacle::Stake(images.swap_remove(0).unwrap_or_default())
    } else if (3..3 + spots).any(failed) {
        Obstacle::Seat
    } else if admitted && failed(3 + spots + 1) {
        Obstacle::Admission
    } else if failed(1) {
        Obstacle::Wallet(images.swap_remove(1).unwrap_or_default())
    } else {
        Obstacle::Receipt
    }
}

/// How a payment updates a stake: its seats count, its holds no longer count as unpaid, and `$removed` goes. The holds are kept
/// for [`give_back`], but not one that was paid at once.
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

fn pay_stake(member: &MemberId, hold: &Hold, now: Timestamp) -> Write {
    Write::update(
        keys::stake(member, hold.performance_id()),
        stake_paid!(hold.was_paid_at_once(now), "#hold, #hold_until"),
    )
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

/// The stake after a cancellation: its seats no longer count, and the unpaid holds that a payment cleared count again. Otherwise
/// a member could keep a seat for ever by paying and cancelling.
pub(crate) fn give_back(member: &MemberId, reservation: &Reservation) -> Write {
    let quantity = i64::try_from(reservation.seats.len()).unwrap_or(i64::MAX);
    Write::update(keys::stake(member, &reservation.sold.performance_id), "REMOVE #cleared_until ADD #paid_seats :minus")
        .value("minus", -quantity)
}
