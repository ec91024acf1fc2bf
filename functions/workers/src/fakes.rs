//! Test doubles for AWS: an embedded DynamoDB, and an HTTP client with scripted responses.

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use frontrow_edge::clients::Aws;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// A scripted response to one request.
#[derive(Debug, Clone)]
pub(crate) enum Scripted {
    Answer(u16, String),
    Nothing,
    /// The call never returns.
    Silence,
}

/// A service that returns scripted responses in order, and records the requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    answers: Arc<Mutex<VecDeque<Scripted>>>,
    received: Arc<Mutex<Vec<String>>>,
}

impl Service {
    pub(crate) fn script(&self, said: impl IntoIterator<Item = Scripted>) {
        self.answers.lock().unwrap().extend(said);
    }

    /// Bodies of the requests so far.
    pub(crate) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn aws(&self) -> Aws {
        Aws::emulated("http://service.invalid").through(self.client())
    }

    fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        self.received.lock().unwrap().push(body);
        HttpConnectorFuture::ready(match self.answers.lock().unwrap().pop_front() {
            Some(Scripted::Answer(status, body)) => {
                Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
            }
            Some(Scripted::Silence) => return HttpConnectorFuture::new(std::future::pending()),
            Some(Scripted::Nothing) | None => Err(ConnectorError::timeout("no response".into())),
        })
    }
}

/// A connector that loses responses.
#[derive(Debug, Clone)]
struct Losing {
    inner: SharedHttpConnector,
    left: Arc<Mutex<usize>>,
}

impl HttpConnector for Losing {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, left) = (self.inner.call(request), Arc::clone(&self.left));
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            let mut left = left.lock().unwrap();
            if *left == 0 {
                return answer;
            }
            *left -= 1;
            Err(ConnectorError::timeout("the response was lost".into()))
        })
    }
}

/// A client of the engine at `url`, whose first `count` responses are lost after the engine has done the work.
pub(crate) fn losing_answers(url: &str, count: usize) -> Aws {
    let (engine, left) = (aws_smithy_http_client::Builder::new().build_http(), Arc::new(Mutex::new(count)));
    Aws::emulated(url).through(http_client_fn(move |settings, components| {
        let inner = engine.http_connector(settings, components);
        SharedHttpConnector::new(Losing { inner, left: Arc::clone(&left) })
    }))
}

/// Name of the table in every engine.
pub(crate) const TABLE: &str = "frontrow";

/// Starts an engine with an empty table, and returns its URL.
pub(crate) async fn table() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let engine = dynoxide::Database::new(":memory:").unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, engine));
    frontrow_store::table::create(&Aws::emulated(&url).dynamodb(), TABLE).await.unwrap();
    url
}
