//! The breaker's item: one for all processes, never part of a transaction. Each change builds on the state that was
//! read and requires that it is unchanged.

use crate::{
    Store,
    conditions::BREAKER_UNCHANGED,
    keys::{self, Item, from_item, item_of},
    limits::{BREAKER_RETRIES, COPY_MAX_AGE_MILLIS},
    write::Write,
};
use frontrow_domain::{
    Result, Timestamp,
    breaker::{Breaker, Sample},
};

impl Store {
    /// The breaker, at most a second old.
    ///
    /// # Errors
    /// As any read.
    pub async fn breaker(&self, now: Timestamp) -> Result<Breaker> {
        let mut copy = self.caches.breaker.lock().await;
        if let Some((read_at, breaker)) = &*copy
            && (now.millis() - read_at.millis()).abs() < COPY_MAX_AGE_MILLIS
        {
            return Ok(breaker.clone());
        }
        let found = self.get(&keys::breaker(), crate::db::Consistency::Strong).await?;
        let fresh = read_breaker(found)?;
        *copy = Some((now, fresh.clone()));
        Ok(fresh)
    }

    /// Replaces the breaker by `next`, if it is still the one that `next` was derived from. `false` if another change
    /// came first.
    ///
    /// # Errors
    /// As any write.
    pub async fn change_breaker(&self, next: &Breaker, now: Timestamp) -> Result<bool> {
        let put = Write::put(item_of(keys::breaker(), "breaker", next))
            .when(&BREAKER_UNCHANGED)
            .value("seen", next.epoch.saturating_sub(1));
        let (changed, known) = match self.write(put).await? {
            Ok(_) => (true, next.clone()),
            Err(found) => {
                let found = read_breaker(found)?;
                // This change succeeded and its first response was lost.
                (found == *next, found)
            }
        };
        *self.caches.breaker.lock().await = Some((now, known));
        Ok(changed)
    }

    /// Adds calls that were made while the breaker was closed, which may open it. If too many others add theirs at
    /// the same time, the calls are dropped: the others' calls are a sample, too.
    ///
    /// # Errors
    /// As any write.
    pub async fn count_calls(&self, sample: &Sample, now: Timestamp) -> Result<()> {
        for attempt in 1..=BREAKER_RETRIES {
            let Some(next) = self.breaker(now).await?.note(sample, now) else { return Ok(()) };
            if self.change_breaker(&next, now).await? {
                return Ok(());
            }
            self.back_off(attempt).await;
        }
        Ok(())
    }
}

fn read_breaker(item: Option<Item>) -> Result<Breaker> {
    item.map_or_else(|| Ok(Breaker::default()), from_item)
}
