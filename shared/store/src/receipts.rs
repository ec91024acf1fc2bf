//! Answers kept under an `Idempotency-Key`. A receipt is put by the operation's own transaction, so it exists exactly when
//! the operation was done; only successes leave one. What had been done before, and is only told again, leaves one of its own.

use crate::{
    Store,
    conditions::NO_RECEIPT,
    db::{Consistency, Refused},
    keys::{self, from_item, item_of},
    write::Write,
};
use frontrow_domain::{Error, Result, Timestamp, ids::MemberId, limits::IDEMPOTENCY_KEPT_SECONDS};
use serde::{Deserialize, Serialize};

/// Under what an answer is kept, and what was asked.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Whose key it is.
    pub member_id: MemberId,
    /// The operation.
    pub operation: &'static str,
    /// The `Idempotency-Key`.
    pub key: String,
    /// A hash of operation, path and parsed body.
    pub fingerprint: String,
}

/// A success as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// Status.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// JSON body.
    pub body: String,
}

/// A receipt with the way to tell the answer, once it is known what was done.
pub struct Receipted<'a, T> {
    receipt: &'a Receipt,
    answer: Box<dyn Fn(&T) -> StoredAnswer + Send + Sync + 'a>,
}

#[derive(Serialize, Deserialize)]
struct ReceiptItem {
    fingerprint: String,
    expires_at: Timestamp,
    #[serde(flatten)]
    answer: StoredAnswer,
}

impl<'a, T> Receipted<'a, T> {
    /// Joins the two.
    pub fn new(receipt: &'a Receipt, answer: Box<dyn Fn(&T) -> StoredAnswer + Send + Sync + 'a>) -> Self {
        Self { receipt, answer }
    }

    /// The write that keeps the answer, for the operation's transaction.
    pub(crate) fn keep(&self, done: &T, now: Timestamp) -> Write {
        self.receipt.keep((self.answer)(done), now)
    }
}

impl Receipt {
    fn keep(&self, answer: StoredAnswer, now: Timestamp) -> Write {
        let expires_at = now.plus_seconds(IDEMPOTENCY_KEPT_SECONDS);
        let item = ReceiptItem { fingerprint: self.fingerprint.clone(), expires_at, answer };
        let key = keys::receipt(&self.member_id, self.operation, &self.key);
        let item = keys::with_ttl(item_of(key, "receipt", &item), expires_at);
        Write::put(item).when(&NO_RECEIPT).value("now", now)
    }
}

impl Store {
    /// The answer kept under the receipt's key, if there is one; else `told` is kept there from now on, if there is such.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when it answered another request.
    pub async fn answer_under(
        &self,
        receipt: &Receipt,
        told: Option<&StoredAnswer>,
        now: Timestamp,
    ) -> Result<Option<StoredAnswer>> {
        let found = match told {
            None => {
                let key = keys::receipt(&receipt.member_id, receipt.operation, &receipt.key);
                self.get(&key, Consistency::Strong).await?
            }
            Some(told) => match self.write(receipt.keep(told.clone(), now)).await {
                Ok(_) => return Ok(None),
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::Conditions(mut images)) => images.pop().flatten(),
            },
        };
        let Some(item) = found else { return Ok(None) };
        let found: ReceiptItem = from_item(item)?;
        if found.expires_at <= now {
            return Ok(None);
        }
        if found.fingerprint == receipt.fingerprint { Ok(Some(found.answer)) } else { Err(Error::IdempotencyKeyReused) }
    }
}
