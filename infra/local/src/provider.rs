//! A simulated payment provider: a separate HTTP server whose API is modelled on Toss Payments, and which depends on nothing
//! of the platform. Switches make it decline, fail, stall or refuse connections. Its book is stored with the data, because a
//! real provider would also outlive the stack.

mod book;

pub use book::{Book, Entry, EntryStatus, Outcome};

use crate::{data::write_private, engine::context};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
    serve::Listener,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use book::{Issued, Refused};
use frontrow_domain::{Error, Result};
use frontrow_edge::{entropy, reading::read_body};
use http::{
    StatusCode,
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
};

/// The platform's secret key.
pub const SECRET_KEY: &str = "local-provider-secret-key";

/// Size limit of requests.
const REQUEST_MAX_BYTES: usize = 64 * 1024;
/// Longest delay that can be set.
const DELAY_MAX_MILLIS: u64 = 600_000;

/// Behaviour of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Works normally.
    #[default]
    Normal,
    /// Declines every payment.
    Decline,
    /// Returns 500 and does nothing.
    Fail,
    /// Refuses connections.
    Refuse,
    /// Accepts requests, does nothing, and never responds.
    Hang,
    /// Processes requests, but never responds.
    AnswerLate,
    /// Processes the payment, but responds that the card was rejected.
    Contradict,
    /// Returns 429 and does nothing.
    Busy,
}

/// Behaviour of the provider, and its delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Switches {
    mode: Mode,
    delay_millis: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Turned {
    mode: Option<Mode>,
    delay_millis: Option<u64>,
}

/// The order and amount of a requested token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TokenRequest {
    order_id: String,
    amount: i64,
    outcome: Option<Outcome>,
}

/// Number of requests so far, whatever their outcome.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Requests {
    confirm: u64,
    cancel: u64,
    find: u64,
}

#[derive(Default)]
struct Inside {
    switches: Switches,
    requests: Requests,
    book: Book,
}

/// The running provider. Clones share it.
#[derive(Clone)]
pub struct Provider {
    inside: Arc<Mutex<Inside>>,
    file: Option<PathBuf>,
    url: String,
}

impl Provider {
    /// Starts the provider on `runtime`, with the book stored in `file`, if it exists.
    ///
    /// # Errors
    /// The failed step: reading the book or binding a port.
    pub async fn start(runtime: &Handle, file: Option<PathBuf>) -> Result<Self, String> {
        let book = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => {
                let text = fs::read(file).map_err(context("read the provider's book"))?;
                serde_json::from_slice(&text).map_err(context("read the provider's book"))?
            }
            None => Book::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(context("bind the provider"))?;
        let address = listener.local_addr().map_err(context("bind the provider"))?;
        let inside = Arc::new(Mutex::new(Inside { book, ..Inside::default() }));
        let provider = Self { inside, file, url: format!("http://{address}") };
        let router = Router::new().fallback(answer).with_state(provider.clone());
        let door = Door { listener, provider: provider.clone() };
        runtime.spawn(async move {
            if let Err(error) = axum::serve(door, router).await {
                tracing::error!(%error, "the provider stopped");
            }
        });
        Ok(provider)
    }

    /// URL of the provider.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its switches, the number of requests, and its book.
    pub fn state(&self) -> Value {
        let inside = self.lock();
        let mut state = json!(inside.switches);
        state["requests"] = json!(inside.requests);
        state["payments"] = json!(inside.book.entries().collect::<Vec<_>>());
        state
    }

    /// Sets the switches in `body`: `mode`, `delayMillis`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn switch(&self, body: &[u8]) -> Result<()> {
        let turned: Turned = read_body(body)?;
        if turned.delay_millis.is_some_and(|millis| millis > DELAY_MAX_MILLIS) {
            return Err(Error::invalid("delayMillis", format!("expected at most {DELAY_MAX_MILLIS}")));
        }
        let mut inside = self.lock();
        inside.switches.mode = turned.mode.unwrap_or(inside.switches.mode);
        inside.switches.delay_millis = turned.delay_millis.unwrap_or(inside.switches.delay_millis);
        Ok(())
    }

    /// Issues a token for the order and amount in `body`, and returns the outcome of paying with it. A real provider's widget
    /// does this in a browser.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the provider would refuse to.
    pub fn issue(&self, body: &[u8]) -> Result<String> {
        let asked: TokenRequest = read_body(body)?;
        let token = format!("given_{}", entropy::fresh_uuid().simple());
        let issued =
            Issued { order_id: asked.order_id, amount: asked.amount, outcome: asked.outcome.unwrap_or_default() };
        let mut inside = self.lock();
        inside.book.issue(token.clone(), issued).map_err(|Refused(_, code, message)| {
            let field = if code == "INVALID_REQUEST" { "amount" } else { "orderId" };
            Error::invalid(field, format!("{code}: {message}"))
        })?;
        self.keep(&inside.book).map_err(|error| Error::internal("store the provider's book", error))?;
        Ok(token)
    }

    /// All orders that were ever requested.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().book.entries().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mode(&self) -> Mode {
        self.lock().switches.mode
    }

    /// Handles one request, even if its client disconnects.
    async fn work(self, asked: Asked) -> Response {
        let Switches { mode, delay_millis } = {
            let mut inside = self.lock();
            match asked.call {
                Call::Confirm => inside.requests.confirm += 1,
                Call::Cancel(_) => inside.requests.cancel += 1,
                Call::Find(_) => inside.requests.find += 1,
            }
            inside.switches
        };
        tokio::time::sleep(Duration::from_millis(delay_millis)).await;
        match mode {
            Mode::Fail => refusal(&Refused(500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "Try again later.")),
            Mode::Busy => refusal(&Refused(429, "TOO_MANY_REQUESTS", "Too many requests. Try again later.")),
            Mode::Hang | Mode::Refuse => std::future::pending().await,
            Mode::Normal | Mode::Decline => self.book(&asked, mode == Mode::Decline),
            Mode::Contradict => match (self.book(&asked, false), &asked.call) {
                (done, Call::Confirm) if done.status().is_success() => {
                    refusal(&Refused(403, "REJECT_CARD_COMPANY", "The card company declined."))
                }
                (done, _) => done,
            },
            Mode::AnswerLate => {
                self.book(&asked, false);
                std::future::pending().await
            }
        }
    }

    fn book(&self, asked: &Asked, declines: bool) -> Response {
        let mut inside = self.lock();
        let booked = match &asked.call {
            Call::Confirm => inside.book.confirm(&asked.key, &asked.body, declines),
            Call::Cancel(payment_key) => inside.book.cancel(&asked.key, payment_key, &asked.body),
            Call::Find(order_id) => inside.book.find(order_id),
        };
        if let Err(why) = self.keep(&inside.book) {
            tracing::error!(why, "the provider's book was not stored");
        }
        match booked {
            Ok(entry) => respond(StatusCode::OK, &json!(entry)),
            Err(refused) => refusal(&refused),
        }
    }

    fn keep(&self, book: &Book) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec(book).expect("a book is plain data");
        write_private(file, &text).map_err(context("store the provider's book"))
    }
}

/// The kind of request.
enum Call {
    Confirm,
    Cancel(String),
    Find(String),
}

struct Asked {
    call: Call,
    key: String,
    body: Value,
}

async fn answer(State(provider): State<Provider>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let expected = format!("Basic {}", STANDARD.encode(format!("{SECRET_KEY}:")));
    if header(AUTHORIZATION.as_str()) != expected {
        return refusal(&Refused(401, "UNAUTHORIZED_KEY", "The secret key is unknown."));
    }
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let call = match (parts.method.as_str(), &path[..]) {
        ("POST", ["v1", "payments", "confirm"]) => Call::Confirm,
        ("POST", ["v1", "payments", payment_key, "cancel"]) => Call::Cancel((*payment_key).to_owned()),
        ("GET", ["v1", "payments", "orders", order_id]) => Call::Find((*order_id).to_owned()),
        _ => return refusal(&Refused(404, "NOT_FOUND", "The resource does not exist.")),
    };
    let bytes = to_bytes(body, REQUEST_MAX_BYTES).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let asked = Asked { call, key: header("idempotency-key"), body };
    let worked = tokio::spawn(provider.work(asked)).await;
    worked.unwrap_or_else(|_| refusal(&Refused(500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "It panicked.")))
}

fn refusal(refused: &Refused) -> Response {
    let Refused(status, code, message) = refused;
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, &json!({"code": code, "message": message}))
}

/// Each response closes its connection, so that a switch to refusing connections applies to the next request.
fn respond(status: StatusCode, body: &Value) -> Response {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.header(CONNECTION, "close").body(Body::from(body.to_string())).expect("headers are ASCII")
}

/// Accepts connections; while they are refused, closes them at once.
struct Door {
    listener: TcpListener,
    provider: Provider,
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if self.provider.mode() != Mode::Refuse {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
