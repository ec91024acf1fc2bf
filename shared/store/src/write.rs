//! A write with its condition, in one form for single calls and transactions.

use crate::{
    conditions::Condition,
    keys::{Item, Key, REQUEST_ID},
};
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem, Update,
};
use frontrow_domain::ids::RequestId;
use std::{borrow::Cow, collections::HashMap};

/// A put, update or delete, with its condition.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Put { item: Item, guard: Guard },
    Update { key: Key, update: Cow<'static, str>, guard: Guard },
    Delete { key: Key, guard: Guard },
}

/// A condition, with the names and values of all expressions of the write.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    condition: Option<&'static str>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Guard {
    pub(crate) fn condition(&self) -> Option<String> {
        self.condition.map(str::to_owned)
    }
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
    /// Maps every `#name` of an expression to the attribute of that name.
    fn name_all(&mut self, expression: &str) {
        let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
        for part in expression.split('#').skip(1) {
            let name = word(part);
            self.names.entry(format!("#{name}")).or_insert(name);
        }
    }
}

impl Write {
    /// Puts a whole item.
    pub(crate) fn put(item: Item) -> Self {
        Self::Put { item, guard: Guard::default() }
    }
    /// Updates attributes; `#name` in the expression stands for the attribute `name`.
    pub(crate) fn update(key: Key, update: &'static str) -> Self {
        let mut guard = Guard::default();
        guard.name_all(update);
        Self::Update { key, update: update.into(), guard }
    }
    /// Deletes an item.
    pub(crate) fn delete(key: Key) -> Self {
        Self::Delete { key, guard: Guard::default() }
    }

    /// Writes only if `condition` holds.
    pub(crate) fn when(mut self, condition: &'static Condition) -> Self {
        let guard = self.guard();
        guard.condition = Some(condition.expression);
        guard.name_all(condition.expression);
        self
    }

    /// Sets the value of `:name`, which is passed without the colon.
    pub(crate) fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.guard().values.insert(format!(":{name}"), value.into().0);
        self
    }

    /// Adds the request that caused the write, if known, so that messages that follow from the item name it. An
    /// update must have a `SET` clause.
    pub(crate) fn caused_by(mut self, request: Option<&RequestId>) -> Self {
        let Some(request) = request else { return self };
        let id = AttributeValue::S(request.as_str().to_owned());
        match &mut self {
            Self::Put { item, .. } => drop(item.insert(REQUEST_ID.to_owned(), id)),
            Self::Update { update, guard, .. } => {
                *update = update.replacen("SET ", "SET #request_id = :request_id, ", 1).into();
                guard.names.insert("#request_id".to_owned(), REQUEST_ID.to_owned());
                guard.values.insert(":request_id".to_owned(), id);
            }
            Self::Delete { .. } => {}
        }
        self
    }

    /// Makes `#name` stand for the attribute `attribute` instead.
    pub(crate) fn naming(mut self, name: &str, attribute: &str) -> Self {
        self.guard().names.insert(format!("#{name}"), attribute.to_owned());
        self
    }

    /// The key of the item that it writes.
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Put { item, .. } => Key::of(item),
            Self::Update { key, .. } | Self::Delete { key, .. } => key.clone(),
        }
    }

    fn guard(&mut self) -> &mut Guard {
        match self {
            Self::Put { guard, .. } | Self::Update { guard, .. } | Self::Delete { guard, .. } => guard,
        }
    }

    /// Converts the write into a part of a transaction.
    pub(crate) fn into_transaction(self, table: &str) -> TransactWriteItem {
        const COMPLETE: &str = "table, key and expression are set";
        let item = TransactWriteItem::builder();
        match self {
            Self::Put { item: attributes, guard } => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(attributes))
                    .set_condition_expression(guard.condition())
                    .set_expression_attribute_names(guard.names())
                    .set_expression_attribute_values(guard.values())
                    .return_values_on_condition_check_failure(AllOld)
                    .build()
                    .expect(COMPLETE),
            ),
            Self::Update { key, update, guard } => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .update_expression(update)
                    .set_condition_expression(guard.condition())
                    .set_expression_attribute_names(guard.names())
                    .set_expression_attribute_values(guard.values())
                    .return_values_on_condition_check_failure(AllOld)
                    .build()
                    .expect(COMPLETE),
            ),
            Self::Delete { key, guard } => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.into()))
                    .set_condition_expression(guard.condition())
                    .set_expression_attribute_names(guard.names())
                    .set_expression_attribute_values(guard.values())
                    .return_values_on_condition_check_failure(AllOld)
                    .build()
                    .expect(COMPLETE),
            ),
        }
        .build()
    }
}

/// A value of an expression.
pub(crate) struct Value(AttributeValue);

impl From<AttributeValue> for Value {
    fn from(value: AttributeValue) -> Self {
        Self(value)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(AttributeValue::S(text.to_owned()))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(AttributeValue::S(text))
    }
}
impl From<frontrow_domain::Timestamp> for Value {
    fn from(moment: frontrow_domain::Timestamp) -> Self {
        moment.millis().into()
    }
}
impl From<frontrow_domain::money::Won> for Value {
    fn from(amount: frontrow_domain::money::Won) -> Self {
        amount.0.into()
    }
}
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Self(AttributeValue::N(number.to_string()))
            }
        }
    )*};
}
numbers!(i32, i64, u8, u32, u64, usize);
