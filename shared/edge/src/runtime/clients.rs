//! The SDK clients: minimal, one per cold start, with credentials and region from the environment that Lambda sets.
//!
//! The SDK's own retries are off for DynamoDB and SES: `store` retries by its own rules and must see lost responses,
//! and a mail whose response was lost must not be sent twice.

use crate::{
    env::variable,
    limits::{MAIL_CALL_MILLIS, QUEUE_CALL_MILLIS, SECRET_CALL_MILLIS},
};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedHttpClient, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{Builder, tls};
use frontrow_store::limits::DYNAMODB_CALL_MILLIS;
use std::time::Duration;

/// AWS endpoint, region and credentials.
#[derive(Debug, Clone)]
pub struct Aws {
    region: Region,
    credentials: Option<Credentials>,
    endpoint_url: Option<String>,
    http: SharedHttpClient,
    /// Whether requests are signed.
    signs: bool,
}

impl Aws {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_ENDPOINT_URL`.
    pub fn from_env() -> Self {
        let credentials = variable("AWS_ACCESS_KEY_ID")
            .zip(variable("AWS_SECRET_ACCESS_KEY"))
            .map(|(id, secret)| Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment"));
        Self {
            region: Region::new(variable("AWS_REGION").unwrap_or_else(|| "ap-northeast-2".to_owned())),
            credentials,
            endpoint_url: variable("AWS_ENDPOINT_URL"),
            http: https_client(),
            signs: true,
        }
    }

    /// An emulator at `endpoint_url`, with dummy credentials.
    pub fn emulated(endpoint_url: &str) -> Self {
        Self {
            region: Region::new("ap-northeast-2"),
            credentials: Some(Credentials::new("local", "local", None, None, "local")),
            endpoint_url: Some(endpoint_url.to_owned()),
            http: Builder::new().build_http(),
            signs: true,
        }
    }

    /// Services within this process, behind `http`. Requests are not signed, because nothing checks signatures.
    pub fn within(http: SharedHttpClient) -> Self {
        Self { credentials: None, http, signs: false, ..Self::emulated("http://localhost") }
    }

    /// The same services through `http`. Tests use this to put faults between SDK and engine.
    #[must_use]
    pub fn through(self, http: SharedHttpClient) -> Self {
        Self { http, ..self }
    }

    /// The HTTP client of all SDK clients.
    pub fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }

    /// A DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(call_timeout(DYNAMODB_CALL_MILLIS));
        config.set_credentials_provider(
            self.credentials.clone().map(aws_sdk_dynamodb::config::SharedCredentialsProvider::new),
        );
        config.set_endpoint_url(self.endpoint_url.clone());
        if !self.signs {
            config.set_allow_no_auth();
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An SQS client.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http.clone())
            .timeout_config(call_timeout(QUEUE_CALL_MILLIS));
        config.set_credentials_provider(
            self.credentials.clone().map(aws_sdk_sqs::config::SharedCredentialsProvider::new),
        );
        config.set_endpoint_url(self.endpoint_url.clone());
        if !self.signs {
            config.set_allow_no_auth();
        }
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A Secrets Manager client.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http.clone())
            .timeout_config(call_timeout(SECRET_CALL_MILLIS));
        config.set_credentials_provider(
            self.credentials.clone().map(aws_sdk_secretsmanager::config::SharedCredentialsProvider::new),
        );
        config.set_endpoint_url(self.endpoint_url.clone());
        if !self.signs {
            config.set_allow_no_auth();
        }
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// An SES client without retries: the SDK must not send a mail twice if it is unknown whether the first was
    /// accepted.
    pub fn ses(&self) -> aws_sdk_ses::Client {
        let mut config = aws_sdk_ses::Config::builder()
            .behavior_version(aws_sdk_ses::config::BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(call_timeout(MAIL_CALL_MILLIS));
        config.set_credentials_provider(
            self.credentials.clone().map(aws_sdk_ses::config::SharedCredentialsProvider::new),
        );
        config.set_endpoint_url(self.endpoint_url.clone());
        if !self.signs {
            config.set_allow_no_auth();
        }
        aws_sdk_ses::Client::from_conf(config.build())
    }
}

fn call_timeout(millis: u64) -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(Duration::from_millis(millis)).build()
}

fn https_client() -> SharedHttpClient {
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}
