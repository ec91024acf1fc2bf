//! What the template says of what costs: `template.json` is written by a test, from `template.yaml`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The template's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// Memory of each function in MB, by operation.
    pub memory_megabytes: BTreeMap<String, f64>,
    /// Defaults of the parameters that are numbers.
    pub parameters: BTreeMap<String, f64>,
    /// Metrics that alarms look at: each is paid for.
    pub alarm_metrics: f64,
    /// How many there are of each type of resource.
    pub resources: BTreeMap<String, f64>,
}

impl Template {
    /// That of `template.json`.
    ///
    /// # Panics
    /// When the file is not what the test writes.
    pub fn committed() -> Self {
        serde_json::from_str(include_str!("../template.json")).expect("template.json is written by a test")
    }

    /// How many resources of `kind` there are.
    pub fn count(&self, kind: &str) -> f64 {
        self.resources.get(kind).copied().unwrap_or_default()
    }
}
