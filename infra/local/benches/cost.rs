//! Measures the local stack's cost in CPU seconds of its process (`/proc`, so Linux only): bookings, joins, polls, and
//! idling. CPU seconds rather than wall-clock time keep the influence of other work on the machine small.
//!
//! `cargo bench -p frontrow-local` prints a table. `-- --bookings 50000` makes that many bookings in between, and measures
//! again.

use clap::Parser;
use frontrow_domain::{
    ids::MemberId,
    member::{EmailAddress, Language, Member, Name, Password, Role},
};
use frontrow_edge::{App, entropy};
use frontrow_local::{Options, Stack};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Maximum number of concurrent clients; each is a separate member.
const CLIENTS: usize = 100;
/// Clients of the smaller crowd.
const FEW: usize = 20;
/// Bookings per measurement.
const MEASURED: usize = 1_000;
/// Bookings per member and performance.
const BOOKINGS_EACH: usize = 50;
/// Waiting rooms that every client joins, and polls per place.
const ROOMS: usize = 10;
const POLLS: usize = 5;
/// Minimum number of items in an idle stack.
const ITEMS: usize = 100_000;
const ITEMS_OF_MEMBER: usize = 3;
const IDLE: Duration = Duration::from_secs(30);
/// The kernel counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;
const PASSWORD: &str = "correct horse";

#[derive(Parser)]
struct Arguments {
    /// Bookings before the second measurement
    #[arg(long, default_value_t = 3_000)]
    bookings: usize,
    /// Store the data in this directory instead of memory
    #[arg(long)]
    data: Option<PathBuf>,
    /// Run only the first bookings and skip slower measurements
    #[arg(long)]
    short: bool,
    /// Run as the measured process
    #[arg(long, hide = true)]
    serve: bool,
    /// Added by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if arguments.serve {
        runtime.block_on(serve(arguments.data));
    } else {
        runtime.block_on(measure(&arguments));
    }
}

fn address(number: usize) -> EmailAddress {
    EmailAddress::try_from(format!("member{number}@example.com")).expect("an address")
}

/// The stack with its members. It prints its URL, and executes the commands on its standard input.
async fn serve(data: Option<PathBuf>) {
    let stack = Stack::start(Options { demo: false, data, ..Options::default() }).await.expect("a stack");
    let app = stack.app();
    let hash = app.passwords.hash(Password::try_from(PASSWORD.to_owned()).expect("a password")).await.expect("a hash");
    for number in 0..CLIENTS {
        make(app, number, &hash).await;
    }
    println!("{}", stack.url());
    let mut lines = std::io::stdin().lines();
    while let Some(Ok(line)) = lines.next() {
        match line.as_str() {
            "fill" => fill(app).await,
            _ => stack.settle().await.expect("it settles"),
        }
        println!("done");
    }
    stack.stop().await;
}

/// Creates inactive members, with at least [`ITEMS`] items.
async fn fill(app: &App) {
    for number in CLIENTS..CLIENTS + ITEMS / ITEMS_OF_MEMBER {
        make(app, number, "no password").await;
    }
}

async fn make(app: &App, number: usize, password_hash: &str) {
    let member = Member {
        member_id: MemberId(entropy::fresh_uuid()),
        email: address(number),
        name: Name::try_from(format!("Member {number}")).expect("a name"),
        role: Role::Member,
        language: Language::default(),
        alerts: Vec::new(),
        created_at: app.clock.now(),
    };
    app.store.create_member(&member, password_hash.to_owned(), None).await.expect("a new member");
}

/// The measured process.
struct Stacked {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Stacked {
    fn start(data: Option<&PathBuf>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this has a path"));
        command.arg("--serve");
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut stacked = Self { child, input, output: BufReader::new(output), url: String::new() };
        stacked.url = stacked.line();
        stacked
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the stack runs");
        line.trim().to_owned()
    }

    fn tell(&mut self, what: &str) {
        writeln!(self.input, "{what}").expect("the stack runs");
        assert_eq!(self.line(), "done");
    }

    /// CPU seconds of the process so far, after all follow-up work is done.
    fn cpu_seconds(&mut self) -> f64 {
        self.tell("settle");
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("Linux");
        let (_, fields) = text.rsplit_once(')').expect("the name is in brackets");
        let fields: Vec<_> = fields.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
        (ticks(11) + ticks(12)) / TICKS_PER_SECOND
    }

    /// Resident memory in MB.
    fn megabytes(&self) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).expect("Linux");
        text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
            / 1_000_000
    }
}

impl Drop for Stacked {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The client of one member.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: Arc<str>,
    login: String,
    busy: Arc<AtomicUsize>,
}

impl Client {
    async fn log_in(http: &reqwest::Client, url: &str, email: &str, password: &str, busy: &Arc<AtomicUsize>) -> Self {
        let mut client = Self { http: http.clone(), url: url.into(), login: String::new(), busy: busy.clone() };
        let session = client.call("POST", "/sessions", &[], json!({"email": email, "password": password})).await;
        client.login = format!("Bearer {}", session["accessToken"].as_str().expect("a login"));
        client
    }

    /// Retries until the stack is not busy, and counts the retries.
    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Value {
        loop {
            let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
            let mut request = self.http.request(method, format!("{}{path}", self.url));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if !self.login.is_empty() {
                request = request.header("Authorization", &self.login);
            }
            if !body.is_null() {
                request = request.header("Content-Type", "application/json").body(body.to_string());
            }
            let answer = request.send().await.expect("the stack responds");
            let status = answer.status();
            let bytes = answer.bytes().await.expect("the stack responds");
            if status == 503 {
                self.busy.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
            return serde_json::from_slice(&bytes).unwrap_or_default();
        }
    }
}

/// All participants.
struct Crowd {
    members: Vec<Client>,
    organizer: Client,
    busy: Arc<AtomicUsize>,
    listed: AtomicU32,
}

impl Crowd {
    async fn log_in(url: &str) -> Self {
        let busy = Arc::<AtomicUsize>::default();
        let http = reqwest::Client::builder().no_proxy().tls_built_in_root_certs(false).build().expect("a client");
        let organizer = Client::log_in(&http, url, "organizer@example.com", "frontrow-demo", &busy).await;
        let mut members = Vec::new();
        for number in 0..CLIENTS {
            let member = Client::log_in(&http, url, address(number).as_str(), PASSWORD, &busy).await;
            member.call("POST", "/points/top-ups", &[], json!({"amount": 10_000_000})).await;
            members.push(member);
        }
        Self { members, organizer, busy, listed: AtomicU32::new(0) }
    }

    /// Creates a performance of 2,000 seats.
    async fn performance(&self, details: Value) -> String {
        let number = self.listed.fetch_add(1, Ordering::Relaxed);
        let show = json!({"title": "Aida", "category": "musical", "venue": format!("Hall {number}")});
        let show = self.organizer.call("POST", "/shows", &[], show).await;
        let mut body = json!({
            "startsAt": "2099-12-24T10:30:00Z",
            "maxSeatsPerMember": BOOKINGS_EACH,
            "seating": {"type": "numbered", "sections": [
                {"name": "A", "grade": "R", "price": 1_000, "rows": 20, "seatsPerRow": 100},
            ]},
        });
        if let (Value::Object(body), Value::Object(details)) = (&mut body, details) {
            body.extend(details);
        }
        let path = format!("/shows/{}/performances", show["showId"].as_str().expect("an id"));
        let made = self.organizer.call("POST", &path, &[], body).await;
        made["performanceId"].as_str().expect("an id").to_owned()
    }

    /// Makes `count` bookings through `clients` concurrent clients, each a hold and a payment.
    async fn book(&self, count: usize, clients: usize) {
        let each_house = (clients * BOOKINGS_EACH).min(2_000);
        let mut left = count;
        while left > 0 {
            let here = left.min(each_house);
            left -= here;
            let performance: Arc<str> = self.performance(Value::Null).await.into();
            let next = Arc::new(AtomicUsize::new(0));
            let mut running = JoinSet::new();
            for client in &self.members[..clients] {
                let (client, performance, next) = (client.clone(), performance.clone(), next.clone());
                let most = here.div_ceil(clients).min(BOOKINGS_EACH);
                running.spawn(async move {
                    for _ in 0..most {
                        let seat = next.fetch_add(1, Ordering::Relaxed);
                        if seat >= here {
                            return;
                        }
                        book(&client, &performance, seat).await;
                    }
                });
            }
            running.join_all().await;
        }
    }
}

async fn book(client: &Client, performance: &str, seat: usize) {
    let seat = format!("A-{}-{}", seat / 100 + 1, seat % 100 + 1);
    let held =
        client.call("POST", &format!("/performances/{performance}/holds"), &[], json!({"seatIds": [seat]})).await;
    client.call("POST", "/payments", &[], json!({"holdId": held["holdId"], "method": "points"})).await;
}

/// Measures and prints the cost of `work` divided by `count`.
async fn report(stacked: &mut Stacked, crowd: &Crowd, what: &str, count: usize, work: impl Future<Output = ()>) {
    crowd.busy.store(0, Ordering::Relaxed);
    let before = stacked.cpu_seconds();
    let started = Instant::now();
    work.await;
    let seconds = started.elapsed().as_secs_f64();
    let cpu = stacked.cpu_seconds() - before;
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    let count = count as f64;
    let (each, rate, busy) = (cpu * 1_000.0 / count, count / seconds, crowd.busy.load(Ordering::Relaxed));
    println!("| {what} | {each:.2} | {rate:.1} | {busy} | {} |", stacked.megabytes());
}

async fn measure(arguments: &Arguments) {
    let mut stacked = Stacked::start(arguments.data.as_ref());
    let crowd = Crowd::log_in(&stacked.url).await;
    crowd.book(200, FEW).await;
    println!("| | CPU ms each | a second | answers 503 | MB |\n|---|---|---|---|---|");
    let few = format!("bookings, {FEW} clients");
    report(&mut stacked, &crowd, &few, MEASURED, crowd.book(MEASURED, FEW)).await;
    if arguments.short {
        return;
    }
    let many = format!("bookings, {CLIENTS} clients");
    report(&mut stacked, &crowd, &many, MEASURED, crowd.book(MEASURED, CLIENTS)).await;
    line(&mut stacked, &crowd).await;
    let between = arguments.bookings.saturating_sub(2 * MEASURED + 200);
    crowd.book(between, CLIENTS).await;
    let after = format!("{few}, after {} bookings", arguments.bookings);
    report(&mut stacked, &crowd, &after, MEASURED, crowd.book(MEASURED, FEW)).await;
    stacked.tell("fill");
    let before = stacked.cpu_seconds();
    tokio::time::sleep(IDLE).await;
    let share = (stacked.cpu_seconds() - before) / IDLE.as_secs_f64() * 100.0;
    println!("\nDoing nothing with {ITEMS} items and more takes {share:.2} % of a core.");
}

/// Joins the line, and polls for the joined members.
async fn line(stacked: &mut Stacked, crowd: &Crowd) {
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(crowd.performance(json!({"waitingRoom": {"maxActive": 1}})).await);
    }
    let mut places = Vec::new();
    report(stacked, crowd, "joins", ROOMS * CLIENTS, async {
        for room in &rooms {
            let path = format!("/performances/{room}/queue");
            let mut joining = JoinSet::new();
            for client in crowd.members.clone() {
                let path = path.clone();
                joining.spawn(async move {
                    let joined = client.call("POST", &path, &[], Value::Null).await;
                    (client, path, joined["queueToken"].as_str().expect("a token").to_owned())
                });
            }
            places.extend(joining.join_all().await);
        }
    })
    .await;
    report(stacked, crowd, "polls", places.len() * POLLS, async {
        for _ in 0..POLLS {
            let mut polling = JoinSet::new();
            for (client, path, token) in places.clone() {
                polling.spawn(async move { client.call("GET", &path, &[("Queue-Token", &token)], Value::Null).await });
                if polling.len() >= CLIENTS {
                    polling.join_next().await;
                }
            }
            polling.join_all().await;
        }
    })
    .await;
}
