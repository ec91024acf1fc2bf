//! The stack under test. [`World::run`] starts one, runs a test against it, and then audits it: the outbox is empty,
//! no message was parked, money is conserved, every sold seat belongs to one reservation, and no mail was sent twice.

pub(crate) mod audit;
pub(crate) mod binaries;
mod catalogue;
pub(crate) mod client;
pub(crate) mod crowd;
pub(crate) mod derived;
pub(crate) mod door;
pub(crate) mod lambdas;
pub(crate) mod line;
pub(crate) mod maps;
pub(crate) mod process;
pub(crate) mod template;
pub(crate) mod wire;

use audit::Item;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use client::{Client, Reply};
use frontrow_domain::{
    ids::MemberId,
    member::{EmailAddress, Language, Member, Name, Role},
};
use frontrow_edge::{App, entropy, tokens::Identity};
use frontrow_local::{Options, Stack, mail::Mail};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use std::{
    borrow::Borrow,
    cell::Cell,
    collections::{HashMap, HashSet},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Once,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use wire::Wire;

/// Lifetime of the logins that tests create: longer than that of real ones, because tests move the clock.
const LOGIN_SECONDS: i64 = 12 * 3600;
/// A wait of this length counts as endless. It does not limit how fast anything must be.
pub(crate) const NEVER: Duration = Duration::from_secs(3_600);

/// Receives before a message is parked, where a test sets no number: on a busy machine functions may run into their
/// timeouts some times.
const RECEIVES_MAX: u32 = 100;

thread_local! {
    /// Whether a panic of this thread is expected by a test.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}
/// How many tests expect panics.
static EXPECTING: AtomicU32 = AtomicU32::new(0);

/// While this value lives, the test expects panics.
pub(crate) struct Expected(());

impl Expected {
    pub(crate) fn begin() -> Self {
        EXPECTED.set(true);
        EXPECTING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        EXPECTED.set(false);
        EXPECTING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Prints panics as they happen from now on, instead of capturing the output until all tests have ended.
pub(crate) fn print_panics_at_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("a thread");
            // A thread that is not named after its test may belong to another test.
            let expected = EXPECTED.get() || (!name.contains("::") && EXPECTING.load(Ordering::Relaxed) > 0);
            if !expected {
                let _ = writeln!(std::io::stderr(), "\n{name}: {panic}");
            }
            hook(panic);
        }));
    });
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// A running stack with the surroundings that tests need.
pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) wire: Wire,
    http: reqwest::Client,
    people: AtomicU32,
}

/// A logged-in member or organizer.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) identity: Identity,
    pub(crate) client: Client,
}

impl std::ops::Deref for Person {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Borrow<Client> for Person {
    fn borrow(&self) -> &Client {
        &self.client
    }
}

impl World {
    /// Runs `test` against a fresh stack, then audits it.
    pub(crate) async fn run(test: impl AsyncFnOnce(&World)) {
        Self::run_with(Options { port: 0, demo: false, ..Options::default() }, test).await;
    }

    /// As [`World::run`], with other options.
    pub(crate) async fn run_with(options: Options, test: impl AsyncFnOnce(&World)) {
        let world = Self::start(options).await;
        test(&world).await;
        world.settle().await;
        audit::check(&world).await;
    }

    /// A world that is not audited automatically.
    pub(crate) async fn start(options: Options) -> Self {
        print_panics_at_once();
        let wire = Wire::default();
        let around = wire.clone();
        let by_default = options.mail_max_receives == Options::default().mail_max_receives;
        let options = Options {
            mail_max_receives: if by_default { RECEIVES_MAX } else { options.mail_max_receives },
            wrap_http: Some(Arc::new(move |function, inner| around.around_function(function, inner))),
            ..options
        };
        let stack = Stack::start(options).await.expect("the stack starts");
        Self { stack, wire, http: reqwest::Client::new(), people: AtomicU32::new(0) }
    }

    pub(crate) fn app(&self) -> &App {
        self.stack.app()
    }

    /// A client without a login.
    pub(crate) fn anyone(&self) -> Client {
        Client::new(self.http.clone(), self.stack.url().to_owned()).behind(&self.wire)
    }

    /// Moves the stack's clock forward.
    pub(crate) fn advance_seconds(&self, seconds: u32) {
        self.stack.clock().advance_seconds(seconds);
    }

    /// A new member with `points`, logged in. Sign-up by mail has its own tests.
    pub(crate) async fn member(&self, points: i64) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let person =
            self.person(&format!("member{number}@example.com"), &format!("Member {number}"), Role::Member).await;
        if points > 0 {
            person.with_key("first").post("/points/top-ups", json!({"amount": points})).await.expect(201);
        }
        person
    }

    /// A new organizer, logged in.
    pub(crate) async fn organizer(&self) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        self.person(&format!("organizer{number}@example.com"), "Organizer", Role::Organizer).await
    }

    /// A new member with that address, name and role, logged in.
    pub(crate) async fn person(&self, email: &str, name: &str, role: Role) -> Person {
        let email = EmailAddress::try_from(email.to_owned()).expect("an address");
        let name = Name::try_from(name.to_owned()).expect("a name");
        let identity = enrol(self.app(), email, name, role).await;
        let client = self.anyone().with_login(&self.app().tokens.access(&identity));
        Person { identity, client }
    }

    /// The same person with a new login: for tests that move the clock past the lifetime of a token.
    pub(crate) fn log_in_again(&self, person: &Person) -> Person {
        let expires_at = self.app().clock.now().plus_seconds(LOGIN_SECONDS);
        let identity = Identity { expires_at, ..person.identity.clone() };
        let client = person.client.with_login(&self.app().tokens.access(&identity));
        Person { identity, client }
    }

    /// A performance of a new show, on sale, with `details` beyond the defaults.
    pub(crate) async fn performance(&self, details: Value) -> String {
        let organizer = self.organizer().await;
        let venue = format!("Hall {}", self.people.load(Ordering::Relaxed));
        let show =
            organizer.post("/shows", json!({"title": "Aida", "category": "musical", "venue": venue})).await.expect(201);
        let mut body = json!({
            "startsAt": self.stack.clock().now().plus_seconds(30 * 24 * 3600).to_string(),
            "seating": {"type": "numbered", "sections": [
                {"name": "A", "grade": "VIP", "price": 50_000, "rows": 2, "seatsPerRow": 10},
                {"name": "B", "grade": "R", "price": 30_000, "rows": 3, "seatsPerRow": 10},
            ]},
        });
        if let (Value::Object(body), Value::Object(details)) = (&mut body, details) {
            body.extend(details);
        }
        let path = format!("/shows/{}/performances", show.text("showId"));
        organizer.post(&path, body).await.expect(201).text("performanceId")
    }

    /// Mails captured for `to`, oldest first, after all due mails have arrived; each once.
    pub(crate) async fn mails_to(&self, to: &str) -> Vec<Value> {
        self.settle().await;
        let reply = self.anyone().get(&format!("/_local/mails?to={to}")).await.expect(200);
        let first: HashSet<String> = self.mailed(to).iter().map(|mail| mail.mail_id.clone()).collect();
        let mut mails = reply.json.as_array().cloned().unwrap_or_default();
        mails.retain(|mail| mail["mailId"].as_str().is_some_and(|id| first.contains(id)));
        mails
    }

    /// Mails captured for `to` so far, oldest first, without those that went out again: on a busy machine a mailer may be
    /// slower than its lease. The audit compares them with their claims.
    pub(crate) fn mailed(&self, to: &str) -> Vec<Arc<Mail>> {
        let mut seen = HashSet::new();
        let mut mails = self.stack.mailbox().to(to);
        mails.retain(|mail| {
            let id =
                MessageParser::default().parse(&mail.raw).and_then(|message| message.message_id().map(str::to_owned));
            seen.insert(id.expect("a message id"))
        });
        mails
    }

    /// Writes `items` directly, past the wire.
    pub(crate) async fn put_all(&self, items: &[Item]) {
        let (client, table) = (self.stack.engine().dynamodb(), &self.app().config.table_name);
        for batch in items.chunks(25) {
            let put = |item: &Item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build().expect("an item");
                WriteRequest::builder().put_request(put).build()
            };
            let sent = client.batch_write_item().request_items(table, batch.iter().map(put).collect()).send().await;
            assert!(sent.expect("the engine writes").unprocessed_items().is_none_or(HashMap::is_empty));
        }
    }

    /// Waits until everything committed has been announced and processed.
    pub(crate) async fn settle(&self) {
        let settled = tokio::time::timeout(NEVER, self.stack.settle()).await;
        settled.expect("the outbox empties").expect("the queues can be asked");
    }
}

/// A show in its own venue.
pub(crate) fn show_details() -> Value {
    json!({"title": "Aida", "category": "musical", "venue": format!("Hall {}", entropy::fresh_uuid())})
}

/// A performance a month from now, with `details` beyond the defaults.
pub(crate) fn performance_details(app: &App, details: Value) -> Value {
    let mut body = json!({
        "startsAt": app.clock.now().plus_seconds(30 * 24 * 3600).to_string(),
        "seating": {"type": "numbered", "sections": [
            {"name": "A", "grade": "VIP", "price": 50_000, "rows": 2, "seatsPerRow": 10},
            {"name": "B", "grade": "R", "price": 30_000, "rows": 3, "seatsPerRow": 10},
        ]},
    });
    if let (Value::Object(body), Value::Object(details)) = (&mut body, details) {
        body.extend(details);
    }
    body
}

/// Creates a member without the mails and the password of a sign-up.
pub(crate) async fn enrol(app: &App, email: EmailAddress, name: Name, role: Role) -> Identity {
    let (member_id, now) = (MemberId(entropy::fresh_uuid()), app.clock.now());
    let member = Member {
        member_id,
        email: email.clone(),
        name: name.clone(),
        role,
        language: Language::default(),
        alerts: Vec::new(),
        created_at: now,
    };
    app.store.create_member(&member, "no password".to_owned(), None).await.expect("a new member");
    let expires_at = now.plus_seconds(LOGIN_SECONDS);
    Identity { member_id, role, email, name, expires_at, session_id: None, edition: 0 }
}

/// Holds `seats` of `performance`. Returns the hold.
pub(crate) async fn hold(person: &impl Borrow<Client>, performance: &str, seats: &[&str]) -> Reply {
    person.borrow().post(&format!("/performances/{performance}/holds"), json!({"seatIds": seats})).await
}

/// Holds `quantity` of a grade. Returns the hold.
pub(crate) async fn hold_of_grade(
    person: &impl Borrow<Client>,
    performance: &str,
    grade: &str,
    quantity: i64,
) -> Reply {
    let body = json!({"grade": grade, "quantity": quantity});
    person.borrow().post(&format!("/performances/{performance}/holds"), body).await
}

/// Pays `hold_id` with points.
pub(crate) async fn pay(person: &impl Borrow<Client>, hold_id: &str) -> Reply {
    person.borrow().post("/payments", json!({"holdId": hold_id, "method": "points"})).await
}

/// Holds and pays. Returns the payment.
pub(crate) async fn book(person: &impl Borrow<Client>, performance: &str, seats: &[&str]) -> Reply {
    let held = hold(person, performance, seats).await.expect(201);
    pay(person, &held.text("holdId")).await.expect(201)
}

/// The names on a door list after everything has been processed.
pub(crate) async fn settled_door_list(world: &World, performance: &str, name: &str) -> Vec<String> {
    world.settle().await;
    let organizer = world.organizer().await;
    let path = format!("/performances/{performance}/reservations?name={name}");
    let items = organizer.get(&path).await.expect(200).items();
    items.iter().map(|row| row["memberName"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The text of a QR code, read from a PNG by a reader.
pub(crate) fn read_qr(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).expect("a picture").to_luma8();
    let mut picture = rqrr::PreparedImage::prepare(picture);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    grids[0].decode().expect("a readable code").1
}
