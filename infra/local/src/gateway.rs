//! Emulates API Gateway: converts an HTTP request to a Lambda event, passes it to the same handler that runs on Lambda, and
//! converts the response to HTTP.

use crate::{
    cors::Cors,
    engine::context,
    functions::Functions,
    http::{into_http, page},
    local_pages::{self, Pages},
    policy::Roles,
    routes,
};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use frontrow_domain::Error;
use frontrow_edge::{Descriptor, Failure, clock::Clock, entropy, headers, limits::REQUEST_HEAD_MAX_BYTES, problem};
use frontrow_endpoints::{ENDPOINTS, UNMATCHED};
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, HOST},
    request::Parts,
};
use lambda_http::request::LambdaRequest;
use serde_json::{Map, Value, json};
use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time::timeout};

/// API Gateway accepts payloads up to 10 MB; larger ones never reach a function.
const PAYLOAD_MAX_BYTES: usize = 10 * 1024 * 1024;

/// The endpoint behind `$default`.
static DEFAULT: Descriptor = UNMATCHED;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Dependencies of the gateway.
pub struct Gateway {
    /// Where the endpoints run.
    pub(crate) handlers: Handlers,
    /// Clock for request times.
    pub clock: Clock,
    /// Public host and port of the gateway.
    pub host: String,
    /// The local stack's own pages.
    pub(crate) pages: Option<Pages>,
    /// Origins whose pages may call the API.
    pub cors: Cors,
}

/// Where the endpoints run.
pub(crate) enum Handlers {
    /// In this process.
    Here(Box<Roles>),
    /// Elsewhere.
    There(Functions),
}

impl Gateway {
    /// A gateway for functions that run elsewhere.
    pub fn before(functions: Functions, clock: Clock, host: String) -> Self {
        Self { handlers: Handlers::There(functions), clock, host, pages: None, cors: Cors::default() }
    }

    /// Serves on `listener`, until the runtime ends.
    pub async fn serve(self, listener: TcpListener) {
        let router = Router::new().fallback(answer).with_state(Arc::new(self));
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the gateway stopped");
        }
    }
}

async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let request_id = entropy::fresh_uuid().to_string();
    let (parts, body) = request.into_parts();
    let is_private = gateway.pages.is_some() && local_pages::is_private(parts.uri.path());
    let cors = if is_private { Cors::default() } else { gateway.cors.clone() };
    let asked = parts.headers.clone();
    let is_head = parts.method == Method::HEAD;
    let mut response = match cors.preflight(&parts) {
        Some(response) => return response,
        None if head_bytes(&parts) > REQUEST_HEAD_MAX_BYTES => {
            let message = json!({"message": "Request Header Fields Too Large"}).to_string();
            page(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "application/json", message)
        }
        None => match to_bytes(body, PAYLOAD_MAX_BYTES).await {
            Err(_) => into_http(problem::respond(&Failure::BodyTooLarge)),
            Ok(bytes) => own_or_endpoint(gateway, &parts, &bytes, &request_id).await,
        },
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().entry(REQUEST_ID).or_insert(value);
    }
    // A body of unknown length has no `Content-Length`, and an empty one would announce an empty response to GET.
    if is_head && response.body().size_hint().exact() == Some(0) {
        *response.body_mut() = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
    }
    headers::harden(response.headers_mut());
    cors.tell(&asked, response.headers_mut());
    response
}

/// Serves one of the local stack's own pages, or calls the endpoint.
async fn own_or_endpoint(gateway: Arc<Gateway>, parts: &Parts, bytes: &[u8], request_id: &str) -> Response {
    // Request targets of `OPTIONS *` and of proxies are not supported.
    if !parts.uri.path().starts_with('/') {
        return into_http(problem::respond(&Error::NotFound.into()));
    }
    let page = match &gateway.pages {
        Some(pages) => local_pages::answer(pages, parts, bytes).await,
        None => None,
    };
    match page {
        Some(page) => page,
        None => through_endpoint(gateway, parts, bytes, request_id).await,
    }
}

/// Size of the request line and headers, as API Gateway counts them.
fn head_bytes(parts: &Parts) -> usize {
    let line = parts.method.as_str().len() + parts.uri.to_string().len();
    line + parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
}

async fn through_endpoint(gateway: Arc<Gateway>, parts: &Parts, bytes: &[u8], request_id: &str) -> Response {
    // Routes for GET also serve HEAD.
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let (endpoint, parameters, route_key) = match routes::find(ENDPOINTS, method, parts.uri.path()) {
        Some((found, parameters)) => (found, parameters, format!("{} {}", parts.method, found.route.path)),
        None => (&DEFAULT, Vec::new(), "$default".to_owned()),
    };
    let event = event_of(&gateway, &route_key, parts, parameters, bytes, request_id);
    // As on Lambda, an invocation continues when its client has disconnected, and ends at its timeout. A panic counts as one
    // failed invocation.
    let began = Instant::now();
    let mut invocation = tokio::spawn(async move { gateway.handlers.answer(endpoint, event).await });
    match timeout(Duration::from_secs(endpoint.route.function.timeout_seconds), &mut invocation).await {
        Ok(Ok(response)) => {
            // Refusals are logged where they occur.
            let (status, millis) = (response.status().as_u16(), began.elapsed().as_millis());
            if status < 400 {
                tracing::info!("{} {} {status} in {millis} ms", parts.method, parts.uri.path());
            }
            response
        }
        Ok(Err(error)) => into_http(problem::respond(&Error::internal("invoke", error).into())),
        Err(_) => {
            invocation.abort();
            tracing::error!(operation = endpoint.route.operation(), request_id, "function timed out");
            into_http(problem::respond(&Error::Busy.into()))
        }
    }
}

impl Handlers {
    async fn answer(&self, endpoint: &Descriptor, event: Value) -> Response {
        match self {
            Self::Here(roles) => match serde_json::from_str::<LambdaRequest>(&event.to_string()) {
                Ok(request) => into_http((endpoint.respond)(&roles.endpoint(endpoint), request.into()).await),
                Err(error) => into_http(problem::respond(&Error::internal("read the event", error).into())),
            },
            Self::There(functions) => {
                let answer = functions.invoke(endpoint.route.operation(), &event).await;
                answer.and_then(|answer| to_http(&answer)).unwrap_or_else(|error| {
                    tracing::error!(error, "the function returned an invalid response");
                    page(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "application/json",
                        r#"{"message":"Internal Server Error"}"#,
                    )
                })
            }
        }
    }
}

/// Converts a function's response to HTTP.
fn to_http(answer: &Value) -> Result<Response, String> {
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).ok_or("no statusCode")?;
    let mut response = Response::builder().status(status);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap_or_default());
    }
    let text = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(text).map_err(context("read the response's body"))?,
        _ => text.as_bytes().to_vec(),
    };
    response.body(Body::from(body)).map_err(context("read the response"))
}

/// The event of an HTTP API, payload format 2.0.
fn event_of(
    gateway: &Gateway,
    route_key: &str,
    parts: &Parts,
    parameters: routes::Parameters,
    bytes: &[u8],
    request_id: &str,
) -> Value {
    let parameters: Map<_, _> = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let (body, encoded) = body_of(&parts.headers, bytes);
    json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers_of(&parts.headers, &gateway.host),
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": gateway.host,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "",
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "timeEpoch": gateway.clock.now().millis(),
        },
        "body": body,
        "isBase64Encoded": encoded,
    })
}

/// Headers with lower-case names, and values of the same name joined by commas. The gateway sets host and protocol itself.
fn headers_of(headers: &HeaderMap, host: &str) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(text_of).collect();
        joined.insert(name.as_str().to_owned(), values.join(",").into());
    }
    joined.insert(HOST.as_str().to_owned(), host.into());
    joined.insert("x-forwarded-proto".to_owned(), "http".into());
    joined
}

/// Invalid UTF-8 is passed on as Latin-1, byte by byte, so that the function can reject it.
fn text_of(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// API Gateway passes on JSON and text as text, and everything else in base64.
fn body_of(headers: &HeaderMap, bytes: &[u8]) -> (Option<String>, bool) {
    if bytes.is_empty() {
        return (None, false);
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_text = media_type.starts_with("application/json") || media_type.starts_with("text/");
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(bytes)), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_text_media_types_are_passed_as_text() {
        let json = headers(&[("content-type", "application/json; charset=utf-8")]);
        assert_eq!(body_of(&json, b"{}"), (Some("{}".to_owned()), false));
        assert_eq!(body_of(&json, b"\xff"), (Some("/w==".to_owned()), true));
        let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        assert_eq!(body_of(&form, b"{}"), (Some("e30=".to_owned()), true));
        assert_eq!(body_of(&form, b""), (None, false));
    }

    #[tokio::test]
    async fn a_functions_response_is_passed_on_unchanged() {
        let answer = json!({"statusCode": 201, "headers": {"location": "/x"}, "body": "/w==", "isBase64Encoded": true});
        let response = to_http(&answer).unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (201, &HeaderValue::from_static("/x"))
        );
        assert_eq!(to_bytes(response.into_body(), 9).await.unwrap().as_ref(), b"\xff");
        let plain = to_http(&json!({"statusCode": 200, "body": "{}", "isBase64Encoded": false})).unwrap();
        assert_eq!(to_bytes(plain.into_body(), 9).await.unwrap().as_ref(), b"{}");
        assert!(to_http(&json!({"errorMessage": "no"})).is_err());
    }

    #[test]
    fn headers_are_joined_and_cannot_forge_the_host() {
        let joined =
            headers_of(&headers(&[("host", "a b"), ("x-forwarded-proto", "::"), ("accept", "x")]), "localhost:1");
        assert_eq!(joined["host"], "localhost:1");
        assert_eq!(joined["x-forwarded-proto"], "http");
        let mut twice = headers(&[("accept", "x")]);
        twice.append("accept", HeaderValue::from_static("y"));
        assert_eq!(headers_of(&twice, "localhost:1")["accept"], "x,y");
    }

    #[test]
    fn non_ascii_headers_are_passed_on() {
        let mut odd = HeaderMap::new();
        odd.insert("a", HeaderValue::from_bytes("결제-1".as_bytes()).unwrap());
        odd.insert("b", HeaderValue::from_bytes(b"\xb0\xe1").unwrap());
        let joined = headers_of(&odd, "localhost:1");
        assert_eq!((joined["a"].as_str(), joined["b"].as_str()), (Some("결제-1"), Some("\u{b0}\u{e1}")));
    }
}
