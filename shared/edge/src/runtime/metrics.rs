//! Metrics of an on-sale: lines on standard output that CloudWatch converts to metrics (embedded metric format),
//! without any call.
//!
//! | Metric | By | Counts |
//! |---|---|---|
//! | `Done` | `Operation` | successes of operations that change something, and claims of admissions |
//! | `Refused` | `Code` | responses with that problem code |
//! | `Payments` | `Outcome` | card purchases that were settled |
//! | `Mails` | `Kind` | mails that the mail service accepted |
//! | `Waiting`, `Active` | – | waiting members, and admissions in use, at each turn of a turnstile |
//!
//! All of them are also by `Stack`, in the namespace `frontrow`. Each of them that had a value within an hour is
//! billed for it, at $0.30 a month. There are at most [`METRICS_MAX`](frontrow_domain::limits::METRICS_MAX), because
//! every dimension value above comes from a fixed list. A performance's id is a property of the line, which is free
//! and searchable. Lines contain no personal data.

use crate::ErrorCode;
use frontrow_domain::{Timestamp, ids::PerformanceId};
use frontrow_store::{Crowd, MailJob};
use serde_json::{Value, json};
use std::sync::Arc;

/// Outcome of a card purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took the money, and the seats are sold.
    Approved,
    /// The provider declined.
    Declined,
    /// The provider did not decide in time, or the seats were lost.
    Expired,
    /// The provider holds no money of an ended purchase.
    GivenBack,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Approved, Self::Declined, Self::Expired, Self::GivenBack];

    /// The dimension value in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::GivenBack => "given_back",
        }
    }
}

/// Destination of metrics: standard output on Lambda, where `STACK_NAME` is set; otherwise none.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    stack: Option<Arc<str>>,
}

impl Metrics {
    /// Metrics of the stack with that name; `None` disables them.
    pub fn of(stack: Option<String>) -> Self {
        Self { stack: stack.map(Arc::from) }
    }

    /// Counts a success of an operation.
    pub fn done(&self, operation: &'static str, now: Timestamp) {
        self.count("Done", ("Operation", operation), now);
    }

    /// Counts a response with that problem code.
    pub fn refused(&self, code: ErrorCode, now: Timestamp) {
        self.count("Refused", ("Code", code.as_str()), now);
    }

    /// Counts a settled card purchase.
    pub fn paid(&self, outcome: Outcome, now: Timestamp) {
        self.count("Payments", ("Outcome", outcome.as_str()), now);
    }

    /// Counts a mail that the mail service accepted.
    pub fn mailed(&self, mail: &MailJob, now: Timestamp) {
        self.count("Mails", ("Kind", mail.kind()), now);
    }

    /// Records a turn of a performance's turnstile.
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

/// A line in CloudWatch's format: `values` by stack, and by `by` within it.
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
    fn metrics_have_cloudwatchs_embedded_format() {
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
