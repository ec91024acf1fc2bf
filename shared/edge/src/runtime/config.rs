//! Settings that differ between deployments, read from the environment once per cold start.

use crate::{
    env::variable,
    limits::{MAIL_LEASE_SECONDS, MAIL_MAX_RECEIVES},
    metrics::Metrics,
    secrets::Secrets,
};
use frontrow_domain::{member::EmailAddress, show::PosterUrl};
use std::collections::HashSet;

/// Settings that differ between deployments.
#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// The secrets from Secrets Manager; empty until [`Secrets::read`].
    pub secrets: Secrets,
    /// `ORGANIZER_EMAILS`, comma-separated: addresses that sign up as organizers.
    pub organizer_emails: HashSet<EmailAddress>,
    /// `MAIL_FROM`: the sender of every mail.
    pub mail_from: String,
    /// `MAIL_CONFIGURATION_SET`: the SES configuration set that reports bounces and complaints, if any.
    pub mail_configuration_set: Option<String>,
    /// `MAIL_MAX_RECEIVES`: the queue's redrive limit, at which the mailer marks a mail as failed.
    pub mail_max_receives: u32,
    /// `SITE_URL`: the website that links in mails point to; `None` for no links.
    pub site_url: Option<String>,
    /// `API_URL`: the public address of the API, for links in mails.
    pub api_url: Option<String>,
    /// `POLL_URL`: the function URL for polls, if they go past the API.
    pub poll_url: Option<String>,
    /// `POLL_LOG_PERCENT`: how many percent of its requests a polled function logs.
    pub poll_log_percent: u8,
    /// Lease of a mailer's claim, in seconds. Not read from the environment: function timeout < lease < visibility.
    pub mail_lease_seconds: i64,
    /// Metrics of the stack named by `STACK_NAME`.
    pub metrics: Metrics,
}

/// The sender of mails if `MAIL_FROM` is not set.
pub const MAIL_FROM: &str = "frontrow <tickets@example.com>";

/// Parses `ORGANIZER_EMAILS`, separated by commas.
///
/// # Errors
/// Describes what is wrong with an address.
pub fn organizer_emails(variable: &dyn Fn(&str) -> Option<String>) -> Result<HashSet<EmailAddress>, String> {
    let addresses = variable("ORGANIZER_EMAILS").unwrap_or_default();
    let addresses = addresses.split(',').filter(|address| !address.trim().is_empty());
    let email =
        |address: &str| EmailAddress::try_from(address.to_owned()).map_err(|why| format!("ORGANIZER_EMAILS: {why}"));
    addresses.map(email).collect()
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names a variable that is missing or malformed.
    pub fn from_env() -> Result<Self, String> {
        Self::from_vars(&variable)
    }

    /// Reads the variables from the function `variable`.
    ///
    /// # Errors
    /// Names a variable that is missing or malformed.
    pub fn from_vars(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required = |name: &str| variable(name).ok_or_else(|| format!("{name} is not set"));
        let mail_max_receives = match variable("MAIL_MAX_RECEIVES") {
            Some(text) => text.parse().map_err(|_| "MAIL_MAX_RECEIVES is not a number".to_owned())?,
            None => MAIL_MAX_RECEIVES,
        };
        let poll_log_percent = variable("POLL_LOG_PERCENT").unwrap_or_else(|| "0".to_owned());
        let poll_log_percent = poll_log_percent.parse().ok().filter(|percent| *percent <= 100);
        Ok(Self {
            table_name: required("TABLE_NAME")?,
            secrets: Secrets::default(),
            organizer_emails: organizer_emails(variable)?,
            mail_from: variable("MAIL_FROM").unwrap_or_else(|| MAIL_FROM.to_owned()),
            mail_configuration_set: variable("MAIL_CONFIGURATION_SET"),
            mail_max_receives,
            site_url: base_url(variable, "SITE_URL")?,
            api_url: base_url(variable, "API_URL")?,
            poll_url: base_url(variable, "POLL_URL")?,
            poll_log_percent: poll_log_percent.ok_or("POLL_LOG_PERCENT is not a number from 0 to 100")?,
            mail_lease_seconds: MAIL_LEASE_SECONDS,
            metrics: Metrics::of(variable("STACK_NAME")),
        })
    }
}

/// The URL in the variable `name`, without a trailing slash.
///
/// # Errors
/// Names the variable if it is not an `http` or `https` URL.
pub fn base_url(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Result<Option<String>, String> {
    let address = |text: String| {
        let text = text.trim().trim_end_matches('/').to_owned();
        PosterUrl::try_from(text).map(String::from).map_err(|why| format!("{name}: {why}"))
    };
    variable(name).map(address).transpose()
}
