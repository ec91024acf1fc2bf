//! The wire between SDK and engine. It counts calls and units, weakens conditions, and injects faults that the engine
//! itself never shows. Everything is off until a test turns it on.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use frontrow_edge::Worker as _;
use frontrow_workers::Projector;
use serde_json::Value;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
};

/// The cost of one call.
#[derive(Debug, Clone)]
pub(crate) struct Metered {
    /// The function of the stack that made the call; `None` if a test uses an [`frontrow_edge::App`] itself.
    pub(crate) function: Option<&'static str>,
    pub(crate) operation: String,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    /// The call as it was sent.
    pub(crate) request: Value,
}

/// The engine's response, or a replacement.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, ConnectorError>> + Send>>;

/// A call about to be sent. `execute` sends it to the engine.
pub(crate) type Execute = Arc<dyn Fn() -> Answering + Send + Sync>;

/// Stands between a call and the engine, and decides the call's fate.
pub(crate) trait Interceptor: Send + Sync {
    fn intercept(&self, operation: &str, request: &Value, execute: Execute) -> Answering;
}

/// A condition, and its replacement.
#[derive(Debug, Clone)]
pub(crate) struct Weakened {
    pub(crate) condition: &'static str,
    pub(crate) instead: String,
}

#[derive(Default)]
struct State {
    metered: Option<Vec<Metered>>,
    weakened: Option<Weakened>,
    /// Number of calls that were sent with it.
    weakened_calls: u32,
    interceptor: Option<Arc<dyn Interceptor>>,
    projection_interceptor: Option<Arc<dyn Interceptor>>,
    /// How often each mail was claimed, by its item and marker.
    mail_claims: HashMap<String, usize>,
}

/// The wire of one stack; clones are the same wire.
#[derive(Clone, Default)]
pub(crate) struct Wire {
    state: Arc<Mutex<State>>,
}

impl Wire {
    /// The client of callers that are not functions, through this wire.
    pub(crate) fn around(&self, inner: SharedHttpClient) -> SharedHttpClient {
        self.around_function(None, inner)
    }

    /// The client of a function, through this wire.
    pub(crate) fn around_function(&self, function: Option<&'static str>, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(WiredClient { inner, wire: self.clone(), function })
    }

    /// The cost of `test`.
    pub(crate) async fn meter<T>(&self, test: impl Future<Output = T>) -> (T, Vec<Metered>) {
        self.state().metered = Some(Vec::new());
        let done = test.await;
        let metered = self.state().metered.take().unwrap_or_default();
        (done, metered)
    }

    /// Weakens that condition from now on. Returns how many calls used the previous one.
    pub(crate) fn weaken(&self, weakened: Option<Weakened>) -> u32 {
        let mut state = self.state();
        state.weakened = weakened;
        std::mem::take(&mut state.weakened_calls)
    }

    /// Every call goes through `interceptor` from now on, except projectors' calls: their timing varies, and they would be
    /// counted and hit in place of the calls under test.
    pub(crate) fn intercept(&self, interceptor: Option<Arc<dyn Interceptor>>) {
        self.state().interceptor = interceptor;
    }

    /// Every call of a projector goes through `interceptor` from now on.
    pub(crate) fn intercept_projections(&self, interceptor: Option<Arc<dyn Interceptor>>) {
        self.state().projection_interceptor = interceptor;
    }

    /// Whether a test decides what happens to calls, or weakens a condition.
    pub(crate) fn is_intercepted(&self) -> bool {
        let state = self.state();
        state.interceptor.is_some() || state.weakened.is_some()
    }

    /// Claims of mails that had been claimed before. A mail may go out as often as it was claimed: a sender that is too
    /// slow loses its lease, and nobody can tell whether its mail was accepted.
    pub(crate) fn repeated_mail_claims(&self) -> usize {
        self.state().mail_claims.values().map(|claims| claims - 1).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct WiredClient {
    inner: SharedHttpClient,
    wire: Wire,
    function: Option<&'static str>,
}

impl std::fmt::Debug for WiredClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WiredClient")
    }
}

impl HttpClient for WiredClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(WiredConnector { inner, wire: self.wire.clone(), function: self.function })
    }
}

#[derive(Clone)]
struct WiredConnector {
    inner: SharedHttpConnector,
    wire: Wire,
    function: Option<&'static str>,
}

impl std::fmt::Debug for WiredConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WiredConnector")
    }
}

impl HttpConnector for WiredConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (inner, wire, function) = (self.inner.clone(), self.wire.clone(), self.function);
        let operation = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.split('.').nth(1))
            .unwrap_or_default()
            .to_owned();
        let mut body: Value =
            request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        if body["UpdateExpression"].as_str().is_some_and(|update| update.starts_with("SET #mail = :marker")) {
            let mail = format!("{} {}", body["Key"], body["ExpressionAttributeNames"]["#mail"]);
            *wire.state().mail_claims.entry(mail).or_default() += 1;
        }
        let projects = function == Some(Projector::FUNCTION.name);
        let (weakened, interceptor) = {
            let state = wire.state();
            (
                state.weakened.clone(),
                if projects { state.projection_interceptor.clone() } else { state.interceptor.clone() },
            )
        };
        if let Some(weakened) = weakened
            && weaken(&mut body, &weakened)
        {
            wire.state().weakened_calls += 1;
            let text = body.to_string();
            request.headers_mut().insert("content-length", text.len().to_string());
            *request.body_mut() = SdkBody::from(text);
        }
        HttpConnectorFuture::new(async move {
            let Some(interceptor) = interceptor else {
                let response = inner.call(request).await?;
                return wire.note(function, operation, body, response).await;
            };
            let request = Arc::new(Mutex::new(request));
            let (name, sent) = (operation.clone(), body.clone());
            let execute: Execute = Arc::new(move || {
                let again = request
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .try_clone()
                    .expect("bodies are in memory");
                let (inner, wire, name, sent) = (inner.clone(), wire.clone(), name.clone(), sent.clone());
                Box::pin(async move {
                    let response = inner.call(again).await?;
                    wire.note(function, name, sent, response).await
                })
            });
            interceptor.intercept(&operation, &body, execute).await
        })
    }
}

impl Wire {
    /// Records the cost of the call, if metering is on.
    async fn note(
        &self,
        function: Option<&'static str>,
        operation: String,
        request: Value,
        response: HttpResponse,
    ) -> Result<HttpResponse, ConnectorError> {
        if self.state().metered.is_none() {
            return Ok(response);
        }
        let (response, text) = buffered(response).await?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let (mut read_units, mut write_units) = (0.0, 0.0);
        let capacities = match &answer["ConsumedCapacity"] {
            Value::Array(each) => each.clone(),
            one => vec![one.clone()],
        };
        let reads = matches!(operation.as_str(), "GetItem" | "Query" | "BatchGetItem" | "TransactGetItems");
        for capacity in capacities {
            let units = capacity["CapacityUnits"].as_f64().unwrap_or_default();
            if reads { read_units += units } else { write_units += units }
        }
        if let Some(metered) = &mut self.state().metered {
            metered.push(Metered { function, operation, write_units, read_units, request });
        }
        Ok(response)
    }
}

/// The response with its body in memory, and the body's text.
pub(crate) async fn buffered(mut response: HttpResponse) -> Result<(HttpResponse, String), ConnectorError> {
    let body = std::mem::replace(response.body_mut(), SdkBody::empty());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    *response.body_mut() = SdkBody::from(text.clone());
    Ok((response, text))
}

/// Weakens every condition with that text. Returns whether there was one.
fn weaken(body: &mut Value, weakened: &Weakened) -> bool {
    match body {
        Value::Object(fields) => {
            let mut found = false;
            for (name, value) in fields {
                if name == "ConditionExpression" && value == weakened.condition {
                    *value = weakened.instead.clone().into();
                    found = true;
                } else {
                    found |= weaken(value, weakened);
                }
            }
            found
        }
        Value::Array(values) => values.iter_mut().fold(false, |found, value| weaken(value, weakened) | found),
        _ => false,
    }
}
