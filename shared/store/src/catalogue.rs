//! Shows and performances.

use crate::{
    Store,
    db::Consistency,
    keys::{self, from_item},
};
use frontrow_domain::{
    Result,
    ids::{PerformanceId, ShowId},
    performance::{Listing, Performance},
    show::Show,
};

impl Store {
    /// A show.
    ///
    /// # Errors
    /// As any read.
    pub async fn show(&self, id: &ShowId) -> Result<Option<Show>> {
        self.get(&keys::show(id), Consistency::Strong).await?.map(from_item).transpose()
    }

    pub(crate) async fn read_listing(&self, id: &PerformanceId, consistency: Consistency) -> Result<Option<Listing>> {
        let Some(item) = self.get(&keys::performance(id), consistency).await? else { return Ok(None) };
        let performance: Performance = from_item(item)?;
        let Some(item) = self.get(&keys::show(&performance.show_id), consistency).await? else { return Ok(None) };
        Ok(Some(Listing { performance, show: from_item(item)? }))
    }
}
