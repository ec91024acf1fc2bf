//! Slots: at most one performance starts in a venue at an instant.
//!
//! A show that moves to another venue takes its new slots first and frees the old ones last. If the move dies in
//! between, it leaves slots whose performance does not start there. The next performance that needs such a slot frees
//! it.

use crate::{
    Store,
    conditions::{SLOT_IS_FREE, SLOT_NAMES},
    db::Consistency,
    keys::{self, Item, Key, from_item, item_of},
    write::Write,
};
use frontrow_domain::{Error, Result, Timestamp, ids::PerformanceId, performance::Performance};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct SlotItem {
    performance_id: PerformanceId,
}

/// The performance that has the slot.
fn occupant(item: Item) -> Result<PerformanceId> {
    from_item::<SlotItem>(item).map(|slot| slot.performance_id)
}

/// Takes the slot of a performance in `venue`, if no other performance has it.
pub(super) fn take(performance: &Performance, venue: &str) -> Write {
    let item = SlotItem { performance_id: performance.performance_id.clone() };
    Write::put(item_of(keys::slot(venue, performance.starts_at), "slot", &item))
        .when(&SLOT_IS_FREE)
        .value("performance_id", performance.performance_id.to_string())
}

/// Frees the slot of a performance in `venue`. It needs no condition: while the performance starts there, the slot is
/// its own.
pub(super) fn free(performance: &Performance, venue: &str) -> Write {
    Write::delete(keys::slot(venue, performance.starts_at))
}

impl Store {
    /// Ensures that only `performance` may have the slot at `starts_at` in `venue`.
    ///
    /// # Errors
    /// [`Error::SlotTaken`] if another performance starts there; [`Error::Busy`] while that is being decided.
    pub(super) async fn clear_slot(
        &self,
        performance: &PerformanceId,
        venue: &str,
        starts_at: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        let key = keys::slot(venue, starts_at);
        let Some(item) = self.get(&key, Consistency::Strong).await? else { return Ok(()) };
        let occupant = occupant(item)?;
        if occupant == *performance {
            return Ok(());
        }
        if let Some(found) = self.performance(&occupant).await?.filter(|found| found.starts_at == starts_at)
            && let Some(show) = self.show(&found.show_id).await?
        {
            if show.details.venue.as_str() == venue {
                return Err(Error::SlotTaken);
            }
            // It may be moving here. If that move died, it must not be finished any more.
            show.check_not_frozen(now)?;
            if show.frozen_until.is_some() {
                self.unfreeze_show(&show).await?;
            }
        }
        self.free_slot_of(key, &occupant).await
    }

    /// Frees a slot if `occupant` still has it.
    pub(super) async fn free_slot_of(&self, key: Key, occupant: &PerformanceId) -> Result<()> {
        let delete = Write::delete(key).when(&SLOT_NAMES).value("performance_id", occupant.to_string());
        self.write(delete).await.map(drop)
    }
}
