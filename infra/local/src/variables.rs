//! The environment variables that functions running elsewhere need to reach the services.

use crate::engine::context;
use serde_json::json;
use std::{collections::BTreeMap, fmt, fs, path::Path};

/// This machine's name for its own processes.
pub(crate) const LOCALHOST: &str = "localhost";
/// This machine's name for containers.
const HOST_OF_CONTAINERS: &str = "host.docker.internal";

/// Variables by name, for functions on this machine. They are printed one per line, in shell syntax.
#[derive(Debug, Clone)]
pub struct Variables(BTreeMap<&'static str, String>);

impl Variables {
    pub(crate) fn new(variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Writes the variables in the format of `sam local --env-vars`, for functions in containers. SAM sets only those that
    /// the template declares.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_for_containers(&self, file: &Path) -> Result<(), String> {
        let here = format!("http://{LOCALHOST}:");
        let there = format!("http://{HOST_OF_CONTAINERS}:");
        let translated: BTreeMap<_, _> =
            self.iter().map(|(name, value)| (name, value.replace(&here, &there))).collect();
        let text = format!("{:#}\n", json!({"Parameters": translated}));
        fs::write(file, text).map_err(context("write the variables"))
    }
}

impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}='{value}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_get_the_hosts_container_name() {
        let url = "http://localhost:4566/000000000000/mails".to_owned();
        let variables = Variables::new([("TABLE_NAME", "frontrow".to_owned()), ("MAIL_QUEUE_URL", url)]);
        let text = "MAIL_QUEUE_URL='http://localhost:4566/000000000000/mails'\nTABLE_NAME='frontrow'\n";
        assert_eq!(variables.to_string(), text);
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("env.json");
        variables.write_for_containers(&file).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let queue = "http://host.docker.internal:4566/000000000000/mails";
        assert_eq!(written, json!({"Parameters": {"TABLE_NAME": "frontrow", "MAIL_QUEUE_URL": queue}}));
    }
}
