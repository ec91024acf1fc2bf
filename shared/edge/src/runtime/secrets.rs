//! Secrets of the functions: the signing keys, the password peppers and the key for the payment provider. They are
//! stored in Secrets Manager. Each function reads the ones it declares once in its lifetime, on its first event.

use crate::{clients::Aws, env::variable, keys::KeyRing};
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use std::fmt;

/// A secret that a function may read; part of its IAM policy in the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Keys for tokens and codes.
    SigningKeys,
    /// Peppers mixed into every password hash.
    PasswordPeppers,
    /// The API key for the payment provider.
    ProviderKey,
}

impl Secret {
    /// All secrets.
    pub const ALL: [Self; 3] = [Self::SigningKeys, Self::PasswordPeppers, Self::ProviderKey];

    /// The environment variable with its ARN.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::SigningKeys => "SIGNING_KEYS_SECRET",
            Self::PasswordPeppers => "PASSWORD_PEPPERS_SECRET",
            Self::ProviderKey => "PROVIDER_SECRET",
        }
    }
}

/// The secrets that a function has read. Secrets it did not declare are empty.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Keys for tokens and codes.
    pub signing_keys: KeyRing,
    /// Peppers mixed into every password hash.
    pub password_peppers: KeyRing,
    /// The API key for the payment provider.
    pub provider_key: String,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Reads `wanted` from Secrets Manager, with the ARNs in the environment.
    ///
    /// # Errors
    /// Names the variable that is not set, or whose secret cannot be read or parsed.
    pub async fn read(aws: &Aws, wanted: &[Secret]) -> Result<Self, String> {
        let mut secrets = Self::default();
        if wanted.is_empty() {
            return Ok(secrets);
        }
        let client = aws.secrets_manager();
        for secret in wanted {
            let name = secret.variable();
            let id = variable(name).ok_or_else(|| format!("{name} is not set"))?;
            let answer = client.get_secret_value().secret_id(id).send().await;
            let answer = answer.map_err(|error| format!("{name}: {}", DisplayErrorContext(&error)))?;
            let text = answer.secret_string.ok_or_else(|| format!("{name}: the secret is not a string"))?;
            let ring = || KeyRing::parse(&text).map_err(|why| format!("{name}: {why}"));
            match secret {
                Secret::SigningKeys => secrets.signing_keys = ring()?,
                Secret::PasswordPeppers => secrets.password_peppers = ring()?,
                Secret::ProviderKey => secrets.provider_key = text,
            }
        }
        Ok(secrets)
    }

    /// Only the `declared` secrets.
    #[must_use]
    pub fn only(&self, declared: &[Secret]) -> Self {
        let mut some = Self::default();
        for secret in declared {
            match secret {
                Secret::SigningKeys => some.signing_keys = self.signing_keys.clone(),
                Secret::PasswordPeppers => some.password_peppers = self.password_peppers.clone(),
                Secret::ProviderKey => some.provider_key.clone_from(&self.provider_key),
            }
        }
        some
    }
}
