//! The cost of a crowd, by the preflight's prices of its default region, its assumptions and its arithmetic.

use crate::harness::wire::Metered;
use frontrow_preflight::{
    bill::{self, call_seconds},
    prices::{Item, Prices},
    template::Template,
    units::Units,
};

/// Units and calls of a crowd.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// API requests: joins, polls, leaves.
    pub(super) requests: u64,
    /// The requests' cost in DynamoDB.
    pub(super) units: Units,
}

impl Usage {
    /// Adds the cost of calls to DynamoDB.
    pub(super) fn add(&mut self, metered: &[Metered]) {
        for call in metered {
            self.units = self.units + Units { calls: 1.0, writes: call.write_units, reads: call.read_units };
        }
    }

    /// DynamoDB's share of the bill and the total, in dollars.
    pub(super) fn dollars(self) -> (f64, f64) {
        let (prices, template) = (Prices::committed(), Template::committed());
        let region = prices.region(&prices.default_region).expect("the default is there");
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        let requests = self.requests as f64;
        let seconds = requests * call_seconds(&prices.assumptions, self.units.calls / requests);
        let mut usage = bill::Usage::default();
        usage.add(Item::ApiRequests, requests);
        usage.add_function(requests, seconds, template.memory_megabytes["poll_queue"]);
        usage.add_units(self.units);
        let bill = usage.bill(region);
        (bill.dollars_of(&[Item::TableWrites, Item::TableReads]), bill.dollars())
    }
}
