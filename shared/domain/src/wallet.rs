//! Points: a balance, and a ledger entry for each change of it. Wallets + live payments = top-ups.

use crate::{
    Error, Result, Timestamp,
    ids::{EntryId, ReservationId},
    limits::{BALANCE_MAX_WON, TOP_UP_MAX_WON},
    money::Won,
    number::Whole,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount to top up: 1 to 10,000,000 won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
#[schemars(inline, with = "Whole<1, TOP_UP_MAX_WON>")]
pub struct TopUpAmount(Won);

impl TopUpAmount {
    /// The amount.
    pub fn won(self) -> Won {
        self.0
    }
}

impl TryFrom<i64> for TopUpAmount {
    type Error = String;

    /// # Errors
    /// When the amount is zero, negative or absurd (P1).
    fn try_from(won: i64) -> Result<Self, String> {
        if (1..=TOP_UP_MAX_WON).contains(&won) {
            Ok(Self(Won(won)))
        } else {
            Err(format!("expected 1 to {TOP_UP_MAX_WON}"))
        }
    }
}

/// Why a balance changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum EntryKind {
    /// Points bought.
    TopUp,
    /// Points spent on a reservation.
    Payment,
    /// Points returned by a cancellation.
    Refund,
}

/// One line of a wallet's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Id.
    pub entry_id: EntryId,
    /// Its place in the wallet's history, from 1; the sort key.
    pub seq: u64,
    /// Why.
    pub kind: EntryKind,
    /// By how much; negative for payments.
    pub amount: Won,
    /// Balance afterwards.
    pub balance: Won,
    /// The reservation paid or refunded.
    pub reservation_id: Option<ReservationId>,
    /// When.
    pub created_at: Timestamp,
}

/// A member's points. Every change raises `seq` by one and is conditioned on the `seq` that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wallet {
    /// Points.
    pub balance: Won,
    /// Changes so far.
    pub seq: u64,
    /// When the account was deleted. A closed wallet accepts only refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// A change to be booked: everything of an entry but what the wallet decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Id of the entry.
    pub entry_id: EntryId,
    /// Why.
    pub kind: EntryKind,
    /// By how much; negative for payments.
    pub amount: Won,
    /// The reservation paid or refunded.
    pub reservation_id: Option<ReservationId>,
    /// When.
    pub created_at: Timestamp,
}

impl Wallet {
    /// That it is not closed.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the account was deleted.
    pub fn check_open(self) -> Result<()> {
        if self.closed_at.is_some() { Err(Error::Unauthenticated) } else { Ok(()) }
    }

    /// The entry that `change` makes of this wallet.
    ///
    /// # Errors
    /// [`Error::InsufficientPoints`] where the balance would fall below zero (P2), [`Error::BalanceLimit`] where a top-up
    /// would raise it past what a reader can count, [`Error::Unauthenticated`] when the account was deleted. A refund
    /// is never refused.
    pub fn book(self, change: &Change) -> Result<LedgerEntry> {
        if change.kind != EntryKind::Refund {
            self.check_open()?;
        }
        let balance = self.balance + change.amount;
        if balance < Won(0) {
            return Err(Error::InsufficientPoints { balance: self.balance, required: -change.amount });
        }
        if balance > Won(BALANCE_MAX_WON) && change.kind == EntryKind::TopUp {
            return Err(Error::BalanceLimit { balance: self.balance });
        }
        Ok(LedgerEntry {
            entry_id: change.entry_id.clone(),
            seq: self.seq + 1,
            kind: change.kind,
            amount: change.amount,
            balance,
            reservation_id: change.reservation_id.clone(),
            created_at: change.created_at,
        })
    }
}
