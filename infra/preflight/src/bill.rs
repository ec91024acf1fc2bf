//! Usage × price. The only arithmetic with money; the simulated crowd of the tests uses it, too.

use crate::{
    prices::{Assumptions, Item, Region},
    units::Units,
};
use serde::Serialize;
use std::{collections::BTreeMap, ops::AddAssign};

/// All billed items, in the order of a bill.
pub const ITEMS: &[Item] = &[
    Item::ApiRequests,
    Item::FunctionUrlRequests,
    Item::LambdaRequests,
    Item::LambdaGigabyteSeconds,
    Item::TableWrites,
    Item::TableReads,
    Item::WarmWrites,
    Item::WarmReads,
    Item::StreamReads,
    Item::TableGigabyteMonths,
    Item::BackupGigabyteMonths,
    Item::QueueRequests,
    Item::Mails,
    Item::MailGigabytes,
    Item::LogGigabytes,
    Item::LogGigabyteMonths,
    Item::OutGigabytes,
    Item::SecretMonths,
    Item::SecretReads,
    Item::AlarmMonths,
    Item::DashboardMonths,
    Item::MetricMonths,
];

/// Parts of a bill. Items of no part are its rest.
pub const PARTS: &[(&str, &[Item])] = &[
    ("API requests", &[Item::ApiRequests, Item::FunctionUrlRequests]),
    ("functions", &[Item::LambdaRequests, Item::LambdaGigabyteSeconds]),
    ("DynamoDB", &[Item::TableWrites, Item::TableReads]),
    ("logs", &[Item::LogGigabytes, Item::LogGigabyteMonths]),
    ("egress", &[Item::OutGigabytes]),
];

/// Bytes per gigabyte, as billed.
pub const GIGABYTE: f64 = 1_073_741_824.0;
/// Days per month, as billed.
const MONTH_DAYS: f64 = 30.0;

/// The way of requests to their function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The HTTP API, which has a price per request and an access log.
    Api,
    /// The function's own URL, which has neither.
    FunctionUrl,
}

/// Used quantity of each item.
#[derive(Debug, Clone, Default)]
pub struct Usage(BTreeMap<Item, f64>);

impl Usage {
    /// Adds `quantity` of `item`.
    pub fn add(&mut self, item: Item, quantity: f64) {
        self.0.entry(item).or_default().add_assign(quantity);
    }

    /// Used quantity of `item`.
    pub fn of(&self, item: Item) -> f64 {
        self.0.get(&item).copied().unwrap_or_default()
    }

    /// Adds `requests` through `gate`, with responses of `answer_bytes` and function logs of `function_log_bytes` each:
    /// their price, logs and egress.
    pub fn add_requests(
        &mut self,
        gate: Gate,
        requests: f64,
        answer_bytes: f64,
        function_log_bytes: f64,
        assumptions: &Assumptions,
        retention_days: f64,
    ) {
        let (item, access_log_bytes) = match gate {
            Gate::Api => (Item::ApiRequests, assumptions.access_log_bytes.0),
            Gate::FunctionUrl => (Item::FunctionUrlRequests, 0.0),
        };
        self.add(item, requests);
        self.add_logs(requests * (function_log_bytes + access_log_bytes), retention_days);
        self.add(Item::OutGigabytes, requests * answer_bytes / GIGABYTE);
    }

    /// Adds `bytes` of logs that are kept for `retention_days`.
    pub fn add_logs(&mut self, bytes: f64, retention_days: f64) {
        self.add(Item::LogGigabytes, bytes / GIGABYTE);
        self.add(Item::LogGigabyteMonths, bytes / GIGABYTE * retention_days / MONTH_DAYS);
    }

    /// Adds the DynamoDB units of calls.
    pub fn add_units(&mut self, units: Units) {
        self.add(Item::TableWrites, units.writes);
        self.add(Item::TableReads, units.reads);
    }

    /// Adds `requests` to a function of `memory_megabytes` that take `seconds` in total.
    pub fn add_function(&mut self, requests: f64, seconds: f64, memory_megabytes: f64) {
        self.add(Item::LambdaRequests, requests);
        self.add(Item::LambdaGigabyteSeconds, seconds * memory_megabytes / 1024.0);
    }

    /// The bill, with one line per used item.
    pub fn bill(&self, region: &Region) -> Bill {
        let used = ITEMS.iter().filter(|item| self.of(**item) > 0.0);
        let line = |item: &Item| {
            let (price, quantity) = (&region[item], self.of(*item));
            let dollars = price.of(quantity);
            Line {
                item: *item,
                unit: price.unit.clone(),
                quantity,
                per: price.per,
                confirmed: price.confirmed,
                dollars,
            }
        };
        Bill { lines: used.map(line).collect() }
    }
}

/// Duration of a call that makes this many DynamoDB calls.
pub fn call_seconds(assumptions: &Assumptions, table_calls: f64) -> f64 {
    (assumptions.handler_millis.0 + table_calls * assumptions.table_call_millis.0) / 1000.0
}

/// A line of a bill.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The billed item.
    pub item: Item,
    /// The billed unit, as in the price list.
    pub unit: String,
    /// Used quantity.
    pub quantity: f64,
    /// Number of units that the price covers.
    pub per: f64,
    /// Whether the price was checked at its source.
    pub confirmed: bool,
    /// Cost of the line.
    pub dollars: f64,
}

/// Cost of usage.
#[derive(Debug, Clone, Serialize)]
pub struct Bill {
    /// Lines by item.
    pub lines: Vec<Line>,
}

impl Bill {
    /// Total cost.
    pub fn dollars(&self) -> f64 {
        self.lines.iter().map(|line| line.dollars).sum()
    }

    /// The cost of each of [`PARTS`], and of the rest.
    pub fn split(&self) -> Vec<(&'static str, f64)> {
        let mut split: Vec<_> = PARTS.iter().map(|(part, items)| (*part, self.dollars_of(items))).collect();
        split.push(("rest", self.dollars() - split.iter().map(|(_, dollars)| dollars).sum::<f64>()));
        split
    }

    /// Total cost of `items`.
    pub fn dollars_of(&self, items: &[Item]) -> f64 {
        self.lines.iter().filter(|line| items.contains(&line.item)).map(|line| line.dollars).sum()
    }
}
