//! The shared context of all functions; built once per cold start.

use crate::{
    clients::Aws,
    clock::Clock,
    codes::Codes,
    config::Config,
    cursors::Cursors,
    entropy,
    env::variable,
    passwords::Passwords,
    render_cache::RenderCache,
    secrets::{Secret, Secrets},
    tokens::Tokens,
};
use frontrow_domain::ids::RequestId;
use frontrow_store::{Entropy, Store};

/// The shared context of all functions.
#[derive(Debug, Clone)]
pub struct App {
    /// The DynamoDB table.
    pub store: Store,
    /// The only source of the current time.
    pub clock: Clock,
    /// Access and queue tokens.
    pub tokens: Tokens,
    /// Verification codes and ticket codes.
    pub codes: Codes,
    /// Cursors of lists.
    pub cursors: Cursors,
    /// Password hashes.
    pub passwords: Passwords,
    /// Rendered large responses.
    pub render_cache: RenderCache,
    /// Settings that differ between deployments.
    pub config: Config,
}

impl App {
    /// Builds the context from its parts.
    pub fn new(config: Config, aws: &Aws, clock: Clock) -> Self {
        Self {
            store: store(config.table_name.clone(), aws),
            clock,
            tokens: Tokens::new(&config.secrets.signing_keys),
            codes: Codes::new(&config.secrets.signing_keys),
            cursors: Cursors::new(&config.secrets.signing_keys),
            passwords: Passwords::new(config.secrets.password_peppers.clone()),
            render_cache: RenderCache::default(),
            config,
        }
    }

    /// Builds the context from `config`, the AWS environment and the declared secrets.
    ///
    /// # Errors
    /// Names a secret that cannot be read or parsed.
    pub async fn start(config: Config, secrets: &[Secret]) -> Result<Self, String> {
        let aws = Aws::from_env();
        let secrets = Secrets::read(&aws, secrets).await?;
        Ok(Self::new(Config { secrets, ..config }, &aws, Clock::default()))
    }

    /// The context of one function among many: only its declared secrets, and `aws` with the permissions of its role.
    #[must_use]
    pub fn for_function(&self, aws: &Aws, declared: &[Secret]) -> Self {
        let secrets = self.config.secrets.only(declared);
        Self {
            store: self.store.through(aws.dynamodb()),
            tokens: Tokens::new(&secrets.signing_keys),
            codes: Codes::new(&secrets.signing_keys),
            cursors: Cursors::new(&secrets.signing_keys),
            passwords: self.passwords.with_peppers(secrets.password_peppers.clone()),
            config: Config { secrets, ..self.config.clone() },
            ..self.clone()
        }
    }
}

impl App {
    /// The context for one request: everything that follows from its writes names it.
    #[must_use]
    pub(crate) fn for_request(&self, request: Option<&RequestId>) -> Self {
        Self { store: self.store.for_request(request), ..self.clone() }
    }
}

/// The table, for functions that need neither keys nor mail.
///
/// # Errors
/// If `TABLE_NAME` is not set.
pub fn store_from_env(aws: &Aws) -> Result<Store, String> {
    Ok(store(variable("TABLE_NAME").ok_or("TABLE_NAME is not set")?, aws))
}

fn store(table_name: String, aws: &Aws) -> Store {
    let entropy = Entropy { fraction: entropy::fraction, uuid: entropy::fresh_uuid };
    Store::new(aws.dynamodb(), table_name, entropy)
}
