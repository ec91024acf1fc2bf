//! Message bodies, as JSON: [`MailJob`] to `ticket_mailer`, from `relay_outbox` and `announce_show`, and [`PaymentDue`] to
//! `payment_worker`. They contain only a kind and ids.

use frontrow_domain::{
    Error, Result,
    ids::{MemberId, ReservationId},
};
use frontrow_store::MailJob;
use serde::{Deserialize, Serialize};

/// Encodes the body of a message.
pub fn encode(mail: &MailJob) -> String {
    serde_json::to_string(mail).expect("ids are plain data")
}

/// Decodes the body of a message.
///
/// # Errors
/// [`Error::Internal`] if the body is invalid.
pub fn decode(body: &str) -> Result<MailJob> {
    serde_json::from_str(body).map_err(|_| not_ours())
}

/// Invalid bodies are not quoted in the log.
fn not_ours() -> Error {
    Error::internal("read a message", "invalid body")
}

/// A purchase by card that is not settled. Its reservation determines the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentDue {
    /// The buyer.
    pub member_id: MemberId,
    /// The purchase.
    pub reservation_id: ReservationId,
}

impl PaymentDue {
    /// Encodes the body of a message.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("ids are plain data")
    }

    /// Decodes the body of a message.
    ///
    /// # Errors
    /// [`Error::Internal`] if the body is invalid.
    pub fn decode(body: &str) -> Result<Self> {
        serde_json::from_str(body).map_err(|_| not_ours())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontrow_domain::mailing::Occasion;

    #[test]
    fn a_message_contains_only_kind_and_ids() {
        let mail = MailJob::Ticket {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            reservation_id: "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo".parse().unwrap(),
            number: 0,
            occasion: Occasion::Payment,
        };
        let body = encode(&mail);
        assert_eq!(
            body,
            r#"{"kind":"ticket","memberId":"0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005","reservationId":"r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo"}"#
        );
        assert_eq!(decode(&body).unwrap(), mail);
        let code = MailJob::Code { verification_id: "v1".parse().unwrap() };
        assert_eq!(encode(&code), r#"{"kind":"code","verificationId":"v1"}"#);
        let password = MailJob::Password { verification_id: "v1".parse().unwrap() };
        assert_eq!(encode(&password), r#"{"kind":"password","verificationId":"v1"}"#);
        for poison in ["", "not json", "{}", r#"{"kind":"alert"}"#, r#"{"kind":"code","verificationId":"a/b"}"#] {
            assert!(decode(poison).is_err(), "{poison}");
        }
    }
}
