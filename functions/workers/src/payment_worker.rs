//! Settles card payments: asks the provider, then confirms the purchase or ends it, and refunds a purchase that has ended.
//! Each message is about one purchase. The purchase's current state determines the next step, so repeated or late messages,
//! and messages redelivered after a crash, do only the remaining work.
//!
//! To wait, the worker sends a new delayed message and acknowledges the current one, so waiting never leads to the
//! dead-letter queue.

mod gauge;

use crate::{
    batch::side_by_side,
    limits::{PROBE_WAIT_SECONDS, WORKER_TIMEOUT_SECONDS},
    message::PaymentDue,
    provider::{Charged, GivenBack, Provider},
    queue::{Outgoing, Sender, request_of},
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use frontrow_domain::{
    Error, Result, Timestamp,
    breaker::{Counts, Permit, Sample, subject},
    card::{CardState, CardToken, DeclineReason, is_never_taken, wait_seconds},
    ids::ReservationId,
    limits::{CARD_VOID_SECONDS, CARD_WAIT_MAX_SECONDS, CARD_WAIT_MIN_SECONDS},
    reservation::{
        CancelReason, Reservation,
        settlement::{Step, asked_since, next_step},
    },
};
use frontrow_edge::{
    App, Function, Queue, Secret,
    TableAction::{DeleteItem, GetItem, PutItem, UpdateItem},
    Worker,
    clients::Aws,
    config::Config,
    entropy,
    metrics::Outcome,
    worker::{Concurrency, Trigger},
};
use frontrow_store::{Confirmed, limits::CARD_STEPS_MAX};
use gauge::Gauge;

/// Settles card payments with the payment provider.
#[derive(Debug, Clone)]
pub struct PaymentWorker {
    app: App,
    provider: Provider,
    sender: Sender,
    gauge: Gauge,
    wait_max_seconds: i64,
}

/// Progress of a purchase after one step.
enum Progress {
    /// One step done; contains the current reservation.
    Went(Box<Reservation>),
    /// Nothing to do for this many seconds.
    Waits { seconds: i64 },
    /// Nothing left to do.
    Settled,
}

impl PaymentWorker {
    /// Asks `provider`, and sends delayed messages to its own queue through `sender`.
    pub fn new(app: App, provider: Provider, sender: Sender) -> Self {
        Self { app, provider, sender, gauge: Gauge::default(), wait_max_seconds: CARD_WAIT_MAX_SECONDS }
    }

    /// Limits each wait to `seconds`, for stacks whose clock can be moved.
    #[must_use]
    pub fn waiting_at_most(self, seconds: i64) -> Self {
        Self { wait_max_seconds: seconds, ..self }
    }

    /// Handles one message from receipt to acknowledgement.
    async fn deliver(self, received: SqsMessage) -> Result<()> {
        let due = PaymentDue::decode(received.body.as_deref().unwrap_or_default())?;
        let again = || Outgoing::now(Queue::Payments, due.encode()).caused_by(request_of(&received));
        let found = self.app.store.reservation(&due.member_id, &due.reservation_id).await?;
        let mut reservation =
            Box::new(found.ok_or_else(|| Error::internal("settle a payment", "its reservation does not exist"))?);
        for _ in 0..CARD_STEPS_MAX {
            match self.step(*reservation).await? {
                Progress::Went(then) => reservation = then,
                Progress::Settled => return Ok(()),
                Progress::Waits { seconds } => return self.wait(again(), seconds).await,
            }
        }
        self.wait(again(), CARD_WAIT_MIN_SECONDS).await
    }

    async fn wait(&self, message: Outgoing, seconds: i64) -> Result<()> {
        let seconds = seconds.clamp(1, self.wait_max_seconds);
        let delay_seconds = i32::try_from(seconds).unwrap_or_default();
        let later = Outgoing { delay_seconds, ..message };
        self.sender
            .send(&[later])
            .await
            .map_err(|_| Error::internal("schedule a retry", "the message was not accepted"))
    }

    async fn step(&self, reservation: Reservation) -> Result<Progress> {
        let now = self.app.clock.now();
        match next_step(&reservation, now) {
            Step::Nothing => Ok(Progress::Settled),
            Step::Expire => self.end(&reservation, &reservation.clone().expired(now)).await,
            Step::Confirm(token) => self.charge(reservation, &token, now).await,
            Step::GiveBack => self.give_back(reservation, now).await,
        }
    }

    /// Charges the payment, and confirms or ends the purchase according to the outcome.
    async fn charge(&self, reservation: Reservation, token: &CardToken, now: Timestamp) -> Result<Progress> {
        let seconds_left = card_deadline(&reservation).seconds_since(now);
        let asked = self.ask(&reservation.reservation_id, self.provider.charge(&reservation, token), now);
        let charged = match asked.await? {
            Ok(charged) => charged,
            Err(seconds) => return Ok(Progress::Waits { seconds: seconds.min(seconds_left) }),
        };
        match charged {
            Charged::Yes => self.confirm(&reservation).await,
            Charged::No { code, reason } => {
                tracing::info!(reservation_id = %reservation.reservation_id, code, "card declined");
                self.decline(&reservation, reason).await
            }
            Charged::Unknown(why) => {
                tracing::warn!(reservation_id = %reservation.reservation_id, why, "charge outcome unknown; retrying");
                let seconds = wait_seconds(asked_since(&reservation), now, entropy::fraction());
                Ok(Progress::Waits { seconds: seconds.min(seconds_left) })
            }
        }
    }

    async fn confirm(&self, reservation: &Reservation) -> Result<Progress> {
        match self.app.store.confirm_pending(reservation, self.app.clock.now()).await? {
            Confirmed::Now => {
                tracing::info!(reservation_id = %reservation.reservation_id, "confirmed");
                self.count(Outcome::Approved);
                Ok(Progress::Settled)
            }
            Confirmed::Changed(then) => Ok(Progress::Went(then)),
            Confirmed::SeatsLost => self.end(reservation, &reservation.clone().expired(self.app.clock.now())).await,
        }
    }

    /// Ends a declined payment. The seats return to their hold if it can still be paid.
    async fn decline(&self, pending: &Reservation, reason: DeclineReason) -> Result<Progress> {
        let now = self.app.clock.now();
        let hold = match self.app.store.listing(&pending.sold.performance_id, now).await {
            Ok(listing) => pending.returned_hold(&listing.performance, now),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        let declined = pending.clone().declined(reason, now);
        match hold {
            Some(hold) => Ok(self.ended(self.app.store.decline_pending(pending, &declined, &hold).await?)),
            None => self.end(pending, &declined).await,
        }
    }

    async fn end(&self, pending: &Reservation, over: &Reservation) -> Result<Progress> {
        Ok(self.ended(self.app.store.end_pending(pending, over).await?))
    }

    fn ended(&self, then: Reservation) -> Progress {
        tracing::info!(reservation_id = %then.reservation_id, status = ?then.status, reason = ?then.cancel_reason, "purchase ended");
        match then.cancel_reason {
            Some(CancelReason::PaymentDeclined) => self.count(Outcome::Declined),
            Some(CancelReason::PaymentExpired) => self.count(Outcome::Expired),
            _ => {}
        }
        Progress::Went(Box::new(then))
    }

    /// Makes sure that the provider keeps no money of a purchase that has ended.
    async fn give_back(&self, reservation: Reservation, now: Timestamp) -> Result<Progress> {
        let asked = self.ask(&reservation.reservation_id, self.provider.give_back(&reservation), now);
        let given_back = match asked.await? {
            Ok(given_back) => given_back,
            Err(seconds) => return Ok(Progress::Waits { seconds }),
        };
        let (reservation_id, card) = (&reservation.reservation_id, reservation.card.as_ref());
        let over = match given_back {
            GivenBack::Yes => true,
            GivenBack::NotTaken => card.is_some_and(|card| is_never_taken(card, now)),
            GivenBack::Unknown(why) => {
                tracing::warn!(%reservation_id, why, "refund outcome unknown; retrying");
                false
            }
        };
        if over && let Some(state) = reservation.given_back() {
            self.app.store.record_refund(&reservation, state).await?;
            tracing::info!(%reservation_id, ?state, "settled; the provider holds no money");
            self.count(Outcome::GivenBack);
            return Ok(Progress::Settled);
        }
        let seconds = wait_seconds(asked_since(&reservation), now, entropy::fraction());
        let voiding = card.is_some_and(|card| card.state == CardState::Voiding);
        let last = card_deadline(&reservation).plus_seconds(CARD_VOID_SECONDS);
        let seconds = if voiding && now < last { seconds.min(last.seconds_since(now)) } else { seconds };
        Ok(Progress::Waits { seconds })
    }

    fn count(&self, outcome: Outcome) {
        self.app.config.metrics.paid(outcome, self.app.clock.now());
    }

    /// Calls the provider if the breaker permits it; otherwise returns the seconds to wait.
    async fn ask<T>(
        &self,
        about: &ReservationId,
        call: impl Future<Output = (T, Counts)>,
        now: Timestamp,
    ) -> Result<Result<T, i64>> {
        let (store, subject) = (&self.app.store, subject(about));
        match store.breaker(now).await?.permit(now) {
            Permit::Go => {
                let (answer, counts) = call.await;
                self.gauge.add(subject, counts);
                Ok(Ok(answer))
            }
            Permit::Wait(until) => Ok(Err(until.seconds_since(now).max(1) + spread())),
            Permit::Probe(taken) => {
                if !store.change_breaker(&taken, now).await? {
                    return Ok(Err(PROBE_WAIT_SECONDS + spread()));
                }
                let (answer, counts) = call.await;
                let probed = taken.probed(&Sample::of(subject, counts), self.app.clock.now());
                let changed = store.change_breaker(&probed, self.app.clock.now()).await;
                tracing::info!(?counts, ?probed, ?changed, "probed the provider");
                Ok(Ok(answer))
            }
        }
    }

    /// Adds the counted calls to the breaker every few seconds. They are only a sample, so a failure is just logged.
    async fn tell_breaker(&self) {
        let now = self.app.clock.now();
        let Some(sample) = self.gauge.take_due(now) else { return };
        if let Err(error) = self.app.store.count_calls(&sample, now).await {
            tracing::warn!(%error, ?sample, "calls not counted for the circuit breaker");
        }
    }
}

/// Zero to two seconds of jitter, so that waiting callers do not all retry at once.
fn spread() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "0, 1 or 2")]
    let seconds = (entropy::fraction() * 3.0) as i64;
    seconds
}

fn card_deadline(reservation: &Reservation) -> Timestamp {
    reservation.card.as_ref().map_or(reservation.created_at, |card| card.deadline)
}

impl Worker for PaymentWorker {
    const FUNCTION: Function = Function {
        table: &[DeleteItem, GetItem, PutItem, UpdateItem],
        secrets: &[Secret::ProviderKey],
        sends_to: &[Queue::Payments],
        variables: &["PROVIDER_URL"],
        ..Function::new("payment_worker", WORKER_TIMEOUT_SECONDS)
    };
    // The concurrency bounds the number of simultaneous calls to the provider.
    const TRIGGER: Trigger = Trigger::Queues { queues: &[(Queue::Payments, Concurrency::Of(5))], batch: 10 };
    type Event = SqsEvent;
    type Reply = SqsBatchResponse;

    async fn from_env() -> Result<Self, String> {
        let sender = Sender::from_env(&Aws::from_env(), Self::FUNCTION.sends_to)?;
        let app = App::start(Config::from_env()?, Self::FUNCTION.secrets).await?;
        let provider = Provider::from_env(app.config.secrets.provider_key.clone())?;
        Ok(Self::new(app, provider, sender))
    }

    async fn handle(&self, event: SqsEvent) -> Result<SqsBatchResponse> {
        let response = side_by_side(event.records, |received| self.clone().deliver(received)).await;
        // Boxed, because the nested future is otherwise too deep for the compiler.
        Box::pin(self.tell_breaker()).await;
        Ok(response)
    }
}
