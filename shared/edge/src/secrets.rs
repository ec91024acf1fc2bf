//! Secrets of the functions: the signing keys, the password peppers and the key for the payment provider. They are
//! stored in Secrets Manager. Each function reads the ones it declares once in its lifetime, on its first event.

use crate::{clients::Aws, config::variable};
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use frontrow_domain::limits::{KEY_ID_MAX_CHARS, KEY_MIN_CHARS};
use std::{collections::BTreeMap, fmt, sync::Arc};

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

/// Keys by id. The current one signs, and all of them verify.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyRing(Arc<[(String, String)]>);

impl KeyRing {
    /// Parses `{"current": "k2", "k1": "<key>", "k2": "<key>"}`. Ids have at most 8 letters and digits, keys at least
    /// 32 characters.
    ///
    /// # Errors
    /// Describes the fault without the keys.
    pub fn parse(json: &str) -> Result<Self, String> {
        let mut keys: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|_| "expected a JSON object of strings".to_owned())?;
        let current = keys.remove("current").ok_or("`current` is missing")?;
        for (id, key) in &keys {
            if !(1..=KEY_ID_MAX_CHARS).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(format!("expected key ids of 1 to {KEY_ID_MAX_CHARS} letters and digits"));
            }
            if key.len() < KEY_MIN_CHARS {
                return Err(format!("key {id} has fewer than {KEY_MIN_CHARS} characters"));
            }
        }
        let key = keys.remove(&current).ok_or("the `current` key is not in the ring")?;
        Ok(Self([(current, key)].into_iter().chain(keys).collect()))
    }

    /// All ids and keys, the current one first.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key.as_str()))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys().map(|(id, _)| id)).finish()
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00000000000000000000000000000000";

    #[test]
    fn the_current_key_comes_first_and_no_key_is_printed() {
        let ring = KeyRing::parse(&format!(r#"{{"current":"k2","k1":"{KEY}","k2":"{KEY}2"}}"#)).unwrap();
        assert_eq!(ring.keys().collect::<Vec<_>>(), [("k2", format!("{KEY}2").as_str()), ("k1", KEY)]);
        assert_eq!(format!("{ring:?}"), r#"["k2", "k1"]"#);
    }

    #[test]
    fn unusable_key_rings_are_refused() {
        for bad in [
            "".to_owned(),
            "k1:0".to_owned(),
            format!(r#"{{"k1":"{KEY}"}}"#),
            format!(r#"{{"current":"k2","k1":"{KEY}"}}"#),
            r#"{"current":"k1","k1":"short"}"#.to_owned(),
            format!(r#"{{"current":"k:1","k:1":"{KEY}"}}"#),
            format!(r#"{{"current":"k1","k1":"{KEY}","":"{KEY}"}}"#),
        ] {
            let why = KeyRing::parse(&bad).unwrap_err();
            assert!(!why.contains(KEY), "{why}");
        }
    }
}
