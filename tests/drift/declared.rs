//! The code's declarations of each function.

use frontrow_domain::limits::WORKER_TIMEOUT_SECONDS;
use frontrow_edge::{
    Descriptor, Secret,
    lambda::{Needs, Worker},
};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED, timeout_seconds};
use frontrow_workers::{
    AnnounceShow, CancelReservations, PaymentWorker, Project, RelayOutbox, TicketMailer, project, queue::Queue,
    relay_outbox,
};

/// The trigger of a function.
pub(super) enum Trigger {
    Route {
        method: &'static str,
        path: &'static str,
    },
    AnyOtherRoute,
    /// The records of the table's stream that match one of these patterns.
    Stream(&'static [&'static str]),
    Queues(&'static [Queue]),
}

pub(super) struct Declared {
    /// The name of its operation or worker, and of its binary.
    pub(super) name: &'static str,
    /// The folder of its crate.
    pub(super) folder: &'static str,
    pub(super) timeout_seconds: u64,
    pub(super) table_actions: &'static [&'static str],
    pub(super) table_keys: &'static [&'static str],
    pub(super) secrets: &'static [Secret],
    pub(super) variables: &'static [&'static str],
    pub(super) trigger: Trigger,
}

/// All functions.
pub(super) fn functions() -> Vec<Declared> {
    let endpoints = ENDPOINTS.iter().map(|endpoint| {
        let (method, path) = (method(endpoint), endpoint.route.path);
        of_endpoint(endpoint, Trigger::Route { method, path })
    });
    let workers = [
        of_worker::<RelayOutbox>(Trigger::Stream(relay_outbox::FILTERS)),
        of_worker::<Project>(Trigger::Stream(project::FILTERS)),
        of_worker::<TicketMailer>(Trigger::Queues(&Queue::OF_MAILS)),
        of_worker::<PaymentWorker>(Trigger::Queues(&[Queue::Payments])),
        of_worker::<AnnounceShow>(Trigger::Queues(&[Queue::Announcements])),
        of_worker::<CancelReservations>(Trigger::Queues(&[Queue::Cancellations])),
    ];
    endpoints.chain([of_endpoint(&UNMATCHED, Trigger::AnyOtherRoute)]).chain(workers).collect()
}

fn method(endpoint: &'static Descriptor) -> &'static str {
    endpoint.route.method.as_str()
}

fn of_endpoint(endpoint: &Descriptor, trigger: Trigger) -> Declared {
    let route = &endpoint.route;
    Declared {
        name: route.operation,
        folder: "functions/endpoints",
        timeout_seconds: timeout_seconds(route.operation),
        table_actions: route.table_actions,
        table_keys: endpoint.table_keys,
        secrets: route.secrets,
        variables: route.variables,
        trigger,
    }
}

fn of_worker<W: Worker>(trigger: Trigger) -> Declared {
    let Needs { table_actions, secrets, variables } = W::NEEDS;
    let timeout_seconds = WORKER_TIMEOUT_SECONDS;
    let folder = "functions/workers";
    Declared { name: W::NAME, folder, timeout_seconds, table_actions, table_keys: &[], secrets, variables, trigger }
}

/// A queue's resource name in the template, without `Queue`.
pub(super) fn queue_name(queue: Queue) -> &'static str {
    match queue {
        Queue::Payments => "Payment",
        Queue::Announcements => "Announcement",
        Queue::Cancellations => "Cancellation",
        Queue::Mails => "Mail",
        Queue::Codes => "Code",
        Queue::Alerts => "Alert",
    }
}

/// A secret's resource name in the template.
pub(super) fn secret_name(secret: Secret) -> &'static str {
    match secret {
        Secret::SigningKeys => "SigningKeys",
        Secret::PasswordPeppers => "PasswordPeppers",
        Secret::ProviderKey => "ProviderKey",
    }
}
