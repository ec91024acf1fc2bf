//! Addresses of the links in mails.

use frontrow_domain::ids::{PerformanceId, ShowId};
use frontrow_edge::config::Config;

/// Base addresses of links. A mail omits links whose address is not configured.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// Address of the website.
    pub site_url: Option<String>,
    /// Public address of the API.
    pub api_url: Option<String>,
}

impl Links {
    /// The addresses configured in `config`.
    pub fn of(config: &Config) -> Self {
        Self { site_url: config.site_url.clone(), api_url: config.api_url.clone() }
    }

    pub(super) fn performance(&self, id: &PerformanceId) -> Option<String> {
        self.site_url.as_ref().map(|site| format!("{site}/#/performances/{id}"))
    }

    pub(super) fn show(&self, id: &ShowId) -> Option<String> {
        self.site_url.as_ref().map(|site| format!("{site}/#/shows/{id}"))
    }

    pub(super) fn unsubscribe(&self, token: &str) -> Option<String> {
        self.api_url.as_ref().map(|api| format!("{api}/unsubscribe?token={token}"))
    }
}
