//! serde's errors for invalid values, without the value.

use crate::json::field_path;
use frontrow_domain::{FieldError, FieldErrors, UNKNOWN_FIELD};
use serde::de::{self, Expected, Unexpected};
use std::fmt;

/// Why a value could not be parsed.
#[derive(Debug)]
pub(super) struct Fault {
    /// The path of the value, once it is known.
    pub(super) at: Option<String>,
    /// Messages; until the path is known, with paths relative to the value.
    pub(super) errors: Vec<FieldError>,
}

impl Fault {
    pub(super) fn new(field: &str, message: impl Into<String>) -> Self {
        Self { at: None, errors: vec![FieldError::new(field, message)] }
    }

    pub(super) fn expected(what: &dyn Expected) -> Self {
        Self::new("", format!("expected {}", plain(&what.to_string())))
    }

    /// Sets the path of the faulty value, unless it is known already.
    pub(super) fn at(mut self, path: &str) -> Self {
        if self.at.is_none() {
            for error in &mut self.errors {
                error.field = if error.field.is_empty() { path.to_owned() } else { field_path(path, &error.field) };
            }
            self.at = Some(path.to_owned());
        }
        self
    }
}

/// Translates a parser's type names for callers.
fn plain(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ => expected.to_owned(),
    }
}

/// Parses a rule's message about fields of one object, in the form `field: why`.
fn ruled(line: &str) -> FieldError {
    let is_path = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".[]".contains(&byte))
    };
    match line.split_once(": ") {
        Some((name, why)) if is_path(name) => FieldError::new(name, why),
        _ => FieldError::new("", line),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FieldErrors(self.errors.clone()).fmt(f)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { at: None, errors: message.to_string().lines().map(ruled).collect() }
    }
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }
    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }
    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }
    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("", format!("expected one of {}", expected.join(", ")))
    }
    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new(field, UNKNOWN_FIELD)
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(field, MISSING)
    }
    fn duplicate_field(field: &'static str) -> Self {
        Self::new(field, "is repeated")
    }
}

/// The message for a missing field.
pub(super) const MISSING: &str = "is missing";
