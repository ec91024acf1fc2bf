//! Markers that keep a mail from being sent twice: one attribute per mail, on the item that the mail is about. An
//! alert has an item of its own.
//!
//! Sending is CLAIM, a call to the mail service, and SENT. The claim is a lease, so a sender that dies delays the
//! mail at most until the lease expires. A crash between "accepted" and SENT can send a mail twice, because the mail
//! service is not idempotent; nothing else happens in that gap.

use crate::{
    Store,
    conditions::{ALERT_FREE, Condition, MAIL_FREE, MAIL_MINE, MAIL_UNSENT},
    keys::{self, Item, Key, from_item},
    limits::ALERT_KEPT_SECONDS,
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, ReservationId, ShowId, VerificationId},
    mailing::Occasion,
    reservation::{MailStatus, Reservation},
    verification::Verification,
};
use serde::{Deserialize, Serialize};

/// A mail, identified by the ids of its subject. Contains no personal data and no code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum MailJob {
    /// The tickets of a confirmed reservation.
    Ticket {
        /// The buyer.
        member_id: MemberId,
        /// The confirmed reservation.
        reservation_id: ReservationId,
        /// The number of this ticket mail; the one sent at payment is 0.
        #[serde(default, skip_serializing_if = "is_first")]
        number: u32,
        /// Why it is sent.
        #[serde(default, skip_serializing_if = "is_at_payment")]
        occasion: Occasion,
    },
    /// Confirms that a reservation was cancelled and refunded.
    Cancellation {
        /// The buyer.
        member_id: MemberId,
        /// The cancelled reservation.
        reservation_id: ReservationId,
    },
    /// Announces a new show of a category that the member chose.
    Alert {
        /// The recipient.
        member_id: MemberId,
        /// The new show.
        show_id: ShowId,
    },
    /// The code that verifies an address.
    Code {
        /// The verification with the code.
        verification_id: VerificationId,
    },
    /// Confirms that a member's password was replaced.
    Password {
        /// The verification that was used for it.
        verification_id: VerificationId,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_first(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_at_payment(occasion: &Occasion) -> bool {
    *occasion == Occasion::Payment
}

impl MailJob {
    /// The kinds of all mails, as in [`MailJob::kind`].
    pub const KINDS: [&str; 5] = ["ticket", "cancellation", "alert", "code", "password"];

    /// The mail's kind, as used in messages and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ticket { .. } => "ticket",
            Self::Cancellation { .. } => "cancellation",
            Self::Alert { .. } => "alert",
            Self::Code { .. } => "code",
            Self::Password { .. } => "password",
        }
    }

    fn key(&self) -> Key {
        match self {
            Self::Ticket { member_id, reservation_id, .. } | Self::Cancellation { member_id, reservation_id } => {
                keys::reservation(member_id, reservation_id)
            }
            Self::Alert { member_id, show_id } => keys::alert(member_id, show_id),
            Self::Code { verification_id } | Self::Password { verification_id } => keys::verification(verification_id),
        }
    }

    fn marker(&self) -> String {
        match self {
            Self::Ticket { number, .. } => keys::ticket_mail(*number),
            Self::Cancellation { .. } => keys::CANCELLATION_MAIL.to_owned(),
            Self::Alert { .. } => keys::ALERT_MAIL.to_owned(),
            Self::Code { .. } => keys::CODE_MAIL.to_owned(),
            Self::Password { .. } => keys::PASSWORD_MAIL.to_owned(),
        }
    }

    fn update(&self, update: &'static str, condition: &'static Condition) -> Write {
        Write::update(self.key(), update).naming("mail", &self.marker()).when(condition)
    }
}

/// The progress of a mail: an attribute of the item that the mail is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The claim that is sending it: a random identifier.
    pub(crate) claimed_by: String,
    /// When the lease expires; until then, nobody else may claim the mail.
    pub(crate) lease_until: Timestamp,
    /// Sent if the mail service accepted it, failed if it was given up, else queued.
    pub(crate) status: MailStatus,
}

impl Marker {
    /// The mail's progress.
    pub fn status(&self) -> MailStatus {
        self.status
    }
}

/// The outcome of an attempt to claim a mail.
#[derive(Debug)]
pub enum Claim {
    /// This claimer may send it until the lease expires.
    Granted(Box<Claimed>),
    /// Another claimer may be sending it right now.
    Taken,
    /// It was already sent.
    Sent,
    /// The item that it is about does not exist.
    Missing,
}

/// A mail that this claimer may send, with the item that it is about.
#[derive(Debug)]
pub struct Claimed {
    mail: MailJob,
    claimer: String,
    item: Item,
}

impl Claimed {
    /// The reservation that the mail is about.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is about something else.
    pub fn reservation(&self) -> Result<Reservation> {
        from_item(self.item.clone())
    }

    /// The verification that the mail is about.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is about something else.
    pub fn verification(&self) -> Result<Verification> {
        from_item(self.item.clone())
    }
}

impl Store {
    /// CLAIM: one write that takes the lease and returns the item, so that no read is necessary. `until_sent` is the
    /// mail's status until it is sent: [`MailStatus::Failed`] on the last attempt, because a claimer that dies cannot
    /// report it.
    ///
    /// # Errors
    /// As any write.
    pub async fn claim_mail(
        &self,
        mail: &MailJob,
        now: Timestamp,
        lease_seconds: i64,
        until_sent: MailStatus,
    ) -> Result<Claim> {
        let claimer = (self.entropy.uuid)().simple().to_string();
        let marker =
            Marker { claimed_by: claimer.clone(), lease_until: now.plus_seconds(lease_seconds), status: until_sent };
        let claim = match mail {
            // An alert has no item of its own yet: the claim creates it.
            MailJob::Alert { .. } => mail
                .update("SET #mail = :marker, #entity = :alert, #ttl = :ttl", &ALERT_FREE)
                .value("alert", "alert")
                .value("ttl", now.plus_seconds(ALERT_KEPT_SECONDS).ttl_seconds()),
            _ => mail.update("SET #mail = :marker", &MAIL_FREE),
        };
        let claim = claim
            .value("marker", keys::attribute(&marker))
            .value("sent", keys::attribute(&MailStatus::Sent))
            .value("now", now);
        let item = match self.write(claim).await? {
            Ok(item) => item,
            Err(None) => return Ok(Claim::Missing),
            Err(Some(item)) => match marker_of(&item, mail)? {
                // This claim succeeded and its first response was lost.
                Some(found) if found.claimed_by == claimer => item,
                Some(found) if found.status == MailStatus::Sent => return Ok(Claim::Sent),
                _ => return Ok(Claim::Taken),
            },
        };
        Ok(Claim::Granted(Box::new(Claimed { mail: mail.clone(), claimer, item })))
    }

    /// SENT: the mail service accepted it. `false` if the lease expired and another claimer took it meanwhile.
    ///
    /// # Errors
    /// As any write.
    pub async fn mark_mail_sent(&self, claimed: &Claimed) -> Result<bool> {
        let sent = claimed.mail.update("SET #mail.#status = :sent", &MAIL_MINE);
        let sent = sent.value("sent", keys::attribute(&MailStatus::Sent)).value("claimer", claimed.claimer.as_str());
        Ok(self.write(sent).await?.is_ok())
    }

    /// Ends the lease now, because the mail service refused, so that the next attempt need not wait. `false` as for
    /// [`Store::mark_mail_sent`].
    ///
    /// # Errors
    /// As any write.
    pub async fn release_mail(&self, claimed: &Claimed, now: Timestamp) -> Result<bool> {
        let back = claimed.mail.update("SET #mail.#lease_until = :now", &MAIL_MINE);
        Ok(self.write(back.value("now", now).value("claimer", claimed.claimer.as_str())).await?.is_ok())
    }

    /// Marks a mail as failed, because its message goes to the dead-letter queue. `false` if it was sent after all or
    /// has already failed. A sender that still has the claim may later mark it as sent, and a redriven message may
    /// claim it again.
    ///
    /// # Errors
    /// As any write.
    pub async fn mark_mail_failed(&self, mail: &MailJob, now: Timestamp) -> Result<bool> {
        let up = mail.update("SET #mail.#status = :failed", &MAIL_UNSENT);
        let up = up.value("failed", keys::attribute(&MailStatus::Failed));
        match self.write(up.value("queued", keys::attribute(&MailStatus::Queued))).await? {
            Ok(_) => Ok(true),
            // No claim has ever succeeded.
            Err(Some(item)) if marker_of(&item, mail)?.is_none() => {
                Ok(matches!(self.claim_mail(mail, now, 0, MailStatus::Failed).await?, Claim::Granted(_)))
            }
            Err(_) => Ok(false),
        }
    }
}

fn marker_of(item: &Item, mail: &MailJob) -> Result<Option<Marker>> {
    let read = |value: &aws_sdk_dynamodb::types::AttributeValue| {
        serde_dynamo::from_attribute_value(value.clone()).map_err(|error| Error::internal("read a marker", error))
    };
    item.get(&mail.marker()).map(read).transpose()
}
