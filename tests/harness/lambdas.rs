//! A small Lambda: each function is a process of its own, started on its first call with the environment from the template.
//! Its output is kept.

use super::{binaries, template::Template};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use frontrow_local::{functions::in_template, variables::Variables};
use serde_json::Value;
use std::{
    collections::HashMap,
    process::Stdio,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
};

/// Longer than any function may take.
const CALL_MAX: Duration = Duration::from_secs(40);

/// Functions by operation. Clones share them; their processes end with the last clone.
#[derive(Clone, Default)]
pub(crate) struct Lambdas(Arc<Parts>);

#[derive(Default)]
struct Parts {
    url: OnceLock<String>,
    environment: OnceLock<(Variables, Vec<(&'static str, String)>)>,
    running: AsyncMutex<HashMap<String, Running>>,
    printed: Arc<Mutex<Vec<Printed>>>,
}

/// A line printed by a function.
#[derive(Clone)]
pub(crate) struct Printed {
    /// The function's operation.
    pub(crate) operation: String,
    /// The line as text.
    pub(crate) line: String,
    /// The line as JSON; `null` if it is not JSON.
    pub(crate) json: Value,
}

struct Running {
    calls: mpsc::Sender<Call>,
    _child: Child,
}

struct Call {
    event: String,
    answer: oneshot::Sender<String>,
}

/// The runtime API of one function: one call at a time.
struct Runtime {
    calls: AsyncMutex<mpsc::Receiver<Call>>,
    under_way: Mutex<Option<oneshot::Sender<String>>>,
}

impl Lambdas {
    /// Serves Lambda's Invoke API.
    pub(crate) async fn start() -> Self {
        let lambdas = Self::default();
        let api = Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke));
        let url = serve(api.with_state(lambdas.clone())).await;
        lambdas.0.url.set(format!("http://{url}")).expect("it is set once");
        lambdas
    }

    /// The address of the Invoke API.
    pub(crate) fn url(&self) -> &str {
        self.0.url.get().expect("it was started")
    }

    /// Sets the functions' environments: each gets the `variables` that the template gives it, and all get `more`.
    /// Earlier calls fail.
    pub(crate) fn tell(&self, variables: &Variables, more: &[(&'static str, &str)]) {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.environment.set((variables.clone(), more)).expect("the environment is set once");
    }

    /// All lines printed so far.
    pub(crate) fn printed(&self) -> Vec<Printed> {
        self.0.printed.lock().expect("tasks do not panic").clone()
    }

    /// The lines that one function printed so far.
    pub(crate) fn lines_of(&self, operation: &str) -> Vec<String> {
        self.printed().into_iter().filter(|one| one.operation == operation).map(|one| one.line).collect()
    }

    /// Calls a function; `None` if it does not respond.
    pub(crate) async fn call(&self, operation: &str, event: String) -> Option<String> {
        let calls = {
            let mut running = self.0.running.lock().await;
            if !running.contains_key(operation) {
                running.insert(operation.to_owned(), self.begin(operation).await?);
            }
            running[operation].calls.clone()
        };
        let (answer, answered) = oneshot::channel();
        calls.send(Call { event, answer }).await.ok()?;
        tokio::time::timeout(CALL_MAX, answered).await.ok()?.ok()
    }

    async fn begin(&self, operation: &str) -> Option<Running> {
        let (variables, more) = self.0.environment.get()?;
        let (calls, received) = mpsc::channel(1_000);
        let runtime = Arc::new(Runtime { calls: AsyncMutex::new(received), under_way: Mutex::default() });
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(answered))
            .with_state(runtime);
        let mut child = Command::new(binaries::function())
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", serve(api).await)
            .env("AWS_LAMBDA_FUNCTION_NAME", operation)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_REGION", "ap-northeast-2")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .envs(Template::read().environment(operation, variables))
            .envs(more.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        self.keep(operation, child.stdout.take().expect("it is piped"));
        self.keep(operation, child.stderr.take().expect("it is piped"));
        Some(Running { calls, _child: child })
    }

    fn keep(&self, operation: &str, output: impl tokio::io::AsyncRead + Send + Unpin + 'static) {
        let (operation, printed) = (operation.to_owned(), Arc::clone(&self.0.printed));
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let json = serde_json::from_str(&line).unwrap_or_default();
                let kept = Printed { operation: operation.clone(), line, json };
                printed.lock().expect("tasks do not panic").push(kept);
            }
        });
    }
}

/// Serves `api` and returns its address.
async fn serve(api: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, api).await });
    address
}

async fn invoke(State(lambdas): State<Lambdas>, Path(name): Path<String>, event: String) -> impl IntoResponse {
    let words = name.trim_end_matches("Function").chars();
    let operation: String =
        words.flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect();
    let operation = operation.trim_start_matches('_');
    assert_eq!(in_template(operation), name);
    match lambdas.call(operation, event).await {
        Some(answer) => (StatusCode::OK, answer),
        None => (StatusCode::SERVICE_UNAVAILABLE, format!("{operation} does not run")),
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> impl IntoResponse {
    let Some(Call { event, answer }) = runtime.calls.lock().await.recv().await else {
        return std::future::pending().await;
    };
    *runtime.under_way.lock().expect("tasks do not panic") = Some(answer);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "invocation"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-northeast-2:0:function:f"),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    (headers, event)
}

/// A function's response, or its error.
async fn answered(State(runtime): State<Arc<Runtime>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let waiting = runtime.under_way.lock().expect("tasks do not panic").take();
    if let Some(waiting) = waiting {
        let _ = waiting.send(String::from_utf8_lossy(&body).into_owned());
    }
    StatusCode::ACCEPTED
}
