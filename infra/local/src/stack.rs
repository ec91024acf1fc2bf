//! All parts, started and stopped together. Each stack has its own ports, threads, table, queues and mails, so that many can
//! run in one process.

use crate::{
    checkpoint::{Checkpoint, Outbox},
    cors::Cors,
    data::Data,
    engine::{Engine, TABLE, context},
    event_sources::{Checkpoints, EventSources},
    gateway::{Gateway, Handlers},
    local_pages::Pages,
    mailbox::Mailbox,
    mappings,
    moved_clock::MovedClock,
    options::Options,
    policy::Roles,
    provider::Provider,
    queues::Queues,
    secrets::{self, SecretStore},
    seeds,
    services::Services,
    thread,
    variables::{LOCALHOST, Variables},
    welcome::Welcome,
    wire::wrapped,
};
use frontrow_domain::member::EmailAddress;
use frontrow_edge::{
    App, Secret, Worker,
    clients::Aws,
    clock::Clock,
    config::{Config, MAIL_FROM},
    metrics::Metrics,
    secrets::Secrets,
};
use frontrow_workers::{Projector, RelayOutbox};
use std::{io::ErrorKind, net::IpAddr, sync::Arc};
use tokio::net::TcpListener;

/// A running stack. It ends when it is dropped; [`Stack::stop`] also waits for that.
pub struct Stack {
    url: String,
    welcome: Welcome,
    variables: Variables,
    app: App,
    outbox: Outbox,
    queues: Queues,
    mailbox: Mailbox,
    provider: Provider,
    /// Gateway, queues, mailbox and workers; ends before the engine.
    platform: thread::OwnedRuntime,
    engine: Engine,
    data: Option<Data>,
}

impl Stack {
    /// Starts all parts, and returns when requests are served.
    ///
    /// # Errors
    /// The part that could not be started, and why.
    pub async fn start(options: Options) -> Result<Self, String> {
        let platform = thread::OwnedRuntime::start("platform", 2)?;
        let handle = platform.handle().clone();
        let starting = handle.spawn(Self::start_on(platform, options));
        starting.await.map_err(context("start the stack"))?
    }

    async fn start_on(platform: thread::OwnedRuntime, options: Options) -> Result<Self, String> {
        let handle = platform.handle();
        let data = options.data.clone().map(Data::open).transpose()?;
        let file = |name: &str| data.as_ref().map(|data| data.path(name));
        let (listener, port) = bind(options.address, options.port).await?;
        let url = format!("http://{LOCALHOST}:{port}");
        let (gateway, (services, services_port)) = match options.services_only {
            true => (None, (listener, port)),
            false => (Some(listener), bind(options.address, 0).await?),
        };

        let clock = Clock::default();
        let moved_clock = MovedClock::open(clock.clone(), file("clock"))?;
        let database = data.as_ref().map(Data::database).transpose()?;
        let engine = Engine::start(database.as_deref()).await?;
        let visibility_seconds = options.visibility_seconds();
        let queues = Queues::start(services_port, visibility_seconds, options.mail_max_receives).await?;
        let mailbox = Mailbox::open(file("mails"), clock.clone(), &url)?;
        let provider = Provider::start(handle, file("provider")).await?;
        let readers = [(RelayOutbox::FUNCTION.name, "checkpoint"), (Projector::FUNCTION.name, "projected")];
        let checkpoint = |(reader, name)| Ok((reader, Checkpoint::open(file(name))?));
        let mut checkpoints = readers.into_iter().map(checkpoint).collect::<Result<Checkpoints, String>>()?;

        let aws = engine.aws();
        let secrets = SecretStore::open(data.as_ref())?;
        let api_url = (!options.services_only).then(|| url.clone());
        let config = config(&options, secrets.read()?, visibility_seconds, api_url);
        // Seeding is not a request, so neither faults nor counters apply to it.
        let seeder = App::new(config.clone(), &aws, clock.clone());
        if seeds::create(&seeder, options.demo, file("seeded").as_deref()).await? {
            // Seed data is not announced either.
            let seeded = engine.stream.last()?;
            checkpoints.values().try_for_each(|checkpoint| checkpoint.begin_after(seeded.as_deref()))?;
        }
        let app = App::new(config, &wrapped(&aws, options.wrap_http.as_ref(), None), clock.clone());
        let roles = Roles::new(app.clone(), aws, options.wrap_http.clone());

        let mut sources = EventSources::new(handle, &engine.stream, &queues, visibility_seconds);
        let runs_here = options.runs_here();
        if let Some(functions) = &options.functions {
            mappings::elsewhere(&mut sources, functions, &mut checkpoints);
        } else if runs_here {
            let (roles, queues, mailbox, provider) = (&roles, &queues, &mailbox, &provider);
            let workers = mappings::LocalWorkers { roles, queues, mailbox, provider, options: &options };
            workers.attach(&mut sources, &mut checkpoints)?;
        }
        sources.trim();
        let outbox = sources.outbox;
        let clock_of_all = runs_here.then(|| Arc::new(moved_clock));
        let welcome = Welcome { url: url.clone(), demo: options.demo, api: !options.services_only };
        let pages = Pages {
            mailbox: mailbox.clone(),
            provider: provider.clone(),
            outbox: outbox.clone(),
            welcome: welcome.clone(),
            clock: clock_of_all,
        };
        let variables = variables(&app.config, &queues, services_port);
        let served = Services {
            dynamodb: engine.core.clone(),
            sqs: queues.service().clone(),
            ses: mailbox.clone(),
            provider: provider.url().to_owned(),
            secrets,
            pages: pages.clone(),
        };
        handle.spawn(served.serve(services));
        if let Some(listener) = gateway {
            let handlers = options.functions.map_or_else(|| Handlers::Here(Box::new(roles)), Handlers::There);
            let host = format!("{LOCALHOST}:{port}");
            let cors = Cors::new(options.allowed_origins);
            handle.spawn(Gateway { handlers, clock, host, pages: Some(pages), cors }.serve(listener));
        }
        Ok(Self { url, welcome, variables, app, outbox, queues, mailbox, provider, platform, engine, data })
    }

    /// The variables for functions that run elsewhere.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The data of the welcome page and banner.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// `http://localhost:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The endpoints' app.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The clock of all parts.
    pub fn clock(&self) -> &Clock {
        &self.app.clock
    }

    /// A direct client of the engine, without wrappers.
    pub fn engine(&self) -> Aws {
        self.engine.aws()
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

    /// Waits until all writes so far have been relayed, and their mails sent or parked.
    ///
    /// # Errors
    /// The engine's error.
    pub async fn settle(&self) -> Result<(), String> {
        self.outbox.settle().await
    }

    /// Stops all parts, and waits until they release ports and files.
    pub async fn stop(self) {
        let Self { platform, engine, outbox, data, .. } = self;
        platform.stop().await;
        drop(outbox);
        engine.stop();
        drop(data);
    }
}

/// Binds a listener, and returns it with its port.
async fn bind(address: IpAddr, port: u16) -> Result<(TcpListener, u16), String> {
    let listener = TcpListener::bind((address, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            format!("port {port} is in use; choose another with --port, or any free port with --port 0")
        }
        _ => format!("listen on {address}, port {port}: {error}"),
    })?;
    let port = listener.local_addr().map_err(context("bind the port"))?.port();
    Ok((listener, port))
}

fn variables(config: &Config, queues: &Queues, services_port: u16) -> Variables {
    let services_url = format!("http://{LOCALHOST}:{services_port}");
    let organizer_emails: Vec<_> = config.organizer_emails.iter().map(EmailAddress::as_str).collect();
    let named = [
        ("AWS_ENDPOINT_URL", services_url.clone()),
        ("TABLE_NAME", config.table_name.clone()),
        ("PROVIDER_URL", services_url),
        ("ORGANIZER_EMAILS", organizer_emails.join(",")),
        ("MAIL_FROM", config.mail_from.clone()),
        ("MAIL_MAX_RECEIVES", config.mail_max_receives.to_string()),
    ];
    let urls = [("SITE_URL", config.site_url.clone()), ("API_URL", config.api_url.clone())];
    let named = named.into_iter().chain(urls.into_iter().filter_map(|(name, url)| Some((name, url?))));
    let of_queues = queues.urls().into_iter().map(|(queue, url)| (queue.variable(), url));
    let of_secrets = Secret::ALL.into_iter().map(|secret| (secret.variable(), secrets::id(secret).to_owned()));
    Variables::new(named.chain(of_queues).chain(of_secrets))
}

fn config(options: &Options, secrets: Secrets, visibility_seconds: u32, api_url: Option<String>) -> Config {
    let mut organizer_emails = options.organizer_emails.clone();
    organizer_emails.insert(seeds::email(seeds::ORGANIZER));
    Config {
        table_name: TABLE.to_owned(),
        secrets,
        organizer_emails,
        mail_from: MAIL_FROM.to_owned(),
        mail_configuration_set: None,
        mail_max_receives: options.mail_max_receives,
        site_url: options.site_url.clone(),
        api_url,
        poll_url: None,
        poll_log_percent: 0,
        mail_lease_seconds: i64::from(visibility_seconds) - 1,
        metrics: Metrics::default(),
    }
}
