//! Points. Each change is one update of the wallet, conditioned on the `seq` that was read, together with the ledger
//! entry of the next `seq`. After a lost race it is retried with the returned image, without another read.

use crate::{
    PageOf, PageRequest, Store,
    conditions::{WALLET_IS_OPEN, WALLET_UNCHANGED},
    db::Consistency,
    idempotency::PendingRecord,
    keys::{self, Item, from_item, item_of},
    limits::WALLET_RETRIES,
    write::Write,
};
use frontrow_domain::{
    Error, Result,
    ids::MemberId,
    wallet::{Change, EntryKind, LedgerEntry, Wallet},
};

/// The two writes that book `entry`, the wallet's first.
pub(crate) fn book(member: &MemberId, entry: &LedgerEntry) -> [Write; 2] {
    let wallet = Write::update(keys::wallet(member), "SET #balance = :balance, #seq = :next")
        .when(if entry.kind == EntryKind::Refund { &WALLET_UNCHANGED } else { &WALLET_IS_OPEN })
        .value("balance", entry.balance)
        .value("next", entry.seq)
        .value("seq", entry.seq - 1);
    [wallet, Write::put(item_of(keys::entry(member, entry.seq), "entry", entry))]
}

pub(crate) fn read_wallet(item: Option<Item>) -> Result<Wallet> {
    match item {
        Some(item) if !item.is_empty() => from_item(item),
        _ => Err(Error::internal("read a wallet", "the member has no wallet")),
    }
}

impl Store {
    /// The member's wallet.
    ///
    /// # Errors
    /// [`Error::Internal`] if the member has no wallet.
    pub async fn wallet(&self, member: &MemberId) -> Result<Wallet> {
        read_wallet(self.get(&keys::wallet(member), Consistency::Strong).await?)
    }

    /// Books a top-up.
    ///
    /// # Errors
    /// [`Error::BalanceLimit`]; [`Error::Unauthenticated`] if the account was deleted; [`Error::Busy`] after too many lost
    /// races.
    pub async fn top_up(
        &self,
        member: &MemberId,
        change: &Change,
        record: Option<&PendingRecord<'_, LedgerEntry>>,
    ) -> Result<LedgerEntry> {
        let mut wallet = read_wallet(self.get_known(&keys::wallet(member)).await?)?;
        for attempt in 1..=WALLET_RETRIES {
            let entry = wallet.book(change)?;
            let mut writes = book(member, &entry).to_vec();
            writes.extend(record.map(|record| record.keep(&entry, change.created_at)));
            let Err(refusal) = self.transact(writes).await? else { return Ok(entry) };
            // This key already has a response: after `Busy`, the retry returns it.
            if record.is_some_and(|record| refusal.is_of(&record.key())) {
                return Err(Error::Busy);
            }
            wallet = read_wallet(refusal.image(&keys::wallet(member)))?;
            self.back_off(attempt).await;
        }
        Err(Error::Busy)
    }

    /// The member's ledger, newest first.
    ///
    /// # Errors
    /// As any read.
    pub async fn ledger(&self, member: &MemberId, page: &PageRequest) -> Result<PageOf<LedgerEntry>> {
        self.newest_first(&keys::member_partition(member), keys::ENTRY_PREFIX, page, |_| true).await
    }
}
