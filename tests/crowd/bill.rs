//! The cost of a crowd, by the preflight's prices of its default region, its assumptions and its arithmetic.

use crate::harness::wire::Metered;
use frontrow_preflight::{
    bill::{self, Gate, call_seconds},
    prices::{Item, Prices},
    template::Template,
    units::Units,
};

/// Units and calls of a crowd.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Requests: joins, polls, leaves.
    pub(super) requests: u64,
    /// The polls among them.
    pub(super) polls: u64,
    /// The requests' cost in DynamoDB.
    pub(super) units: Units,
}

/// The cost of a crowd, in dollars.
#[derive(Debug, Clone)]
pub(super) struct Dollars {
    /// All polls through the API: DynamoDB's share, the total, and the parts of the total.
    pub(super) table: f64,
    pub(super) with_api: f64,
    pub(super) split: Vec<(&'static str, f64)>,
    /// The total if polls use a function URL.
    pub(super) with_function_url: f64,
}

impl Usage {
    /// Adds the cost of calls to DynamoDB.
    pub(super) fn add(&mut self, metered: &[Metered]) {
        for call in metered {
            self.units = self.units + Units { calls: 1.0, writes: call.write_units, reads: call.read_units };
        }
    }

    /// Everything that these requests cost: API, functions, DynamoDB, logs and egress.
    pub(super) fn dollars(self) -> Dollars {
        let (api, function_url) = (self.bill(Gate::Api), self.bill(Gate::FunctionUrl));
        Dollars {
            table: api.dollars_of(&[Item::TableWrites, Item::TableReads]),
            with_api: api.dollars(),
            split: api.split(),
            with_function_url: function_url.dollars(),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
    fn bill(self, polls: Gate) -> bill::Bill {
        let (prices, template) = (Prices::committed(), Template::committed());
        let region = prices.region(&prices.default_region).expect("the default is there");
        let assumed = &prices.assumptions;
        let requests = self.requests as f64;
        let seconds = requests * call_seconds(assumed, self.units.calls / requests);
        let mut usage = bill::Usage::default();
        for (gate, times, log_bytes) in [
            (polls, self.polls, assumed.poll_log_bytes.0),
            (Gate::Api, self.requests - self.polls, assumed.function_log_bytes.0),
        ] {
            let retention_days = template.parameters["LogRetentionDays"];
            usage.add_requests(gate, times as f64, assumed.answer_bytes.0, log_bytes, assumed, retention_days);
        }
        usage.add_function(requests, seconds, template.memory_megabytes["poll_queue"]);
        usage.add_units(self.units);
        usage.bill(region)
    }
}
