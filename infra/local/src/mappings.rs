//! The event source mappings: which function reads the stream, and which reads which queue.

use crate::{
    checkpoint::Checkpoint,
    event_sources::EventSources,
    functions::{Functions, InProcess, Remote},
    in_process,
    mailbox::Mailbox,
    policy::Roles,
    provider::{self, Provider},
    queues::Queues,
    stack::Options,
};
use frontrow_edge::lambda::Worker;
use frontrow_workers::{
    AnnounceShow, CancelReservations, PaymentWorker, Project, RelayOutbox, TicketMailer, project, queue::Queue,
    relay_outbox,
};

/// Concurrent batches per mail queue: the minimum of Lambda's concurrency limit.
const MAILERS: usize = 2;
/// Concurrent batches of card payments.
const PAYMENT_WORKERS: usize = 2;

/// Progress of each reader of the stream.
pub(crate) struct Checkpoints {
    pub(crate) relayed: Checkpoint,
    pub(crate) projected: Checkpoint,
}

/// Functions that run elsewhere.
pub(crate) fn elsewhere(sources: &mut EventSources, functions: &Functions, checkpoints: Checkpoints) {
    let remote = |name| Remote { functions: functions.clone(), name };
    sources.stream(remote(RelayOutbox::NAME), relay_outbox::FILTERS, checkpoints.relayed);
    sources.stream(remote(Project::NAME), project::FILTERS, checkpoints.projected);
    sources.queue(Queue::Cancellations, remote(CancelReservations::NAME));
    for queue in Queue::OF_MAILS {
        sources.queue(queue, remote(TicketMailer::NAME));
    }
    sources.queue(Queue::Payments, remote(PaymentWorker::NAME));
    sources.queue(Queue::Announcements, remote(AnnounceShow::NAME));
}

/// Workers in this process, with their dependencies.
pub(crate) struct LocalWorkers<'a> {
    pub(crate) roles: &'a Roles,
    pub(crate) queues: &'a Queues,
    pub(crate) mailbox: &'a Mailbox,
    pub(crate) provider: &'a Provider,
    pub(crate) options: &'a Options,
}

impl LocalWorkers<'_> {
    /// Starts the workers.
    ///
    /// # Errors
    /// If the client of the payment provider cannot be created.
    pub(crate) fn attach(self, sources: &mut EventSources, checkpoints: Checkpoints) -> Result<(), String> {
        let Self { roles, queues, mailbox, provider, options } = self;
        sources.stream(InProcess(RelayOutbox::new(queues.sender())), relay_outbox::FILTERS, checkpoints.relayed);
        let app = roles.worker::<Project>();
        let projector = Project::new(app.store, app.clock, queues.sender());
        sources.stream(InProcess(projector), project::FILTERS, checkpoints.projected);
        let app = roles.worker::<CancelReservations>();
        let cancel = CancelReservations::new(app.store, app.clock, queues.sender());
        sources.queue(Queue::Cancellations, InProcess(cancel));
        let mailer = TicketMailer::new(roles.worker::<TicketMailer>(), in_process::aws(mailbox.clone()).ses());
        for queue in Queue::OF_MAILS.into_iter().flat_map(|queue| [queue; MAILERS]) {
            sources.queue(queue, InProcess(mailer.clone()));
        }
        let client = frontrow_workers::provider::Provider::new(
            provider.url(),
            provider::SECRET_KEY.to_owned(),
            options.provider_call_millis,
        )?;
        let worker = PaymentWorker::new(roles.worker::<PaymentWorker>(), client, queues.sender());
        let worker = worker.waiting_at_most(options.payment_wait_max_seconds);
        for _ in 0..PAYMENT_WORKERS {
            sources.queue(Queue::Payments, InProcess(worker.clone()));
        }
        let announce = AnnounceShow::new(roles.worker::<AnnounceShow>(), queues.sender());
        sources.queue(Queue::Announcements, InProcess(announce));
        Ok(())
    }
}
