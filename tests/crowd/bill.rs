//! What a crowd costs. Prices of US East (N. Virginia), on demand, as published since 1 November 2024, in dollars.

use crate::harness::wire::Metered;

/// A million write request units of DynamoDB.
const WRITE_MILLION: f64 = 0.625;
/// A million read request units of DynamoDB.
const READ_MILLION: f64 = 0.125;
/// A million requests to an HTTP API.
const API_MILLION: f64 = 1.0;
/// A million requests to Lambda.
const LAMBDA_MILLION: f64 = 0.2;
/// A million gigabyte seconds of Lambda on ARM.
const GIGABYTE_SECOND_MILLION: f64 = 13.333_4;
/// What a call is taken to last, in seconds, in a function of 256 MB.
const CALL_GIGABYTE_SECONDS: f64 = 0.010 * 0.25;

/// Units and calls of a crowd.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Calls of the API: joins, polls, leaves.
    pub(super) requests: u64,
    /// Calls to DynamoDB.
    pub(super) calls: u64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
}

impl Usage {
    /// Adds what calls to DynamoDB cost.
    pub(super) fn add(&mut self, metered: &[Metered]) {
        self.calls += metered.len() as u64;
        self.write_units += metered.iter().map(|call| call.write_units).sum::<f64>();
        self.read_units += metered.iter().map(|call| call.read_units).sum::<f64>();
    }

    /// DynamoDB's part of the bill and the whole, in dollars.
    pub(super) fn dollars(self) -> (f64, f64) {
        let table = (self.write_units * WRITE_MILLION + self.read_units * READ_MILLION) / 1e6;
        let request = API_MILLION + LAMBDA_MILLION + CALL_GIGABYTE_SECONDS * GIGABYTE_SECOND_MILLION;
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        let requests = self.requests as f64 * request / 1e6;
        (table, table + requests)
    }
}
