//! All parts, started and stopped together. Each stack has its own ports, threads, table, queues and mails, so that many
//! run side by side in one process.

use crate::{
    checkpoint::{Checkpoint, Outbox},
    data::{Data, fresh_key_ring},
    engine::{Engine, TABLE, because},
    event_sources::{read_queue, read_stream},
    gateway::Gateway,
    mailbox::Mailbox,
    moved_clock::MovedClock,
    provider::{self, Provider},
    queues::Queues,
    seeds, thread,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use frontrow_domain::{limits::MAIL_MAX_RECEIVES, member::Email};
use frontrow_edge::{
    App,
    clients::Aws,
    clock::Clock,
    config::Config,
    secrets::{KeyRing, Secrets},
};
use frontrow_workers::{
    AnnounceShow, CancelReservations, PaymentWorker, Project, RelayOutbox, TicketMailer, queue::Queue,
};
use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::net::TcpListener;

/// Puts something between the SDK and the engine, e.g. faults or counters.
pub type WrapHttp = Box<dyn Fn(SharedHttpClient) -> SharedHttpClient + Send>;

/// Batches of mails that are sent at the same time.
const MAILERS: usize = 2;
/// Batches of card payments that are settled at the same time.
const PAYMENT_WORKERS: usize = 2;

/// How a stack differs from the usual one.
pub struct Options {
    /// The gateway's port; 0 for any that is free.
    pub port: u16,
    /// Where data is kept; `None` for memory.
    pub data: Option<PathBuf>,
    /// Whether members and performances to try things with are there.
    pub demo: bool,
    /// Addresses that sign up as organizers, beyond the seeded one.
    pub organizer_emails: HashSet<Email>,
    /// Seconds until a message that failed is received again, at least 3. The mailer's lease is a second shorter, its timeout
    /// two, so that two never send the same mail.
    pub mail_visibility_seconds: u32,
    /// Tries until a mail is parked in the dead-letter queue.
    pub mail_max_receives: u32,
    /// One call to the payment provider; two must end within the workers' timeout, which is the visibility less two seconds.
    pub provider_call_millis: u64,
    /// Longest wait before the payment provider is asked again: nobody watches a clock that can be moved for 15 minutes.
    pub payment_wait_max_seconds: i64,
    /// Around the HTTP client of the endpoints' and workers' DynamoDB client.
    pub wrap_http: Option<WrapHttp>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            data: None,
            demo: true,
            organizer_emails: HashSet::new(),
            mail_visibility_seconds: 6,
            mail_max_receives: MAIL_MAX_RECEIVES,
            provider_call_millis: 1_500,
            payment_wait_max_seconds: 5,
            wrap_http: None,
        }
    }
}

/// A running stack. It ends when it is dropped; [`Stack::stop`] also waits for that.
pub struct Stack {
    url: String,
    engine_url: String,
    app: App,
    outbox: Outbox,
    queues: Queues,
    mailbox: Mailbox,
    provider: Provider,
    /// Gateway, queues, mailbox and workers; ends before the engine.
    platform: thread::Owned,
    engine: Engine,
    data: Option<Data>,
}

impl Stack {
    /// Starts all parts; answers when requests are answered.
    ///
    /// # Errors
    /// Says which part could not be started.
    pub async fn start(options: Options) -> Result<Self, String> {
        let platform = thread::Owned::start("platform", 2)?;
        let handle = platform.handle().clone();
        let starting = handle.spawn(Self::start_on(platform, options));
        starting.await.map_err(because("start the stack"))?
    }

    async fn start_on(platform: thread::Owned, options: Options) -> Result<Self, String> {
        let data = options.data.clone().map(Data::open).transpose()?;
        let file = |name: &str| data.as_ref().map(|data| data.path(name));
        let address = ("127.0.0.1", options.port);
        let listener = TcpListener::bind(address).await.map_err(because("bind the gateway's port"))?;
        let port = listener.local_addr().map_err(because("bind the gateway's port"))?.port();
        let host = format!("localhost:{port}");
        let url = format!("http://{host}");

        let clock = Clock::default();
        let moved_clock = MovedClock::open(clock.clone(), file("clock"))?;
        let engine = Engine::start(file("table.sqlite").as_deref()).await?;
        let visibility_seconds = options.mail_visibility_seconds.max(3);
        let queues = Queues::start(platform.handle(), visibility_seconds, options.mail_max_receives).await?;
        let mailbox = Mailbox::open(file("mails"), clock.clone(), &url)?;
        let ses_url = mailbox.serve(platform.handle()).await?;
        let provider = Provider::start(platform.handle(), file("provider")).await?;
        let checkpoint = Arc::new(Checkpoint::open(file("checkpoint"))?);
        let projected = Arc::new(Checkpoint::open(file("projected"))?);

        let aws = Aws::emulated(&engine.url);
        let wrapped = match &options.wrap_http {
            Some(wrap) => aws.clone().through(wrap(aws.http())),
            None => aws.clone(),
        };
        let config = config(&options, secrets(data.as_ref())?, visibility_seconds);
        // Seeds are nobody's request: they meet neither faults nor counters.
        let planter = App::new(config.clone(), &aws, clock.clone());
        seeds::plant(&planter, options.demo, file("seeded").as_deref()).await?;
        let app = App::new(config, &wrapped, clock);

        let relay = RelayOutbox::new(queues.sender());
        platform.handle().spawn(read_stream(relay, engine.stream.clone(), queues.clone(), checkpoint.clone()));
        let project = Project::new(app.store.clone(), app.clock.clone(), queues.sender());
        platform.handle().spawn(read_stream(project, engine.stream.clone(), queues.clone(), projected.clone()));
        let timeout = Duration::from_secs(u64::from(visibility_seconds - 2));
        let cancel = CancelReservations::new(app.store.clone(), app.clock.clone(), queues.sender());
        platform.handle().spawn(read_queue(cancel, Queue::Cancellations, queues.clone(), timeout));
        for _ in 0..MAILERS {
            let mailer = TicketMailer::new(app.clone(), Aws::emulated(&ses_url).ses());
            platform.handle().spawn(read_queue(mailer, Queue::Mails, queues.clone(), timeout));
        }
        let client = frontrow_workers::provider::Provider::new(
            provider.url(),
            provider::SECRET_KEY.to_owned(),
            options.provider_call_millis,
        )?;
        let worker = PaymentWorker::new(app.clone(), client, queues.sender());
        let worker = worker.waiting_at_most(options.payment_wait_max_seconds);
        for _ in 0..PAYMENT_WORKERS {
            platform.handle().spawn(read_queue(worker.clone(), Queue::Payments, queues.clone(), timeout));
        }
        let announcer = AnnounceShow::new(app.clone(), queues.sender());
        platform.handle().spawn(read_queue(announcer, Queue::Announcements, queues.clone(), timeout));
        let outbox = Outbox { stream: engine.stream.clone(), checkpoints: vec![checkpoint, projected] };
        let gateway = Gateway {
            app: app.clone(),
            mailbox: mailbox.clone(),
            provider: provider.clone(),
            outbox: outbox.clone(),
            clock: moved_clock,
            host,
        };
        platform.handle().spawn(gateway.serve(listener));
        let engine_url = engine.url.clone();
        Ok(Self { url, engine_url, app, outbox, queues, mailbox, provider, platform, engine, data })
    }

    /// `http://localhost:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the endpoints work with.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The clock of all parts.
    pub fn clock(&self) -> &Clock {
        &self.app.clock
    }

    /// The engine, without anything in between.
    pub fn engine(&self) -> Aws {
        Aws::emulated(&self.engine_url)
    }

    /// The queues.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// The captured mails.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The payment provider.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Waits until everything that was written so far has been relayed, and its mails sent or parked.
    ///
    /// # Errors
    /// The engine's words.
    pub async fn settle(&self) -> Result<(), String> {
        self.outbox.settle().await
    }

    /// Ends all parts and waits until they let go of ports and files.
    pub async fn stop(self) {
        let Self { platform, engine, outbox, data, .. } = self;
        platform.stop().await;
        drop(outbox);
        engine.stop().await;
        drop(data);
    }
}

/// What Secrets Manager keeps, kept with the data. In memory, all stacks of a process have the same pepper, so that the
/// seeds' password is hashed once for all of them.
fn secrets(data: Option<&Data>) -> Result<Secrets, String> {
    static PEPPERS: LazyLock<String> = LazyLock::new(fresh_key_ring);
    let (signing_keys, peppers) = match data {
        Some(data) => (data.key_ring("signing-keys")?, data.key_ring("password-peppers")?),
        None => (fresh_key_ring(), PEPPERS.clone()),
    };
    Ok(Secrets {
        signing_keys: KeyRing::parse(&signing_keys)?,
        password_peppers: KeyRing::parse(&peppers)?,
        provider_key: provider::SECRET_KEY.to_owned(),
    })
}

fn config(options: &Options, secrets: Secrets, visibility_seconds: u32) -> Config {
    let mut organizer_emails = options.organizer_emails.clone();
    organizer_emails.insert(seeds::email(seeds::ORGANIZER));
    Config {
        table_name: TABLE.to_owned(),
        secrets,
        organizer_emails,
        mail_from: "frontrow <tickets@example.com>".to_owned(),
        mail_max_receives: options.mail_max_receives,
        mail_lease_seconds: i64::from(visibility_seconds) - 1,
    }
}
