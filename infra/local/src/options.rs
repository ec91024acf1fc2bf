//! What can be set for a stack.

use crate::{functions::Functions, wire::WrapHttp};
use frontrow_domain::member::EmailAddress;
use frontrow_edge::limits::MAIL_MAX_RECEIVES;
use frontrow_workers::limits::VISIBILITY_SECONDS;
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

/// Options of a stack.
pub struct Options {
    /// Address that the gateway binds.
    pub address: IpAddr,
    /// The gateway's port; 0 for any free port.
    pub port: u16,
    /// Whether to run without a gateway: address and port are then those of the services, and no function runs in this
    /// process.
    pub services_only: bool,
    /// Where the functions run, if not in this process. They have their own clocks.
    pub functions: Option<Functions>,
    /// Directory of the data; `None` for memory.
    pub data: Option<PathBuf>,
    /// Whether to create members and performances to try.
    pub demo: bool,
    /// Addresses that sign up as organizers, beyond the seeded one.
    pub organizer_emails: HashSet<EmailAddress>,
    /// The website that links in mails lead to.
    pub site_url: Option<String>,
    /// Origins whose pages may call the API: `https://shop.example.com`, or `*` for any.
    pub allowed_origins: Vec<String>,
    /// Seconds until a failed message is received again, at least 3. The mailer's lease is one second shorter and its timeout
    /// two, so that two mailers never send the same mail.
    pub mail_visibility_seconds: u32,
    /// Receives before a mail moves to the dead-letter queue.
    pub mail_max_receives: u32,
    /// Timeout of one call to the payment provider. Two calls must end within the workers' timeout, which is the visibility
    /// timeout minus two seconds.
    pub provider_call_millis: u64,
    /// Longest wait before the payment provider is asked again, because a movable clock cannot wait for 15 minutes.
    pub payment_wait_max_seconds: i64,
    /// Wraps the HTTP client of the DynamoDB clients of endpoints and workers.
    pub wrap_http: Option<WrapHttp>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            services_only: false,
            functions: None,
            data: None,
            demo: true,
            organizer_emails: HashSet::new(),
            site_url: None,
            allowed_origins: vec!["*".to_owned()],
            mail_visibility_seconds: 6,
            mail_max_receives: MAIL_MAX_RECEIVES,
            provider_call_millis: 1_500,
            payment_wait_max_seconds: 5,
            wrap_http: None,
        }
    }
}

impl Options {
    /// Seconds until a failed message is received again. Functions elsewhere have the timeouts and leases of a deployment, so
    /// they get its visibility timeout.
    pub(crate) fn visibility_seconds(&self) -> u32 {
        if self.runs_here() { self.mail_visibility_seconds.max(3) } else { VISIBILITY_SECONDS }
    }

    /// Whether the functions run in this process.
    pub(crate) fn runs_here(&self) -> bool {
        self.functions.is_none() && !self.services_only
    }
}
