//! Pages of a list.

use crate::{
    Store,
    db::Consistency,
    keys::{self, Item, from_item},
    limits::{PAGE_MAX_READS, SORT_KEY_MAX_BYTES},
};
use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use frontrow_domain::{Error, Result};
use serde::de::DeserializeOwned;

/// Which page to read.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The maximum number of items.
    pub limit: u32,
    /// The last sort key of the previous page.
    pub after: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    /// Items in the order of the list.
    pub items: Vec<T>,
    /// The last sort key, if there may be more items.
    pub next: Option<String>,
}

/// A range of sort keys.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    keys: Keys,
    newest_first: bool,
    consistency: Consistency,
}

/// The error message for a cursor that does not belong to the list.
pub const NOT_A_CURSOR: &str = "not a cursor of this list and these filters";

/// Bounds that no text of a member or an organizer can pass. After a prefix, a name can continue with any character,
/// so an upper bound is never built by appending the highest one.
#[derive(Debug, Clone)]
enum Keys {
    All,
    Prefix(String),
    /// `from <= sk < to`. DynamoDB includes `to` itself, which is a prefix that no key equals.
    Between(String, String),
}

impl Range {
    /// The whole partition.
    pub(crate) fn all() -> Self {
        Self { keys: Keys::All, newest_first: false, consistency: Consistency::Strong }
    }

    /// All keys that begin with `prefix`, which must not be empty.
    pub(crate) fn prefix(prefix: &str) -> Self {
        Self { keys: Keys::Prefix(prefix.to_owned()), ..Self::all() }
    }

    /// `from <= sk < to`, where no sort key equals `to`.
    pub(crate) fn between(from: String, to: String) -> Self {
        Self { keys: Keys::Between(from, to), ..Self::all() }
    }

    /// The same keys, read eventually at half the price, for data that anybody may see.
    pub(crate) fn eventually(self) -> Self {
        Self { consistency: Consistency::Eventual, ..self }
    }

    /// The same keys in descending order.
    pub(crate) fn newest_first(self) -> Self {
        Self { newest_first: true, ..self }
    }

    /// Whether a page may begin after `sk`. DynamoDB refuses an empty string as a key and keys outside the range; the
    /// embedded engine accepts both.
    fn contains(&self, sk: &str) -> bool {
        match &self.keys {
            Keys::All => !sk.is_empty(),
            Keys::Prefix(prefix) => sk.starts_with(prefix.as_str()),
            Keys::Between(from, to) => (from.as_str()..=to.as_str()).contains(&sk),
        }
    }

    /// Builds the query for these keys of `partition`.
    fn of_partition(&self, query: QueryFluentBuilder, partition: &str) -> QueryFluentBuilder {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let query = query
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":pk", text(partition))
            .scan_index_forward(!self.newest_first);
        match &self.keys {
            Keys::All => query.key_condition_expression("#pk = :pk"),
            Keys::Prefix(prefix) => query
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                .expression_attribute_names("#sk", keys::SK)
                .expression_attribute_values(":prefix", text(prefix)),
            Keys::Between(from, to) => query
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#sk", keys::SK)
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to)),
        }
    }
}

impl Store {
    /// A page of the keys that begin with `prefix`, in descending order.
    pub(crate) async fn newest_first<T: DeserializeOwned>(
        &self,
        partition: &str,
        prefix: &str,
        page: &PageRequest,
        keep: impl Fn(&T) -> bool,
    ) -> Result<PageOf<T>> {
        self.page(partition, Range::prefix(prefix).newest_first(), page, keep).await
    }

    /// A page of `range`, without items that `keep` drops. Reads until the page is full or [`PAGE_MAX_READS`] is
    /// reached, so a page may be short even if more items follow.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor that points outside `range`, which DynamoDB would refuse.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        partition: &str,
        range: Range,
        page: &PageRequest,
        keep: impl Fn(&T) -> bool,
    ) -> Result<PageOf<T>> {
        self.searched_page(partition, range, page, page.limit, keep).await
    }

    /// As [`Store::page`], with `items_a_read` items in each read: more than the page's limit if `keep` drops most of
    /// them.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub(crate) async fn searched_page<T: DeserializeOwned>(
        &self,
        partition: &str,
        range: Range,
        page: &PageRequest,
        items_a_read: u32,
        keep: impl Fn(&T) -> bool,
    ) -> Result<PageOf<T>> {
        let mut items = Vec::new();
        let mut after = page.after.clone();
        for _ in 0..PAGE_MAX_READS {
            let read = self.keyed_page(partition, &range, &PageRequest { limit: items_a_read, after }).await?;
            for (key, value) in read.items {
                if keep(&value) {
                    items.push(value);
                }
                if items.len() == page.limit as usize {
                    return Ok(PageOf { items, next: Some(key) });
                }
            }
            after = read.next;
            if after.is_none() {
                break;
            }
        }
        Ok(PageOf { items, next: after })
    }

    /// A page of `range` from a single read, each item with its sort key.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub(crate) async fn keyed_page<T: DeserializeOwned>(
        &self,
        partition: &str,
        range: &Range,
        page: &PageRequest,
    ) -> Result<PageOf<(String, T)>> {
        let after = page.after.as_ref();
        let fits = |after: &String| after.len() <= SORT_KEY_MAX_BYTES && range.contains(after);
        if !after.is_none_or(fits) {
            return Err(Error::invalid("cursor", NOT_A_CURSOR));
        }
        let (found, next) = self
            .query(|query| {
                range
                    .of_partition(query, partition)
                    .consistent_read(range.consistency.is_strong())
                    .limit(i32::try_from(page.limit).unwrap_or(i32::MAX))
                    .set_exclusive_start_key(after.map(|sk| start_key(partition, sk.clone())))
            })
            .await?;
        let items = found.into_iter().map(|item| Ok((sort_key(&item), from_item(item)?))).collect::<Result<_>>()?;
        Ok(PageOf { items, next: next.as_ref().map(sort_key) })
    }
}

fn start_key(partition: &str, sk: String) -> Item {
    Item::from([
        (keys::PK.to_owned(), AttributeValue::S(partition.to_owned())),
        (keys::SK.to_owned(), AttributeValue::S(sk)),
    ])
}

fn sort_key(item: &Item) -> String {
    item.get(keys::SK).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_starts_only_after_a_key_of_its_range() {
        assert!(Range::all().contains("\u{10ffff}") && !Range::all().contains(""));
        let names = Range::prefix("name#");
        assert!(names.contains("name#\u{10ffff}\u{1}r") && !names.contains("nam") && !names.contains("name$"));
        let dates = Range::between("date#1".to_owned(), "date#2".to_owned());
        assert!(dates.contains("date#1#p") && !dates.contains("date#2#p") && !dates.contains("date#0#p"));
    }
}
