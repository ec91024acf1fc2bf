//! The markers that keep a mail from being sent twice.

use frontrow_domain::{Timestamp, reservation::MailStatus};
use serde::{Deserialize, Serialize};

/// How far a mail has come: an attribute of the item that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Who is sending it: the claimer's own word.
    pub(crate) claimed_by: String,
    /// Until when nobody else may.
    pub(crate) lease_until: Timestamp,
    /// Accepted by the mail service, given up, or neither yet.
    pub(crate) status: MailStatus,
}

impl Marker {
    /// How far the mail has come.
    pub fn status(&self) -> MailStatus {
        self.status
    }
}
