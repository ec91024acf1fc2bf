//! Lists of shows. Each order has its own partition, so that a page is one query, or a few if filters drop many
//! shows.

use crate::{
    PageOf, PageRequest, Store, keys,
    limits::{CATALOGUE_CALLS_AT_ONCE, RANGE_PROBES_MAX, SHOWS_MAX_READS, SHOWS_READ_ITEMS},
    page::Range,
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{
    Result, Timestamp,
    show::{Plays, Show, ShowFilter, ShowOrder},
};
use futures_util::{StreamExt, TryStreamExt, stream};

impl Store {
    /// A page of the shows that match `filter`, in `order`. A page may be short even if more shows follow: it ends
    /// after [`SHOWS_MAX_READS`] reads, after one large read, or after [`RANGE_PROBES_MAX`] queries of the dates of
    /// shows.
    ///
    /// # Errors
    /// [`frontrow_domain::Error::Invalid`] for a cursor of another list.
    pub async fn shows(
        &self,
        order: ShowOrder,
        filter: &ShowFilter,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<PageOf<Show>> {
        let (partition, range) = listed(order, page.after.is_none().then_some(now));
        let looked = if filter.leaves_all() { page.limit } else { SHOWS_READ_ITEMS };
        let mut items = Vec::new();
        let mut after = page.after.clone();
        let mut probes = 0;
        for _ in 0..SHOWS_MAX_READS {
            let wanted = PageRequest { limit: looked, after: after.clone() };
            let read = self.keyed_page(partition, &range, &wanted).await?;
            // Fewer items than requested although more follow: the read returned 1 MB, which is enough for one page.
            let count = read.items.len();
            let plays: Vec<_> =
                read.items.iter().map(|(_, show)| filter.describes(show).then(|| filter.plays(show))).collect();
            let asked = plays.iter().filter(|plays| **plays == Some(Plays::Perhaps)).count();
            let answers: Vec<_> =
                read.items.iter().zip(&plays).map(|((_, show), plays)| self.fits(show, filter, *plays)).collect();
            let fits: Vec<bool> = stream::iter(answers).buffered(CATALOGUE_CALLS_AT_ONCE).try_collect().await?;
            for ((key, show), fits) in read.items.into_iter().zip(fits) {
                after = Some(key);
                if fits {
                    items.push(show);
                }
                if items.len() == page.limit as usize {
                    return Ok(PageOf { items, next: after });
                }
            }
            after = read.next;
            probes += asked;
            if after.is_none() || probes >= RANGE_PROBES_MAX || count < looked as usize {
                break;
            }
        }
        Ok(PageOf { items, next: after })
    }

    async fn fits(&self, show: &Show, filter: &ShowFilter, plays: Option<Plays>) -> Result<bool> {
        match plays {
            None | Some(Plays::Never) => Ok(false),
            Some(Plays::Certainly) => Ok(true),
            Some(Plays::Perhaps) => self.plays_between(show, filter).await,
        }
    }

    /// Whether a performance of the show starts within the range.
    async fn plays_between(&self, show: &Show, filter: &ShowFilter) -> Result<bool> {
        let from = filter.from.unwrap_or_default();
        let to = filter.to.unwrap_or(Timestamp::MAX.plus_seconds(1));
        if from >= to {
            return Ok(false);
        }
        let (dates, _) = self
            .query(|query| {
                query
                    .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                    .expression_attribute_names("#pk", keys::PK)
                    .expression_attribute_names("#sk", keys::SK)
                    .expression_attribute_values(":pk", AttributeValue::S(keys::dates_partition(&show.show_id)))
                    .expression_attribute_values(":from", AttributeValue::S(keys::date_prefix(from)))
                    .expression_attribute_values(":to", AttributeValue::S(keys::date_prefix(to)))
                    .limit(1)
            })
            .await?;
        Ok(!dates.is_empty())
    }
}

/// Partition and range of an order; the range starts at `now` if the order depends on it. A cursor stays in the range
/// it was made in, so a further page begins where the first did.
fn listed(order: ShowOrder, now: Option<Timestamp>) -> (&'static str, Range) {
    let (partition, range) = match order {
        ShowOrder::Recent => (keys::SHOWS, Range::all().newest_first()),
        ShowOrder::Title => (keys::SHOWS_BY_TITLE, Range::all()),
        ShowOrder::Ending => {
            let from = keys::ending_prefix(now.unwrap_or_default());
            (keys::SHOWS_BY_ENDING, Range::between(from, keys::ending_prefix(Timestamp::MAX.plus_seconds(1))))
        }
    };
    (partition, range.eventually())
}
