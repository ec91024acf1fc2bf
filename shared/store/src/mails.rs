//! The markers that keep a mail from being sent twice: one attribute per mail on the item that the mail is about; for an
//! alert an item of its own.
//!
//! Sending is CLAIM, the mail service, SENT. The claim is a lease: who dies with it holds nobody up for longer. Between
//! "accepted" and SENT a crash can mail twice, because the mail service knows no idempotency; nothing is done in that gap.

use crate::{
    Store,
    conditions::{ALERT_FREE, Condition, MAIL_FREE, MAIL_MINE, MAIL_UNSENT},
    db::Refused,
    keys::{self, Item, Key, from_item},
    write::Write,
};
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{MemberId, ReservationId, ShowId, VerificationId},
    limits::ALERT_KEPT_SECONDS,
    mailing::Occasion,
    reservation::{MailStatus, Reservation},
    verification::Verification,
};
use serde::{Deserialize, Serialize};

/// Which mail, by the ids of what it is about: no personal data, no code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Mail {
    /// The tickets of a confirmed reservation.
    Ticket {
        /// Who bought.
        member_id: MemberId,
        /// What.
        reservation_id: ReservationId,
        /// Which of its ticket mails; the one at payment is 0.
        #[serde(default, skip_serializing_if = "is_first")]
        number: u32,
        /// Why it goes out.
        #[serde(default, skip_serializing_if = "is_at_payment")]
        occasion: Occasion,
    },
    /// That a reservation was cancelled and refunded.
    Cancellation {
        /// Who had bought.
        member_id: MemberId,
        /// What.
        reservation_id: ReservationId,
    },
    /// That a show is new of a category that the member chose.
    Alert {
        /// Who is told.
        member_id: MemberId,
        /// Of what.
        show_id: ShowId,
    },
    /// The code that verifies an address.
    Code {
        /// The verification.
        verification_id: VerificationId,
    },
    /// That a member's password was replaced.
    Password {
        /// The verification that did it.
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

impl Mail {
    /// All kinds of mails.
    pub const KINDS: [&str; 5] = ["ticket", "cancellation", "alert", "code", "password"];

    /// Its kind, as messages and metrics tell it.
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

/// What became of an attempt to claim a mail.
#[derive(Debug)]
pub enum Claim {
    /// It is this claimer's to send until the lease ends.
    Granted(Box<Claimed>),
    /// Somebody else may be sending it right now.
    Taken,
    /// It was sent before.
    Sent,
    /// What it is about is not there.
    Missing,
}

/// A mail that is this claimer's to send, with the item that it is about.
#[derive(Debug)]
pub struct Claimed {
    mail: Mail,
    claimer: String,
    item: Item,
}

impl Claimed {
    /// The reservation that the mail is about.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is about something else.
    pub fn reservation(&self) -> Result<Reservation> {
        from_item(self.item.clone())
    }

    /// The verification that the mail is about.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is about something else.
    pub fn verification(&self) -> Result<Verification> {
        from_item(self.item.clone())
    }
}

impl Store {
    /// CLAIM: one write that takes the lease and returns the item, so that nothing has to be read. `until_sent` is the mail's
    /// status until it is sent: [`MailStatus::Failed`] where nobody will try again, because a claimer that dies says nothing.
    ///
    /// # Errors
    /// As any write.
    pub async fn claim_mail(
        &self,
        mail: &Mail,
        now: Timestamp,
        lease_seconds: i64,
        until_sent: MailStatus,
    ) -> Result<Claim> {
        let claimer = (self.entropy.uuid)().simple().to_string();
        let marker =
            Marker { claimed_by: claimer.clone(), lease_until: now.plus_seconds(lease_seconds), status: until_sent };
        let claim = match mail {
            // About no item of its own: the claim makes it.
            Mail::Alert { .. } => mail
                .update("SET #mail = :marker, #entity = :alert, #ttl = :ttl", &ALERT_FREE)
                .value("alert", "alert")
                .value("ttl", now.plus_seconds(ALERT_KEPT_SECONDS).ttl_seconds()),
            _ => mail.update("SET #mail = :marker", &MAIL_FREE),
        };
        let claim = claim
            .value("marker", keys::attribute(&marker))
            .value("sent", keys::attribute(&MailStatus::Sent))
            .value("now", now);
        let item = match self.write(claim).await {
            Ok(item) => item,
            Err(Refused::Failed(error)) => return Err(error),
            Err(Refused::Conditions(mut images)) => {
                let item = images.swap_remove(0).unwrap_or_default();
                if item.is_empty() {
                    return Ok(Claim::Missing);
                }
                match marker_of(&item, mail)? {
                    // This very claim, whose first answer was lost.
                    Some(found) if found.claimed_by == claimer => item,
                    Some(found) if found.status == MailStatus::Sent => return Ok(Claim::Sent),
                    _ => return Ok(Claim::Taken),
                }
            }
        };
        Ok(Claim::Granted(Box::new(Claimed { mail: mail.clone(), claimer, item })))
    }

    /// SENT: the mail service accepted it. `false` where the lease ran out and another claimed it meanwhile.
    ///
    /// # Errors
    /// As any write.
    pub async fn mail_was_sent(&self, claimed: &Claimed) -> Result<bool> {
        let sent = claimed.mail.update("SET #mail.#status = :sent", &MAIL_MINE);
        self.done(sent.value("sent", keys::attribute(&MailStatus::Sent)).value("claimer", claimed.claimer.as_str()))
            .await
    }

    /// Ends the lease now, because the mail service refused: the next attempt need not wait. `false` as above.
    ///
    /// # Errors
    /// As any write.
    pub async fn give_mail_back(&self, claimed: &Claimed, now: Timestamp) -> Result<bool> {
        let back = claimed.mail.update("SET #mail.#lease_until = :now", &MAIL_MINE);
        self.done(back.value("now", now).value("claimer", claimed.claimer.as_str())).await
    }

    /// Marks a mail as failed, because its message goes to the dead-letter queue. `false` where it was sent after all or has
    /// failed already. A sender that still has the claim may yet mark it as sent, and a redriven message may claim it again.
    ///
    /// # Errors
    /// As any write.
    pub async fn give_mail_up(&self, mail: &Mail, now: Timestamp) -> Result<bool> {
        let up = mail.update("SET #mail.#status = :failed", &MAIL_UNSENT);
        let up = up.value("failed", keys::attribute(&MailStatus::Failed));
        match self.write(up.value("queued", keys::attribute(&MailStatus::Queued))).await {
            Ok(_) => Ok(true),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Conditions(mut images)) => {
                let item = images.swap_remove(0).unwrap_or_default();
                // No claim has ever succeeded.
                let unclaimed = !item.is_empty() && marker_of(&item, mail)?.is_none();
                let claim =
                    if unclaimed { self.claim_mail(mail, now, 0, MailStatus::Failed).await? } else { Claim::Taken };
                Ok(matches!(claim, Claim::Granted(_)))
            }
        }
    }

    async fn done(&self, write: Write) -> Result<bool> {
        match self.write(write).await {
            Ok(_) => Ok(true),
            Err(Refused::Conditions(_)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

fn marker_of(item: &Item, mail: &Mail) -> Result<Option<Marker>> {
    let read = |value: &aws_sdk_dynamodb::types::AttributeValue| {
        serde_dynamo::from_attribute_value(value.clone()).map_err(|error| Error::internal("read a marker", error))
    };
    item.get(&mail.marker()).map(read).transpose()
}
