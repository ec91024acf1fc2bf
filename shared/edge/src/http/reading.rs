//! Parses a request's body or query into its type, and names every invalid field.
//!
//! serde stops at the first error. So a value that failed is parsed again with the known faulty fields last in their
//! objects, until only these are left. Messages never quote a value, because it may be a password or a card number.

use crate::json::{Json, field_path, item_path};
use frontrow_domain::{Error, FieldError, FieldErrors, UNKNOWN_FIELD};
use schemars::{Schema, SchemaGenerator};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashSet},
};

mod fault;
mod shown;

use fault::{Fault, MISSING};
use shown::{fields_of, without_indexes};

/// Maximum number of reported errors; more do not help anybody.
const FAULTS_MAX: usize = 50;
/// Longest name of an unknown field that a response quotes.
const UNKNOWN_NAME_MAX_CHARS: usize = 64;

/// The schema of a response; see [`crate::Endpoint::SHOWN`].
pub type Shown = fn(&mut SchemaGenerator) -> Schema;

/// The source of a value.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// A body. Response fields that the type does not have are ignored.
    Body(Option<Shown>),
    /// A query, in which numbers are strings.
    Query,
}

/// Parses a JSON body as a `T`, in the same way as an endpoint.
///
/// # Errors
/// [`Error::Invalid`] names every invalid field and quotes no value.
pub fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let read = Json::parse(bytes).and_then(|sent| read(&sent, Source::Body(None)));
    read.map_err(Error::Invalid)
}

/// Parses `sent` as a `T`.
///
/// # Errors
/// Every field that is missing, unknown, repeated or malformed. Rules over several fields are checked once each field
/// is valid by itself.
pub(crate) fn read<T: DeserializeOwned>(sent: &Json, source: Source) -> Result<T, FieldErrors> {
    let whole = match source {
        Source::Body(_) => "body",
        Source::Query => "query",
    };
    if !matches!(sent, Json::Object(_)) {
        return Err(FieldErrors::one(whole, "expected an object"));
    }
    let mut repeated = Vec::new();
    sent.repeated("", &mut repeated);
    let faults = repeated.into_iter().map(|path| FieldError::new(path, "is repeated")).collect();
    let pass = RefCell::new(Pass { source, faults, known: HashSet::new(), thorough: false, shown: None });
    let root = || At { value: Some(sent), path: String::new(), pass: &pass };
    if let (Ok(value), true) = (T::deserialize(root()), pass.borrow().faults.is_empty()) {
        return Ok(value);
    }
    pass.borrow_mut().thorough = true;
    while let Err(fault) = T::deserialize(root()) {
        if !pass.borrow_mut().learn(fault) {
            break;
        }
    }
    let mut faults = pass.into_inner().faults;
    faults.truncate(FAULTS_MAX);
    for fault in &mut faults {
        if fault.field.is_empty() {
            whole.clone_into(&mut fault.field);
        }
    }
    Err(FieldErrors(faults))
}

/// State shared by all passes over one value.
struct Pass {
    source: Source,
    faults: Vec<FieldError>,
    /// Paths of values whose errors are all reported.
    known: HashSet<String>,
    /// Whether an earlier pass failed: then objects report their missing fields.
    thorough: bool,
    /// Paths of the response's fields, once they are needed.
    shown: Option<BTreeSet<String>>,
}

impl Pass {
    /// Reports a new fault. A known fault recurs only if the rest of its object is valid or known; then the whole
    /// object becomes known. Returns whether another pass may find more.
    fn learn(&mut self, fault: Fault) -> bool {
        let mut at = fault.at.unwrap_or_default();
        if self.known.insert(at.clone()) {
            self.faults.extend(fault.errors);
        } else {
            while !at.is_empty() && !self.known.insert(at.clone()) {
                at.truncate(at.rfind(['.', '[']).unwrap_or_default());
            }
        }
        !at.is_empty() && self.faults.len() < FAULTS_MAX
    }

    /// Whether the response has a field at `path`, so that callers may send it back.
    fn is_shown(&mut self, path: &str) -> bool {
        let Source::Body(Some(schema)) = self.source else { return false };
        self.shown.get_or_insert_with(|| fields_of(schema)).contains(&without_indexes(path))
    }

    fn unknown(&mut self, path: &str, name: &str) {
        let inner = field_path(path, name);
        if !self.is_shown(&inner) && self.known.insert(inner) {
            let name: String = name.chars().take(UNKNOWN_NAME_MAX_CHARS).collect();
            self.faults.push(FieldError::new(field_path(path, &name), UNKNOWN_FIELD));
        }
    }
}

/// A value at its path; `None` for a field that its object does not have.
struct At<'a> {
    value: Option<&'a Json>,
    path: String,
    pass: &'a RefCell<Pass>,
}

impl<'a> At<'a> {
    fn inner(&self, value: Option<&'a Json>, path: String) -> Self {
        Self { value, path, pass: self.pass }
    }

    /// Parses the value. A rule of its type reports this value, not the object that contains it.
    fn give<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Fault> {
        let path = self.path.clone();
        seed.deserialize(self).map_err(|fault| fault.at(&path))
    }

    fn value(&self) -> Result<&'a Json, Fault> {
        self.value.ok_or_else(|| Fault::new("", MISSING))
    }

    /// A whole number; in a query, parsed from the string.
    fn whole(&self) -> Result<Option<i128>, Fault> {
        Ok(match self.value()? {
            Json::Whole(number) => Some(*number),
            Json::Text(text) if matches!(self.pass.borrow().source, Source::Query) => text.parse().ok(),
            _ => None,
        })
    }

    /// Moves known faulty items to the end.
    fn in_order<T>(&self, mut items: Vec<(String, T)>) -> Vec<(String, T)> {
        let known = &self.pass.borrow().known;
        items.sort_by_key(|(path, _)| known.contains(path));
        items
    }

    fn visit<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match self.value()? {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(*value),
            Json::Whole(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => Err(Fault::expected(&visitor)),
            },
            Json::Float(number) => visitor.visit_f64(*number),
            Json::Text(text) => visitor.visit_str(text),
            Json::Array(items) => {
                let items = (0..).zip(items).map(|(index, item)| (item_path(&self.path, index), item)).collect();
                visitor.visit_seq(Items { of: self, left: self.in_order(items).into_iter() })
            }
            object @ Json::Object(_) => self.visit_fields(object.fields(), visitor),
        }
    }

    fn visit_fields<V: Visitor<'a>>(&self, fields: Vec<(&'a str, &'a Json)>, visitor: V) -> Result<V::Value, Fault> {
        let fields = fields.into_iter().map(|(name, value)| (field_path(&self.path, name), (name, Some(value))));
        let left = self.in_order(fields.collect()).into_iter();
        visitor.visit_map(Fields { of: self, left, next: None })
    }

    /// Visits an object's fields. Fields not in `names` are reported; in a thorough pass, missing fields are visited
    /// as absent.
    fn visit_struct<V: Visitor<'a>>(&self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let Json::Object(_) = self.value()? else { return Err(Fault::new("", "expected an object")) };
        let sent = self.value()?.fields();
        let mut pass = self.pass.borrow_mut();
        sent.iter().filter(|(name, _)| !names.contains(name)).for_each(|(name, _)| pass.unknown(&self.path, name));
        let absent = names.iter().filter(|name| pass.thorough && sent.iter().all(|(sent, _)| sent != *name));
        let fields = sent.iter().filter(|(name, _)| names.contains(name)).map(|(name, value)| (*name, Some(*value)));
        let fields: Vec<_> = fields.chain(absent.map(|name| (*name, None))).collect();
        drop(pass);
        let fields = fields.into_iter().map(|(name, value)| (field_path(&self.path, name), (name, value)));
        let left = self.in_order(fields.collect()).into_iter();
        visitor.visit_map(Fields { of: self, left, next: None })
    }
}

struct Items<'b, 'a> {
    of: &'b At<'a>,
    left: std::vec::IntoIter<(String, &'a Json)>,
}

impl<'a> SeqAccess<'a> for Items<'_, 'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((path, item)) = self.left.next() else { return Ok(None) };
        self.of.inner(Some(item), path).give(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

struct Fields<'b, 'a> {
    of: &'b At<'a>,
    left: std::vec::IntoIter<(String, (&'a str, Option<&'a Json>))>,
    next: Option<At<'a>>,
}

impl<'a> MapAccess<'a> for Fields<'_, 'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((path, (name, value))) = self.left.next() else { return Ok(None) };
        self.next = Some(self.of.inner(value, path));
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        self.next.take().expect("a key comes before its value").give(seed)
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let number = self.whole().map_err(|fault| fault.at(&self.path))?;
            let read = match number.map(|number| (i64::try_from(number), u64::try_from(number))) {
                Some((Ok(number), _)) => visitor.visit_i64(number),
                Some((_, Ok(number))) => visitor.visit_u64(number),
                _ => Err(Fault::expected(&visitor)),
            };
            read.map_err(|fault| fault.at(&self.path))
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor).map_err(|fault| fault.at(&self.path))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let is_query = matches!(self.pass.borrow().source, Source::Query);
        let read = self.value().and_then(|value| match value {
            Json::Bool(value) => visitor.visit_bool(*value),
            Json::Text(text) if is_query => match text.parse() {
                Ok(value) => visitor.visit_bool(value),
                Err(_) => Err(Fault::expected(&visitor)),
            },
            _ => Err(Fault::expected(&visitor)),
        });
        read.map_err(|fault: Fault| fault.at(&self.path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let path = self.path.clone();
        let read = if self.value.is_none() { visitor.visit_none() } else { visitor.visit_some(self) };
        read.map_err(|fault: Fault| fault.at(&path))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.visit_struct(names, visitor).map_err(|fault| fault.at(&self.path))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = self.value().and_then(|value| match value {
            Json::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(de::Error::unknown_variant("", variants)),
        });
        read.map_err(|fault: Fault| fault.at(&self.path))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        let path = self.path.clone();
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(&path))
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests;
