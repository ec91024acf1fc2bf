//! Pages of a list.

use crate::{
    Store,
    keys::{self, Item, from_item},
};
use aws_sdk_dynamodb::types::AttributeValue;
use frontrow_domain::{Error, Result, limits::PAGE_MAX_READS};
use serde::de::DeserializeOwned;

/// Which page to read.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Most items of it.
    pub limit: u32,
    /// The last sort key of the page before.
    pub after: Option<String>,
}

/// A page.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    /// Its items.
    pub items: Vec<T>,
    /// The last sort key, where there may be more.
    pub next: Option<String>,
}

/// Sort keys that a list is made of: `from <= sk < to`.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) newest_first: bool,
}

/// No sort key begins with less.
const FIRST: &str = "\u{1}";

impl Range {
    /// Everything that begins with `prefix`.
    pub(crate) fn prefix(prefix: &str) -> Self {
        // DynamoDB refuses an empty text in a key's place, which the embedded engine takes.
        let from = if prefix.is_empty() { FIRST } else { prefix };
        Self { from: from.to_owned(), to: format!("{prefix}\u{10ffff}"), newest_first: false }
    }
}

impl Store {
    /// A page of what begins with `prefix`, last sort key first.
    pub(crate) async fn newest_first<T: DeserializeOwned>(
        &self,
        partition: &str,
        prefix: &str,
        page: &PageRequest,
        keep: impl Fn(&T) -> bool,
    ) -> Result<PageOf<T>> {
        let range = Range { newest_first: true, ..Range::prefix(prefix) };
        self.page(partition, range, page, keep).await
    }

    /// A page of `range`, without what `keep` leaves out. Reads on until the page is full or [`PAGE_MAX_READS`] is met,
    /// so a page may be short though more follow.
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
        let mut items = Vec::new();
        let mut after = page.after.clone();
        for _ in 0..PAGE_MAX_READS {
            let read = self.keyed_page(partition, &range, &PageRequest { limit: page.limit, after }).await?;
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

    /// A page of `range` as one read gives it, each item with its sort key.
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
        if after.is_some_and(|after| !(&range.from..=&range.to).contains(&after)) {
            return Err(Error::invalid("cursor", "not a cursor of this list with these filters"));
        }
        let (found, next) = self
            .query(|query| {
                query
                    .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                    .expression_attribute_names("#pk", keys::PK)
                    .expression_attribute_names("#sk", keys::SK)
                    .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
                    .expression_attribute_values(":from", AttributeValue::S(range.from.clone()))
                    .expression_attribute_values(":to", AttributeValue::S(range.to.clone()))
                    .scan_index_forward(!range.newest_first)
                    .consistent_read(true)
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
    fn no_range_begins_with_an_empty_text() {
        let all = Range::prefix("");
        assert!(!all.from.is_empty() && all.from.as_str() < "#" && all.to.as_str() > "힣");
        assert_eq!(Range::prefix("row#").from, "row#");
    }
}
