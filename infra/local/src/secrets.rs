//! Secrets Manager, as far as functions use it: `GetSecretValue` of the stack's own secrets.

use crate::{
    data::{Data, fresh_key_ring},
    http::page,
    provider,
};
use axum::response::Response;
use frontrow_edge::{
    keys::KeyRing,
    secrets::{Secret, Secrets},
};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::LazyLock;

const JSON: &str = "application/x-amz-json-1.1";

/// The stack's secrets, as text.
#[derive(Clone)]
pub(crate) struct SecretStore {
    signing_keys: String,
    password_peppers: String,
}

impl SecretStore {
    /// The key rings stored with the data. In memory, all stacks of a process share the same pepper, so that the seeds'
    /// password is hashed only once.
    pub(crate) fn open(data: Option<&Data>) -> Result<Self, String> {
        static PEPPERS: LazyLock<String> = LazyLock::new(fresh_key_ring);
        let (signing_keys, password_peppers) = match data {
            Some(data) => (data.key_ring("signing-keys")?, data.key_ring("password-peppers")?),
            None => (fresh_key_ring(), PEPPERS.clone()),
        };
        Ok(Self { signing_keys, password_peppers })
    }

    /// The secrets in the form that functions use.
    pub(crate) fn read(&self) -> Result<Secrets, String> {
        Ok(Secrets {
            signing_keys: KeyRing::parse(&self.signing_keys)?,
            password_peppers: KeyRing::parse(&self.password_peppers)?,
            provider_key: provider::SECRET_KEY.to_owned(),
        })
    }

    fn text(&self, secret: Secret) -> &str {
        match secret {
            Secret::SigningKeys => &self.signing_keys,
            Secret::PasswordPeppers => &self.password_peppers,
            Secret::ProviderKey => provider::SECRET_KEY,
        }
    }

    /// Handles a call.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> Response {
        if target != "secretsmanager.GetSecretValue" {
            return refusal("InvalidRequestException", "Only GetSecretValue is served.");
        }
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let asked = asked["SecretId"].as_str().unwrap_or_default();
        match Secret::ALL.into_iter().find(|secret| id(*secret) == asked) {
            Some(secret) => {
                let response = json!({"ARN": asked, "Name": asked, "SecretString": self.text(secret)});
                page(StatusCode::OK, JSON, response.to_string())
            }
            None => refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        }
    }
}

/// Id of a secret in the local stack.
pub(crate) fn id(secret: Secret) -> &'static str {
    match secret {
        Secret::SigningKeys => "signing-keys",
        Secret::PasswordPeppers => "password-peppers",
        Secret::ProviderKey => "provider-key",
    }
}

fn refusal(kind: &str, message: &str) -> Response {
    page(StatusCode::BAD_REQUEST, JSON, json!({"__type": kind, "message": message}).to_string())
}
