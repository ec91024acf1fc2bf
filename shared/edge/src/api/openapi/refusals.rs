//! Lists the reasons to reject input that matches its schema, because a schema cannot express every rule.

use crate::{Descriptor, Header, dispatch::ONCE};
use schemars::SchemaGenerator;
use serde_json::Value;
use std::collections::BTreeSet;

/// The extension that lists these messages in a schema and in an operation's 400 response.
pub(super) const ALSO_REFUSED: &str = "x-also-refused";

/// Returns the messages for headers, query and body. `inline` generates schemas without references.
pub(super) fn of(endpoint: &Descriptor, inline: &mut SchemaGenerator) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The queue token is a security scheme, which cannot have a pattern.
    if endpoint.route.headers.contains(&Header::QueueToken) {
        found.insert(ONCE.to_owned());
    }
    collect((endpoint.shapes.query)(inline).as_value(), &mut found);
    if let Some(body) = (endpoint.shapes.body)(inline) {
        collect(body.as_value(), &mut found);
    }
    found
}

fn collect(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                let messages = value.as_array().filter(|_| name == ALSO_REFUSED);
                found.extend(messages.into_iter().flatten().filter_map(|why| why.as_str().map(str::to_owned)));
                collect(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
