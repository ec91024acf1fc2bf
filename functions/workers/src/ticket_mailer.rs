//! Sends each mail once: claim it, send it, mark it as sent. A message is acknowledged only after the mail was accepted.

use crate::{
    batch::side_by_side,
    limits::{MAIL_SEND_ATTEMPTS, MAIL_THROTTLED_MILLIS, WORKER_TIMEOUT_SECONDS},
    mails::{self, Email, Links},
    message,
    queue::request_of,
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_ses::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::send_raw_email::SendRawEmailError,
    primitives::Blob,
    types::RawMessage,
};
use frontrow_domain::{
    Error, Result,
    ids::{RequestId, TicketId},
    reservation::{MailStatus, ReservationStatus},
};
use frontrow_edge::{
    App, Function, Queue, Secret,
    TableAction::{GetItem, UpdateItem},
    Worker,
    clients::Aws,
    config::Config,
    entropy,
    worker::{Concurrency, Trigger},
};
use frontrow_store::{Claim, Claimed, MailJob};
use std::time::Duration;

/// Sends the mails that the queue's messages request.
#[derive(Debug, Clone)]
pub struct TicketMailer {
    app: App,
    ses: Client,
}

/// Outcome of a call to the mail service.
enum Outcome {
    Accepted,
    /// The mail was certainly not accepted.
    Refused(String),
    /// The mail may have been accepted.
    Unknown(String),
}

impl TicketMailer {
    /// Sends through `ses`, whose own retries must be disabled.
    pub fn new(app: App, ses: Client) -> Self {
        Self { app, ses }
    }

    /// Handles one message from claim to acknowledgement.
    async fn deliver(self, received: SqsMessage) -> Result<()> {
        let mail = message::decode(received.body.as_deref().unwrap_or_default())?;
        let is_last = self.is_last_receive(&received);
        let until_sent = if is_last { MailStatus::Failed } else { MailStatus::Queued };
        let outcome = self.send_once(&mail, until_sent, request_of(&received).as_ref()).await;
        if outcome.is_err() && is_last {
            let gave_up = self.app.store.mark_mail_failed(&mail, self.app.clock.now()).await;
            tracing::error!(
                ?mail,
                ?gave_up,
                "mail failed for the last time; its message goes to the dead-letter queue"
            );
        }
        outcome
    }

    fn is_last_receive(&self, received: &SqsMessage) -> bool {
        let count = received.attributes.get("ApproximateReceiveCount").and_then(|text| text.parse::<u32>().ok());
        count.is_some_and(|count| count >= self.app.config.mail_max_receives)
    }

    /// Returns `Ok` if the message is done: the mail was accepted, now or earlier, or is no longer needed. If the last
    /// receive neither sends the mail nor fails, because the function is stopped or crashes, the status stays `until_sent`.
    async fn send_once(&self, mail: &MailJob, until_sent: MailStatus, request: Option<&RequestId>) -> Result<()> {
        let (store, now) = (&self.app.store, self.app.clock.now());
        let claimed = match store.claim_mail(mail, now, self.app.config.mail_lease_seconds, until_sent).await? {
            Claim::Granted(claimed) => claimed,
            Claim::Sent => return Ok(()),
            // The holder of the claim may have crashed, so the message must return after the lease.
            Claim::Taken => return Err(Error::internal("claim a mail", "already claimed")),
            // TTL deleted a verification that was never mailed in its lifetime.
            Claim::Missing if matches!(mail, MailJob::Code { .. } | MailJob::Password { .. }) => return Ok(()),
            Claim::Missing => return Err(Error::internal("claim a mail", "its item does not exist")),
        };
        let Some(email) = self.write(mail, &claimed).await? else { return Ok(()) };
        match self.post(&email, request).await {
            Outcome::Accepted => {
                self.note_sent(mail, &claimed).await;
                self.app.config.metrics.mailed(mail, self.app.clock.now());
                Ok(())
            }
            Outcome::Refused(why) => {
                let given_back = store.release_mail(&claimed, self.app.clock.now()).await;
                Err(Error::internal("send a mail", format!("refused: {why}; given back: {given_back:?}")))
            }
            Outcome::Unknown(why) => Err(Error::internal("send a mail", format!("outcome unknown: {why}"))),
        }
    }

    /// Builds the mail; `None` if it is no longer needed: the reservation was cancelled, the show is gone, the member
    /// unsubscribed, or the code is no longer valid.
    async fn write(&self, mail: &MailJob, claimed: &Claimed) -> Result<Option<Email>> {
        let (codes, links) = (&self.app.codes, Links::of(&self.app.config));
        Ok(match mail {
            MailJob::Ticket { number, occasion, .. } => {
                let reservation = claimed.reservation()?;
                let wanted = reservation.status != ReservationStatus::Cancelled && !reservation.buyer.email.is_erased();
                let code_of = |ticket: &TicketId| codes.ticket_code(&reservation.claim(ticket));
                wanted.then(|| mails::ticket::email(&reservation, *number, *occasion, &links, code_of))
            }
            MailJob::Cancellation { .. } => {
                let reservation = claimed.reservation()?;
                (!reservation.buyer.email.is_erased()).then(|| mails::cancellation::email(&reservation))
            }
            MailJob::Alert { member_id, show_id } => {
                let (member, show) = tokio::try_join!(self.app.store.member(member_id), self.app.store.show(show_id))?;
                let wanted = member.zip(show).filter(|(member, show)| member.alerts.contains(&show.details.category));
                let token = codes.unsubscribe_token(member_id);
                wanted.map(|(member, show)| mails::alert::email(&member, &show, &links, &token))
            }
            MailJob::Code { .. } => {
                let verification = claimed.verification()?;
                let code = codes.verification_code(&verification.verification_id);
                let wanted = verification.check_open(self.app.clock.now()).is_ok();
                wanted.then(|| mails::verification::email(&verification, &code))
            }
            MailJob::Password { .. } => Some(mails::password::email(&claimed.verification()?)),
        })
    }

    async fn post(&self, email: &Email, request: Option<&RequestId>) -> Outcome {
        let mime = email.to_mime(&self.app.config.mail_from, self.app.clock.now(), request);
        let raw = RawMessage::builder().data(Blob::new(mime)).build().expect("the data is set");
        let call = self.ses.send_raw_email().destinations(email.to_address()).raw_message(raw);
        let call = call.set_configuration_set_name(self.app.config.mail_configuration_set.clone());
        let mut sent = call.clone().send().await;
        for _ in 1..MAIL_SEND_ATTEMPTS {
            if !sent.as_ref().is_err_and(is_throttling) {
                break;
            }
            // Random, so that throttled senders do not retry at the same time.
            let pause = Duration::from_millis(MAIL_THROTTLED_MILLIS).mul_f64(0.5 + entropy::fraction());
            tokio::time::sleep(pause).await;
            sent = call.clone().send().await;
        }
        match sent {
            Ok(_) => Outcome::Accepted,
            Err(error) if is_refusal(&error) => Outcome::Refused(DisplayErrorContext(error).to_string()),
            Err(error) => Outcome::Unknown(DisplayErrorContext(error).to_string()),
        }
    }

    /// The mail is already accepted, so a failure here is only logged and the message is acknowledged.
    async fn note_sent(&self, mail: &MailJob, claimed: &Claimed) {
        match self.app.store.mark_mail_sent(claimed).await {
            Ok(true) => tracing::info!(?mail, "sent"),
            Ok(false) => tracing::warn!(
                ?mail,
                "sent, but its lease had expired and another worker claimed it; it may be sent twice"
            ),
            Err(error) => tracing::error!(?mail, %error, "sent, but not marked as sent; it may be sent twice"),
        }
    }
}

/// Whether the account's sending rate was exceeded.
fn is_throttling(error: &SdkError<SendRawEmailError>) -> bool {
    error.code().is_some_and(|code| code.starts_with("Throttling"))
}

/// Whether the mail service certainly did not accept the mail: it was never called, or it refused.
fn is_refusal(error: &SdkError<SendRawEmailError>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(answer) => {
            answer.raw().status().is_client_error() || answer.raw().status().as_u16() == 503
        }
        _ => false,
    }
}

impl Worker for TicketMailer {
    const FUNCTION: Function = Function {
        memory_megabytes: 512, // draws up to 50 QR codes per mail
        table: &[GetItem, UpdateItem],
        secrets: &[Secret::SigningKeys],
        variables: &["MAIL_FROM", "MAIL_CONFIGURATION_SET", "MAIL_MAX_RECEIVES", "SITE_URL", "API_URL"],
        ..Function::new("ticket_mailer", WORKER_TIMEOUT_SECONDS)
    };
    // Low concurrency, because SES rejects mails above the account's sending rate.
    const TRIGGER: Trigger = Trigger::Queues {
        queues: &[
            (Queue::Mails, Concurrency::Parameter("MailConcurrency")),
            (Queue::Codes, Concurrency::Of(2)),
            (Queue::Alerts, Concurrency::Of(2)),
        ],
        batch: 5,
    };
    type Event = SqsEvent;
    type Reply = SqsBatchResponse;

    async fn from_env() -> Result<Self, String> {
        let app = App::start(Config::from_env()?, Self::FUNCTION.secrets).await?;
        Ok(Self::new(app, Aws::from_env().ses()))
    }

    async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse> {
        Ok(side_by_side(event.records, |received| self.clone().deliver(received)).await)
    }
}

#[cfg(test)]
mod tests;
