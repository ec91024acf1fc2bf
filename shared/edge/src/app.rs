//! What every function works with; built once per cold start.

use crate::{
    clients::Aws,
    clock::Clock,
    codes::Codes,
    config::{Config, variable},
    entropy,
    rendered::Renderings,
    tokens::Tokens,
};
use frontrow_store::{Entropy, Store};

/// What every function works with.
#[derive(Debug, Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Access and queue tokens.
    pub tokens: Tokens,
    /// Verification codes and ticket codes.
    pub codes: Codes,
    /// Large answers, as they are sent.
    pub renderings: Renderings,
    /// What differs between deployments.
    pub config: Config,
}

impl App {
    /// Joins the parts.
    ///
    /// # Errors
    /// When the signing keys are malformed.
    pub fn new(config: Config, aws: &Aws, clock: Clock) -> Result<Self, String> {
        Ok(Self {
            store: store(config.table_name.clone(), aws),
            clock,
            tokens: Tokens::new(&config.signing_keys)?,
            codes: Codes::new(&config.signing_keys)?,
            renderings: Renderings::default(),
            config,
        })
    }

    /// From the environment.
    ///
    /// # Errors
    /// Names a variable that is missing or malformed.
    pub fn from_env() -> Result<Self, String> {
        Self::new(Config::from_env()?, &Aws::from_env(), Clock::default())
    }
}

/// The table, for functions that need nothing else: no keys, no mail.
///
/// # Errors
/// When `TABLE_NAME` is missing.
pub fn store_from_env(aws: &Aws) -> Result<Store, String> {
    Ok(store(variable("TABLE_NAME").ok_or("TABLE_NAME is not set")?, aws))
}

fn store(table_name: String, aws: &Aws) -> Store {
    let entropy = Entropy { fraction: entropy::fraction, uuid: entropy::fresh_uuid };
    Store::new(aws.dynamodb(), table_name, entropy)
}
