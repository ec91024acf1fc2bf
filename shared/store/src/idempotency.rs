//! Responses stored under an `Idempotency-Key`. The operation's own transaction writes the record, so it exists
//! exactly if the operation succeeded; failures leave none. A request whose work had already been done, and that only
//! repeats the result, stores a record by itself.

use crate::{
    Store,
    conditions::NO_RECEIPT,
    db::Consistency,
    keys::{self, Key, from_item, item_of},
    limits::IDEMPOTENCY_KEPT_SECONDS,
    write::Write,
};
use frontrow_domain::{Error, Result, Timestamp, ids::MemberId};
use serde::{Deserialize, Serialize};

/// The key under which a response is stored, and the request that it belongs to.
#[derive(Debug, Clone)]
pub struct IdempotencyRecord {
    /// The member whose key it is.
    pub member_id: MemberId,
    /// The operation's id, part of the key.
    pub operation: &'static str,
    /// The `Idempotency-Key`.
    pub key: String,
    /// A hash of operation, path and parsed body.
    pub fingerprint: String,
}

/// A successful response as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Location` header.
    pub location: Option<String>,
    /// JSON body.
    pub body: String,
}

/// A record with a function that builds the response, once the result is known.
pub struct PendingRecord<'a, T> {
    record: &'a IdempotencyRecord,
    answer: Box<dyn Fn(&T) -> StoredAnswer + Send + Sync + 'a>,
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    fingerprint: String,
    expires_at: Timestamp,
    #[serde(flatten)]
    answer: StoredAnswer,
}

impl<'a, T> PendingRecord<'a, T> {
    /// Combines `record` and `answer`.
    pub fn new(record: &'a IdempotencyRecord, answer: Box<dyn Fn(&T) -> StoredAnswer + Send + Sync + 'a>) -> Self {
        Self { record, answer }
    }

    /// The key of the record.
    pub(crate) fn key(&self) -> Key {
        self.record.key()
    }

    /// The write that stores the response, for the operation's transaction.
    pub(crate) fn keep(&self, done: &T, now: Timestamp) -> Write {
        self.record.keep((self.answer)(done), now)
    }
}

impl IdempotencyRecord {
    fn key(&self) -> Key {
        keys::idempotency_record(&self.member_id, self.operation, &self.key)
    }

    fn keep(&self, answer: StoredAnswer, now: Timestamp) -> Write {
        let expires_at = now.plus_seconds(IDEMPOTENCY_KEPT_SECONDS);
        let item = StoredRecord { fingerprint: self.fingerprint.clone(), expires_at, answer };
        let item = keys::with_ttl(item_of(self.key(), "receipt", &item), expires_at);
        Write::put(item).when(&NO_RECEIPT).value("now", now)
    }
}

impl Store {
    /// The response stored under the record's key, if there is one; otherwise stores `answer` there, if given.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the key belongs to another request.
    pub async fn answer_under(
        &self,
        record: &IdempotencyRecord,
        answer: Option<&StoredAnswer>,
        now: Timestamp,
    ) -> Result<Option<StoredAnswer>> {
        let found = match answer {
            None => self.get(&record.key(), Consistency::Strong).await?,
            Some(answer) => match self.write(record.keep(answer.clone(), now)).await? {
                Ok(_) => return Ok(None),
                Err(found) => found,
            },
        };
        let Some(item) = found else { return Ok(None) };
        let found: StoredRecord = from_item(item)?;
        if found.expires_at <= now {
            return Ok(None);
        }
        if found.fingerprint == record.fingerprint { Ok(Some(found.answer)) } else { Err(Error::IdempotencyKeyReused) }
    }
}
