//! Points: a balance, and a ledger entry for each change. Money is conserved: wallet balances plus live point
//! payments equal total top-ups.

use crate::{
    Error, Result, Timestamp,
    ids::{EntryId, ReservationId},
    limits::{BALANCE_MAX_WON, TOP_UP_MAX_WON},
    money::Won,
    number::Whole,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Amount of a top-up: 1 to 10,000,000 won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
#[schemars(inline, with = "Whole<1, TOP_UP_MAX_WON>")]
pub struct TopUpAmount(Won);

impl TopUpAmount {
    /// The amount in won.
    pub fn won(self) -> Won {
        self.0
    }
}

impl TryFrom<i64> for TopUpAmount {
    type Error = String;

    /// # Errors
    /// If the amount is not within 1 to 10,000,000 won.
    fn try_from(won: i64) -> Result<Self, String> {
        if (1..=TOP_UP_MAX_WON).contains(&won) {
            Ok(Self(Won(won)))
        } else {
            Err(format!("expected a whole number from 1 to {TOP_UP_MAX_WON}"))
        }
    }
}

/// Reason for a change of the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum EntryKind {
    /// Points were added.
    TopUp,
    /// Points paid for a reservation.
    Payment,
    /// Points returned by a cancellation.
    Refund,
}

/// An entry in a wallet's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Time-ordered id of the entry.
    pub entry_id: EntryId,
    /// Position in the wallet's history, from 1; part of the sort key.
    pub seq: u64,
    /// Reason for the change.
    pub kind: EntryKind,
    /// Change of the balance; negative for payments.
    pub amount: Won,
    /// Balance afterwards.
    pub balance: Won,
    /// The reservation that was paid or refunded.
    pub reservation_id: Option<ReservationId>,
    /// When it was booked.
    pub created_at: Timestamp,
}

/// A member's points. Every change increments `seq` and is conditioned on the `seq` that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wallet {
    /// Points, worth one won each.
    pub balance: Won,
    /// Number of changes so far.
    pub seq: u64,
    /// When the account was deleted. A closed wallet accepts only refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// A change to be booked: the part of an entry that does not depend on the wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Time-ordered id of the entry.
    pub entry_id: EntryId,
    /// Reason for the change.
    pub kind: EntryKind,
    /// Change of the balance; negative for payments.
    pub amount: Won,
    /// The reservation that is paid or refunded.
    pub reservation_id: Option<ReservationId>,
    /// When it is booked.
    pub created_at: Timestamp,
}

impl Wallet {
    /// Checks that the wallet is not closed.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if the account was deleted.
    pub fn check_open(self) -> Result<()> {
        if self.closed_at.is_some() { Err(Error::Unauthenticated) } else { Ok(()) }
    }

    /// The ledger entry for `change` to this wallet.
    ///
    /// # Errors
    /// [`Error::InsufficientPoints`] if the balance would fall below zero, [`Error::BalanceLimit`] if a top-up would
    /// raise it above [`BALANCE_MAX_WON`], [`Error::Unauthenticated`] if the account was deleted. A refund is never
    /// refused.
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
