//! Event filters: which records of the stream a function receives.

use serde_json::Value;

/// Patterns; a record must match at least one.
#[derive(Debug, Clone)]
pub(crate) struct Filters(Vec<Value>);

impl Filters {
    /// Parses the patterns from JSON.
    pub(crate) fn new(patterns: &[&str]) -> Self {
        Self(patterns.iter().map(|pattern| serde_json::from_str(pattern).expect("a pattern is JSON")).collect())
    }

    pub(crate) fn pass(&self, record: &Value) -> bool {
        self.0.iter().any(|pattern| fits(pattern, record))
    }
}

/// All fields of an object must match; of an array, one element must match.
fn fits(pattern: &Value, value: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| fits(pattern, &value[name])),
        Value::Array(rules) => rules.iter().any(|rule| is_so(rule, value)),
        _ => false,
    }
}

fn is_so(rule: &Value, value: &Value) -> bool {
    match (&rule["exists"], &rule["prefix"]) {
        (Value::Bool(exists), _) => *exists != value.is_null(),
        (_, Value::String(prefix)) => value.as_str().is_some_and(|text| text.starts_with(prefix.as_str())),
        _ => rule == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontrow_workers::{projector, relay_outbox};
    use serde_json::json;

    fn passes(patterns: &[&str], record: &Value) -> bool {
        Filters::new(patterns).pass(record)
    }

    #[test]
    fn a_record_matches_if_one_pattern_matches_entirely() {
        let record = json!({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "seats#1"}}}});
        assert!(passes(&[r#"{"eventName": ["MODIFY", "INSERT"]}"#], &record));
        assert!(passes(
            &[r#"{"eventName": ["MODIFY"]}"#, r#"{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "seats#"}]}}}}"#],
            &record
        ));
        assert!(!passes(
            &[r#"{"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "show#"}]}}}}"#],
            &record
        ));
        assert!(passes(&[r#"{"eventName": [{"exists": true}]}"#], &record));
        assert!(!passes(&[r#"{"dynamodb": {"NewImage": {"entity": {"S": [{"exists": true}]}}}}"#], &record));
        assert!(passes(&[r#"{"dynamodb": {"NewImage": {"entity": {"S": [{"exists": false}]}}}}"#], &record));
        assert!(!passes(&[], &record));
    }

    #[test]
    fn unmatched_records_are_dropped() {
        let of = |name: &str, entity: &str| {
            json!({"eventName": name, "dynamodb": {
                "Keys": {"pk": {"S": "x"}}, "NewImage": {"entity": {"S": entity}, "cancellation": {"NULL": true}},
            }})
        };
        for (record, relayed, projected) in [
            (of("INSERT", "reservation"), true, true),
            (of("MODIFY", "reservation"), true, true),
            (of("INSERT", "verification"), true, false),
            (of("MODIFY", "verification"), false, false),
            (of("INSERT", "member"), false, false),
            (of("MODIFY", "member"), false, false),
            (
                json!({"eventName": "MODIFY", "dynamodb": {
                    "Keys": {"pk": {"S": "x"}}, "NewImage": {"entity": {"S": "member"}, "changed_at": {"N": "1"}},
                }}),
                true,
                false,
            ),
            (of("INSERT", "show"), true, false),
            (of("MODIFY", "performance"), false, false),
            (of("INSERT", "place"), false, false),
            (json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": "seats#1#1#0"}}}}), false, true),
            (json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": "verification#1"}}}}), false, false),
        ] {
            assert_eq!(passes(relay_outbox::FILTERS, &record), relayed, "{record}");
            assert_eq!(passes(projector::FILTERS, &record), projected, "{record}");
        }
    }
}
