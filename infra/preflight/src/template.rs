//! Figures of the template that affect the cost. A test writes `template.json` from `template.yaml`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The relevant part of the template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// Memory of each function in MB, by operation.
    pub memory_megabytes: BTreeMap<String, f64>,
    /// Defaults of the numeric parameters.
    pub parameters: BTreeMap<String, f64>,
    /// Number of metrics that alarms watch; each is billed.
    pub alarm_metrics: f64,
    /// Number of resources by type.
    pub resources: BTreeMap<String, f64>,
}

impl Template {
    /// The figures in `template.json`.
    ///
    /// # Panics
    /// If the file does not have the format that the test writes.
    pub fn committed() -> Self {
        serde_json::from_str(include_str!("../template.json")).expect("template.json is written by a test")
    }

    /// Number of resources of `kind`.
    pub fn count(&self, kind: &str) -> f64 {
        self.resources.get(kind).copied().unwrap_or_default()
    }
}
