//! The event source mappings: which function reads the stream, and which reads which queue.

use crate::{
    event_sources::{Checkpoints, EventSources},
    functions::{Functions, InProcess, Remote},
    in_process,
    mailbox::Mailbox,
    options::Options,
    policy::Roles,
    provider::{self, Provider},
    queues::Queues,
};
use frontrow_edge::Worker;
use frontrow_workers::{
    AnnounceShow, CancelReservations, PaymentWorker, Projector, RelayOutbox, TicketMailer, WORKERS,
};

/// Functions that run elsewhere.
pub(crate) fn elsewhere(sources: &mut EventSources, functions: &Functions, checkpoints: &mut Checkpoints) {
    for worker in WORKERS {
        let remote = Remote { functions: functions.clone(), name: worker.function.name };
        sources.attach(remote, worker.trigger, checkpoints);
    }
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
    pub(crate) fn attach(self, sources: &mut EventSources, checkpoints: &mut Checkpoints) -> Result<(), String> {
        let Self { roles, queues, mailbox, provider, options } = self;
        attach(sources, RelayOutbox::new(queues.sender()), checkpoints);
        let app = roles.worker::<Projector>();
        attach(sources, Projector::new(app.store, app.clock, queues.sender()), checkpoints);
        let app = roles.worker::<CancelReservations>();
        attach(sources, CancelReservations::new(app.store, app.clock, queues.sender()), checkpoints);
        let ses = in_process::aws(mailbox.clone()).ses();
        attach(sources, TicketMailer::new(roles.worker::<TicketMailer>(), ses), checkpoints);
        let client = frontrow_workers::provider::Provider::new(
            provider.url(),
            provider::SECRET_KEY.to_owned(),
            options.provider_call_millis,
        )?;
        let worker = PaymentWorker::new(roles.worker::<PaymentWorker>(), client, queues.sender());
        attach(sources, worker.waiting_at_most(options.payment_wait_max_seconds), checkpoints);
        attach(sources, AnnounceShow::new(roles.worker::<AnnounceShow>(), queues.sender()), checkpoints);
        Ok(())
    }
}

fn attach<W: Worker + Clone>(sources: &mut EventSources, worker: W, checkpoints: &mut Checkpoints) {
    sources.attach(InProcess(worker), W::TRIGGER, checkpoints);
}
