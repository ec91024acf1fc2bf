//! `prices.json`: prices by region, quotas, and assumptions, each with its source.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Billed items, in the order of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "prices.json says what each is")]
pub enum Item {
    ApiRequests,
    FunctionUrlRequests,
    LambdaRequests,
    LambdaGigabyteSeconds,
    TableWrites,
    TableReads,
    WarmWrites,
    WarmReads,
    StreamReads,
    TableGigabyteMonths,
    BackupGigabyteMonths,
    QueueRequests,
    Mails,
    MailGigabytes,
    LogGigabytes,
    LogGigabyteMonths,
    OutGigabytes,
    SecretMonths,
    SecretReads,
    AlarmMonths,
    DashboardMonths,
    MetricMonths,
}

/// A price, in the file's currency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The billed unit.
    pub unit: String,
    /// Number of units that the price covers.
    pub per: f64,
    /// Price of [`Price::per`] units.
    pub price: f64,
    /// Price beyond a monthly quantity.
    pub above: Option<Above>,
    /// Where the price is published.
    pub source: String,
    /// Whether the price was checked at its source, not in a copy.
    pub confirmed: bool,
    /// When and how the price was checked, or why it is plausible.
    pub how: String,
}

/// The second tier of a price.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Above {
    /// Quantity above which this tier applies.
    pub quantity: f64,
    /// Price of [`Price::per`] units.
    pub price: f64,
}

impl Price {
    /// Cost of `quantity` in one month.
    pub fn of(&self, quantity: f64) -> f64 {
        let beyond = self.above.as_ref().map_or(0.0, |above| (quantity - above.quantity).max(0.0));
        let dearer = (quantity - beyond) * self.price;
        (dearer + self.above.as_ref().map_or(0.0, |above| beyond * above.price)) / self.per
    }
}

/// Prices of a region by item.
pub type Region = BTreeMap<Item, Price>;

/// An AWS quota.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Default value.
    pub value: f64,
    /// Where to request an increase; empty if it cannot be raised.
    #[serde(rename = "where")]
    pub place: String,
    /// Where the quota is published.
    pub source: String,
    /// Whether it was checked at its source.
    pub confirmed: bool,
}

/// AWS quotas per region.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "each says what is counted")]
pub struct Quotas {
    pub api_requests_per_second: Quota,
    pub lambda_concurrency: Quota,
    pub lambda_requests_per_environment: Quota,
    pub lambda_environments_per_ten_seconds: Quota,
    pub table_writes_per_second: Quota,
    pub table_reads_per_second: Quota,
    pub warm_writes_per_second: Quota,
    pub warm_reads_per_second: Quota,
    pub partition_writes_per_second: Quota,
    pub partition_reads_per_second: Quota,
    pub mails_per_second: Quota,
    pub mails_per_day: Quota,
}

/// An assumption.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "Explained")]
pub struct Assumed(pub f64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    value: f64,
    #[allow(dead_code, reason = "for readers of the file; parsing checks that it exists")]
    why: String,
}

impl From<Explained> for Assumed {
    fn from(explained: Explained) -> Self {
        Self(explained.value)
    }
}

/// Assumptions; the file gives the reasons.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "prices.json says what each is")]
pub struct Assumptions {
    pub handler_millis: Assumed,
    pub table_call_millis: Assumed,
    pub hash_millis: Assumed,
    pub mail_millis: Assumed,
    pub provider_millis: Assumed,
    pub queue_send_millis: Assumed,
    pub map_millis_per_thousand_seats: Assumed,
    pub seat_map_looks: Assumed,
    pub payment_looks: Assumed,
    pub login_minutes: Assumed,
    pub mails_per_second_of_a_batch: Assumed,
    pub answer_bytes: Assumed,
    pub map_bytes_per_seat: Assumed,
    pub mail_bytes: Assumed,
    pub access_log_bytes: Assumed,
    pub function_log_bytes: Assumed,
    pub poll_log_bytes: Assumed,
    pub admission_bytes: Assumed,
    pub purchase_bytes: Assumed,
    pub stored_gigabytes: Assumed,
    pub queue_requests_per_message: Assumed,
    pub queue_polls_per_second: Assumed,
    pub polled_queues: Assumed,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prices {
    /// Currency of all prices.
    pub currency: String,
    /// When the file was last reviewed.
    pub date: String,
    /// What the prices include and exclude.
    pub terms: String,
    /// Default region.
    pub default_region: String,
    /// Prices by region.
    pub regions: BTreeMap<String, Region>,
    /// AWS quotas.
    pub quotas: Quotas,
    /// Assumptions.
    pub assumptions: Assumptions,
}

impl Prices {
    /// The file as compiled in.
    ///
    /// # Panics
    /// If a field is missing; a test reads the file.
    pub fn committed() -> Self {
        serde_json::from_str(include_str!("../prices.json")).expect("prices.json has all fields")
    }

    /// The prices of a region.
    ///
    /// # Errors
    /// The available regions.
    pub fn region(&self, name: &str) -> Result<&Region, String> {
        self.regions.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.regions.keys().map(String::as_str).collect();
            format!("prices.json has no region {name:?}; it has {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::ITEMS;

    #[test]
    fn every_region_has_every_price_with_a_source() {
        let prices = Prices::committed();
        assert!(prices.regions.contains_key(&prices.default_region));
        for (name, region) in &prices.regions {
            assert_eq!(region.len(), ITEMS.len(), "{name}");
            for item in ITEMS {
                let price = &region[item];
                assert!(price.price >= 0.0 && price.per >= 1.0, "{name}: {item:?}");
                assert!(price.source.starts_with("https://") && !price.how.is_empty(), "{name}: {item:?}");
            }
        }
    }

    #[test]
    fn a_price_has_tiers() {
        let requests = &Prices::committed().regions["ap-northeast-2"][&Item::ApiRequests];
        // 300 million at 1.23 per million, 100 million at 1.11.
        assert!((requests.of(400e6) - (369.0 + 111.0)).abs() < 1e-9);
        assert!((requests.of(1e6) - 1.23).abs() < 1e-9);
        assert_eq!(requests.of(0.0), 0.0);
    }
}
