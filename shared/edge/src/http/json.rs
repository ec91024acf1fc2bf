//! JSON as it was sent: the single parse of a request body. Both the typed body and the idempotency fingerprint are
//! built from this tree.

use frontrow_domain::FieldErrors;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::{collections::HashSet, fmt};

/// A JSON value as it was sent. Objects keep their fields in order, including repeated names.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`; the same as an absent field.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number in any notation: `100`, `100.0` and `1e2` are the same.
    Whole(i128),
    /// A number that is not whole, or outside the range of exact integers.
    Float(f64),
    /// A string.
    Text(String),
    /// Array elements in order.
    Array(Vec<Json>),
    /// Object fields in order.
    Object(Vec<(String, Json)>),
}

/// Floats up to this number are exact integers: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The byte order mark that editors write before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Json {
    /// Parses a body. A leading byte order mark is skipped.
    ///
    /// # Errors
    /// The position of the syntax error, without quoting the text.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, FieldErrors> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let why = match std::str::from_utf8(bytes) {
                Ok(_) if bytes.is_empty() => "expected a JSON object".to_owned(),
                Ok(_) => format!("invalid JSON at line {line}, column {column}"),
                Err(_) => "expected JSON encoded as UTF-8".to_owned(),
            };
            FieldErrors::one("body", why)
        })
    }

    /// The fields of an object that are not `null` (which is the same as absent); the first one of each repeated
    /// name.
    pub(crate) fn fields(&self) -> Vec<(&str, &Self)> {
        let Self::Object(fields) = self else { return Vec::new() };
        let mut seen = HashSet::new();
        let given = fields.iter().filter(|(name, value)| *value != Self::Null && seen.insert(name));
        given.map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// Adds the paths of repeated fields, at any depth, to `found`.
    pub(crate) fn repeated(&self, path: &str, found: &mut Vec<String>) {
        match self {
            Self::Object(fields) => {
                let (mut seen, mut reported) = (HashSet::new(), HashSet::new());
                for (name, value) in fields {
                    let inner = field_path(path, name);
                    if !seen.insert(name) && reported.insert(name) {
                        found.push(inner.clone());
                    }
                    value.repeated(&inner, found);
                }
            }
            Self::Array(items) => {
                (0..).zip(items).for_each(|(index, item)| item.repeated(&item_path(path, index), found));
            }
            _ => {}
        }
    }

    /// The canonical form of equivalent values: fields ordered by name, without those that are `null`.
    pub(crate) fn canonical(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Whole(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => Value::Null,
            },
            Self::Float(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::canonical).collect(),
            Self::Object(_) => {
                let fields = self.fields().into_iter().map(|(name, value)| (name.to_owned(), value.canonical()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// Path of the field `name` of the object at `path`.
pub(crate) fn field_path(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Path of the item at `index` of the array at `path`.
pub(crate) fn item_path(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Whole(number.into()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Whole(number.into()))
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is whole, and small enough to be exact")]
    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        let whole = number.fract() == 0.0 && number.abs() <= EXACT_MAX;
        Ok(if whole { Json::Whole(number as i128) } else { Json::Float(number) })
    }
    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(field) = fields.next_entry()? {
            object.push(field);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn equivalent_values_have_one_canonical_form() {
        let one = parse(r#"{"a":100,"b":{"c":"x"}}"#).canonical();
        for other in [
            r#" { "b" : {"c":"\u0078"}, "a":1e2 } "#,
            r#"{"a":100.0,"b":{"c":"x","d":null},"e":null}"#,
            "\u{feff}{\"a\":100,\"b\":{\"c\":\"x\"}}",
        ] {
            assert_eq!(parse(other).canonical(), one, "{other}");
        }
        assert_eq!(one.to_string(), r#"{"a":100,"b":{"c":"x"}}"#);
        for another in [r#"{"a":100.5,"b":{"c":"x"}}"#, r#"{"a":"100","b":{"c":"x"}}"#, r#"{"a":100}"#] {
            assert_ne!(parse(another).canonical(), one, "{another}");
        }
        assert_eq!(parse("-0"), Json::Whole(0));
        assert_eq!(parse("18446744073709551615").canonical().to_string(), "18446744073709551615");
        assert_eq!(parse("1e300"), Json::Float(1e300));
    }

    #[test]
    fn repeated_fields_are_found_at_every_depth() {
        let repeated = |text: &str| {
            let mut found = Vec::new();
            parse(text).repeated("", &mut found);
            found
        };
        assert_eq!(repeated(r#"{"a":1,"a":1,"a":null,"b":[{"c":{"d":1,"d":2}}]}"#), ["a", "b[0].c.d"]);
        assert_eq!(repeated(r#"{"a":{"b":1},"b":{"a":1}}"#), Vec::<String>::new());
        assert_eq!(repeated(r#"{"a":1,"\u0061":2}"#), ["a"]);
    }

    #[test]
    fn invalid_json_is_not_quoted() {
        for bad in ["", "{", r#"{"code": 4815"#, "4815 4815", "{\"a\":\"\u{1}4815\"}"] {
            let why = Json::parse(bad.as_bytes()).unwrap_err().to_string();
            assert!(why.starts_with("body: ") && !why.contains("4815"), "{why}");
        }
        assert_eq!(Json::parse(b"\xff").unwrap_err().to_string(), "body: expected JSON encoded as UTF-8");
    }
}
