//! The fields of a response according to its schema, which callers may send back.

use super::Shown;
use crate::json::field_path;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::collections::BTreeSet;

/// Turns `sections[3].rows` into `sections[].rows`.
pub(super) fn without_indexes(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}[{}", part.trim_start_matches(|digit: char| digit.is_ascii_digit())))
}

/// The paths of all fields of a schema.
pub(super) fn fields_of(schema: Shown) -> BTreeSet<String> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().with(|all| all.inline_subschemas = true);
    generator.meta_schema = None;
    let mut found = BTreeSet::new();
    walk(schema(&mut generator.into_generator()).as_value(), "", &mut found);
    found
}

fn walk(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let inner = field_path(path, name);
        walk(field, &inner, found);
        found.insert(inner);
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), found);
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        schema[word].as_array().into_iter().flatten().for_each(|one| walk(one, path, found));
    }
}
