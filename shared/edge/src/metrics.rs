//! What an on-sale looks like in numbers: lines on standard output that CloudWatch makes metrics of (embedded metric format).
//! No call is made for them.
//!
//! | Metric | By | Counts |
//! |---|---|---|
//! | `Done` | `Operation` | successes of an operation that changes something, and claims of a place inside |
//! | `Refused` | `Code` | answers with that problem |
//! | `Payments` | `Outcome` | purchases by card that were settled |
//! | `Mails` | `Kind` | mails that the mail service accepted |
//! | `Waiting`, `Active` | – | who waits in line, and who uses a place inside, at each turn of a turnstile |
//!
//! All of them by `Stack` too, in the namespace `frontrow`. Each of these that had a value within an hour is billed for it, at
//! $0.30 a month; there are at most [`METRICS_MAX`](frontrow_domain::limits::METRICS_MAX), because every word above is one of a fixed list. A performance's id is
//! a property of the line, which costs nothing and can be searched for. Nothing of a member's is in a line.

use frontrow_domain::{Timestamp, ids::PerformanceId};
use frontrow_store::{Crowd, Mail};
use serde_json::{Value, json};
use std::sync::Arc;

/// What became of a purchase by card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took the money, and the seats are sold.
    Approved,
    /// The provider said no.
    Declined,
    /// There was no answer in time, or the seats were lost.
    Expired,
    /// The provider has no money of a purchase that is over.
    GivenBack,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Declined, Self::Expired, Self::GivenBack];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::GivenBack => "given_back",
        }
    }
}

/// Where metrics go: standard output on Lambda, which names the stack; nowhere else.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    stack: Option<Arc<str>>,
}

impl Metrics {
    /// Those of the stack of that name.
    pub fn of(stack: Option<String>) -> Self {
        Self { stack: stack.map(Arc::from) }
    }

    /// An operation did what it is for.
    pub fn done(&self, operation: &'static str, now: Timestamp) {
        self.count("Done", ("Operation", operation), now);
    }

    /// A request was answered with the problem of that code.
    pub fn refused(&self, code: &'static str, now: Timestamp) {
        self.count("Refused", ("Code", code), now);
    }

    /// A purchase by card was settled.
    pub fn paid(&self, outcome: Outcome, now: Timestamp) {
        self.count("Payments", ("Outcome", outcome.as_str()), now);
    }

    /// The mail service accepted a mail.
    pub fn mailed(&self, mail: &Mail, now: Timestamp) {
        self.count("Mails", ("Kind", mail.kind()), now);
    }

    /// The turnstile of a performance was turned.
    pub fn turned(&self, performance: &PerformanceId, crowd: Crowd, now: Timestamp) {
        let values = json!({"Waiting": crowd.waiting, "Active": crowd.active});
        self.print(&values, None, json!({"performanceId": performance}), now);
    }

    fn count(&self, name: &'static str, by: (&'static str, &'static str), now: Timestamp) {
        self.print(&json!({name: 1}), Some(by), json!({}), now);
    }

    fn print(&self, values: &Value, by: Option<(&str, &str)>, properties: Value, now: Timestamp) {
        if let Some(stack) = &self.stack {
            println!("{}", line(stack, values, by, properties, now));
        }
    }
}

/// A line as CloudWatch reads it: `values` by the stack, and by `by` within it.
fn line(stack: &str, values: &Value, by: Option<(&str, &str)>, properties: Value, now: Timestamp) -> Value {
    let mut line = properties;
    let mut dimensions = vec!["Stack"];
    line["Stack"] = stack.into();
    if let Some((dimension, word)) = by {
        dimensions.push(dimension);
        line[dimension] = word.into();
    }
    let mut metrics = Vec::new();
    for (name, value) in values.as_object().into_iter().flatten() {
        metrics.push(json!({"Name": name, "Unit": "Count"}));
        line[name] = value.clone();
    }
    line["_aws"] = json!({
        "Timestamp": now.millis(),
        "CloudWatchMetrics": [{"Namespace": "frontrow", "Dimensions": [dimensions], "Metrics": metrics}],
    });
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_798_108_200_000);

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let counted = line("sale", &json!({"Done": 1}), Some(("Operation", "pay")), json!({}), NOW);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_798_108_200_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "frontrow",
                    "Dimensions": [["Stack", "Operation"]],
                    "Metrics": [{"Name": "Done", "Unit": "Count"}],
                }],
            },
            "Stack": "sale", "Operation": "pay", "Done": 1,
        });
        assert_eq!(counted, expected);
        let turned = line("sale", &json!({"Waiting": 5, "Active": 2}), None, json!({"performanceId": "demo"}), NOW);
        assert_eq!(turned["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
        assert_eq!(
            (&turned["Waiting"], &turned["Active"], &turned["performanceId"]),
            (&json!(5), &json!(2), &json!("demo"))
        );
    }
}
