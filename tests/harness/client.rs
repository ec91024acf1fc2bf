//! An HTTP client as a test's member or organizer.

use super::wire::Wire;
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;
use std::time::Duration;

/// A request that is refused as busy this often counts as refused forever.
const TRIES_MAX: usize = 300;

/// An HTTP client with its own headers.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    headers: Vec<(&'static str, String)>,
    /// Whether a request that is refused as `busy` is not repeated.
    once: bool,
    /// The stack's wire: while a test injects faults, `busy` is an answer, too.
    wire: Wire,
}

/// An HTTP response.
#[derive(Clone)]
pub(crate) struct Reply {
    /// Method and path, for messages.
    call: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// `null` if the body is not JSON.
    pub(crate) json: Value,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        self.json["code"].as_str().map_or(Ok(()), |code| write!(f, " {code}"))
    }
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, url: String) -> Self {
        Self { http, url, headers: Vec::new(), once: false, wire: Wire::default() }
    }

    /// The client of a stack behind `wire`.
    pub(crate) fn behind(self, wire: &Wire) -> Self {
        Self { wire: wire.clone(), ..self }
    }

    /// The client of another address.
    pub(crate) fn at(&self, url: String) -> Self {
        Self { url, ..self.clone() }
    }

    /// The client with one more header.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut headers: Vec<_> = self.headers.iter().filter(|(other, _)| *other != name).cloned().collect();
        headers.push((name, value.to_owned()));
        Self { headers, ..self.clone() }
    }

    /// The client that takes `busy` for an answer. Others repeat such a request, as members do, because on a busy machine
    /// any request may get it.
    pub(crate) fn once(&self) -> Self {
        Self { once: true, ..self.clone() }
    }

    pub(crate) fn with_login(&self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn with_queue_token(&self, token: &str) -> Self {
        self.with("Queue-Token", token)
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        self.with("Idempotency-Key", key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body.to_string().into_bytes())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body.to_string().into_bytes())).await
    }

    /// All items of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut query = "?limit=100".to_owned();
        loop {
            let page = self.get(&format!("{path}{query}")).await.expect(200);
            items.extend(page.items());
            match page.json["nextCursor"].as_str() {
                Some(cursor) => query = format!("?limit=100&cursor={cursor}"),
                None => return items,
            }
        }
    }

    /// A request to a server that may be gone: `None` without a response.
    pub(crate) async fn attempt(&self, method: &str, path: &str, body: Option<Value>) -> Option<Reply> {
        self.try_send(method, path, body.map(|body| body.to_string().into_bytes())).await.ok()
    }

    /// Sends any request with any bytes.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Reply {
        let attempt = async || {
            let sent = self.try_send(method, path, body.clone()).await;
            sent.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
        };
        let mut reply = attempt().await;
        for _ in 0..TRIES_MAX {
            if self.once || self.wire.is_intercepted() || reply.status != 503 || reply.json["code"] == "payments_busy" {
                return reply;
            }
            let seconds = reply.header("retry-after").parse().expect("seconds");
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            reply = attempt().await;
            // The refused attempt was a success after all.
            if method == "POST" && reply.json["code"] == "hold_exists" {
                let held = Box::pin(self.get(&format!("/holds/{}", reply.text("holdId")))).await;
                if held.status == 200 {
                    reply = Reply { status: 201, ..held };
                }
            }
        }
        panic!("{method} {path}: still busy")
    }

    async fn try_send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> reqwest::Result<Reply> {
        let call = format!("{method} {path}");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request: RequestBuilder = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        let reply = Reply { call, status, headers, bytes, json };
        reply.check_conventions(path);
        Ok(reply)
    }
}

impl Reply {
    /// Rules for every response of the API.
    fn check_conventions(&self, path: &str) {
        if ["/_local", "/docs", "/openapi.json"].iter().any(|local| path.starts_with(local)) {
            return;
        }
        let has = |name: &str| assert!(!self.header(name).is_empty(), "{}: {} without {name}", self.call, self.status);
        has("x-request-id");
        has("content-security-policy");
        has("referrer-policy");
        has("strict-transport-security");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{}", self.call);
        match self.status {
            201 => has("location"),
            401 => has("www-authenticate"),
            405 => has("allow"),
            429 | 503 => has("retry-after"),
            _ => {}
        }
        let cache = self.header("cache-control");
        let shared = matches!(self.status, 200 | 304) && cache.starts_with("public, max-age=");
        assert!(cache == "no-store" || shared, "{}: {} with Cache-Control {cache}", self.call, self.status);
    }

    /// Returns this reply, which must have that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.call, String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Returns this reply, which must be a problem with that status and code, in the contract's form.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.json["code"], code, "{}: {}", reply.call, reply.json);
        assert_eq!(reply.json["type"], format!("urn:frontrow:problem:{code}"));
        assert_eq!(reply.json["status"], status);
        assert!(reply.json["title"].is_string() && reply.json["detail"].is_string());
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.header("x-request-id").is_empty());
        if status == 401 {
            assert!(!reply.header("www-authenticate").is_empty(), "{}", reply.call);
        }
        if status == 429 || status == 503 {
            assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{}", reply.call);
        }
        reply
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// A string field of the body.
    #[track_caller]
    pub(crate) fn text(&self, field: &str) -> String {
        let value = self.json[field].as_str();
        value.unwrap_or_else(|| panic!("{}: no text {field} in {}", self.call, self.json)).to_owned()
    }

    /// A number field of the body.
    #[track_caller]
    pub(crate) fn number(&self, field: &str) -> i64 {
        let value = self.json[field].as_i64();
        value.unwrap_or_else(|| panic!("{}: no number {field} in {}", self.call, self.json))
    }

    /// The items of a list.
    #[track_caller]
    pub(crate) fn items(&self) -> Vec<Value> {
        let items = self.json["items"].as_array();
        items.unwrap_or_else(|| panic!("{}: no items in {}", self.call, self.json)).clone()
    }
}
