//! Handles one request of one endpoint. The order of checks is the contract's: 400, login 401, role 403, then the
//! endpoint.

use crate::{
    App, Endpoint, Failure, Header, Request, Response, Route,
    accepts::Accepts,
    answer, caller,
    caller::Caller,
    clock::Clock,
    endpoint::{Body, Call, OpenPage, PathId},
    entropy, headers,
    limits::{BODY_MAX_BYTES, IDEMPOTENCY_KEY_MAX_CHARS},
    metrics::Metrics,
    problem, query, route,
};
use frontrow_domain::{Error, FieldErrors, Result, Timestamp, ids::RequestId, limits::ID_MAX_CHARS, member::Language};
use frontrow_store::IdempotencyRecord;
use lambda_http::{
    Body as Bytes, RequestExt,
    aws_lambda_events::apigw::ApiGatewayV2httpRequestContext,
    http::{HeaderMap, HeaderValue, Method, header::ACCESS_CONTROL_REQUEST_METHOD},
    request::RequestContext,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tracing::Instrument;

/// The target of log lines about a sample of requests, which are logged whatever the level.
pub(crate) const SAMPLE: &str = "frontrow_sample";

/// The header that identifies a request in responses and logs.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Responds to `request`. Every failure is logged here, once.
pub(crate) async fn respond<E: Endpoint>(app: &App, request: Request) -> Response {
    let request_id = request_id(&request);
    let is_head = request.method() == Method::HEAD;
    let span = tracing::info_span!("request", operation = E::ROUTE.operation(), request_id);
    let app = &app.for_request(RequestId::try_from(request_id.clone()).ok().as_ref());
    let is_logged = E::ROUTE.function.is_polled && entropy::fraction() * 100.0 < app.config.poll_log_percent.into();
    let mut response = answer_or_problem::<E>(app, request).instrument(span.clone()).await;
    if is_logged {
        span.in_scope(|| tracing::info!(target: SAMPLE, status = response.status().as_u16(), "responded"));
    }
    if E::ROUTE.method != Method::GET && response.status().is_success() {
        app.config.metrics.done(E::ROUTE.operation(), app.clock.now());
    }
    name(&mut response, &request_id);
    if is_head {
        *response.body_mut() = Bytes::Empty;
    }
    response
}

/// Responds to a request of a function that failed to start.
pub(crate) fn not_started<E: Endpoint>(request: &Request, why: &str, metrics: &Metrics) -> Response {
    let request_id = request_id(request);
    let span = tracing::info_span!("request", operation = E::ROUTE.operation(), request_id);
    let error = Error::internal("start", why).into();
    let mut response = span.in_scope(|| failed(&error, metrics, Clock::default().now()));
    name(&mut response, &request_id);
    response
}

fn name(response: &mut Response, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    headers::harden(response.headers_mut());
}

async fn answer_or_problem<E: Endpoint>(app: &App, request: Request) -> Response {
    let answered = answered::<E>(app, request).await;
    answered.unwrap_or_else(|failure| failed(&failure, &app.config.metrics, app.clock.now()))
}

async fn answered<E: Endpoint>(app: &App, request: Request) -> Result<Response, Failure> {
    let call = parse::<E>(app, &request)?;
    let record = call.idempotency_record.clone();
    let (now, accepts) = (call.now, call.accepts.clone());
    let answer = E::call(app, call).await.map_err(Into::into);
    // A first success is 201 or 202 and has stored its response. Any other result under a key may be a retry: if a
    // response is stored, it is repeated. Otherwise a success is stored now; it has changed nothing.
    if let Some(record) = record
        && !answer.as_ref().is_ok_and(|answer| matches!(answer.status().as_u16(), 201 | 202))
    {
        let success = answer.as_ref().ok().map(|answer| answer.stored());
        if let Some(stored) = app.store.answer_under(&record, success.as_ref(), now).await? {
            return Ok(answer::replay(stored));
        }
    }
    answer.map(|answer| answer.into_response(&accepts))
}

fn failed(failure: &Failure, metrics: &Metrics, now: Timestamp) -> Response {
    let (status, code) = problem::status_and_code(failure);
    metrics.refused(code, now);
    if status >= 500 {
        tracing::error!(status, %code, error = %failure, "failed");
    } else {
        tracing::info!(status, %code, error = %failure, "refused");
    }
    problem::respond(failure)
}

fn parse<E: Endpoint>(app: &App, request: &Request) -> Result<Call<E>, Failure> {
    let bytes: &[u8] = request.body().as_ref();
    if bytes.len() > BODY_MAX_BYTES {
        return Err(Failure::BodyTooLarge);
    }
    let mut errors = FieldErrors::default();
    let headers = Headers::read(request.headers(), E::ROUTE.headers).map_err(|found| errors.0.extend(found.0)).ok();
    let query = query::read(request.uri().query().unwrap_or_default()).map_err(|found| errors.0.extend(found.0)).ok();
    let body = E::Body::parse(bytes, E::SHOWN).map_err(|found| errors.0.extend(found.0)).ok();
    let (Some(headers), Some(query), Some((body, sent))) = (headers, query, body) else {
        return Err(Error::from(errors).into());
    };
    let now = app.clock.now();
    let (function_url, parameters) = (function_url(request), request.path_parameters());
    let value = match &function_url {
        Some(_) => past_the_api(&E::ROUTE, request)?,
        None => parameters.iter().next().map(|(_, value)| value),
    };
    let value = value.filter(|value| value.len() <= ID_MAX_CHARS);
    let path = E::Path::parse(value).map_err(|_| Error::NotFound);
    let page = path.as_ref().map_or_else(|_| Ok(OpenPage::default()), |path| E::page(app, &query, path))?;
    E::check_body(&body, now)?;

    let identity = caller::identify(app, headers.login, now);
    let member_id = identity.as_ref().ok().map(|identity| identity.member_id);
    let caller = E::Caller::admit(identity)?;
    let idempotency_record = headers.key.zip(member_id).map(|(key, member_id)| IdempotencyRecord {
        member_id,
        operation: E::ROUTE.operation(),
        key: key.to_owned(),
        fingerprint: fingerprint(E::ROUTE.operation(), request.uri().path(), &sent.canonical()),
    });

    Ok(Call {
        caller,
        path: path?,
        query,
        page,
        body,
        now,
        raw_path: request.uri().path().to_owned(),
        function_url,
        is_preflight: request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD),
        language: Language::negotiate(headers.language),
        queue_token: headers.queue_token.map(str::to_owned),
        accepts: if E::ROUTE.method == Method::GET { Accepts::of(request.headers()) } else { Accepts::default() },
        idempotency_record,
    })
}

/// The headers that an endpoint uses.
#[derive(Default)]
struct Headers<'a> {
    login: Option<&'a str>,
    language: Option<&'a str>,
    queue_token: Option<&'a str>,
    key: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Reads the login and the `declared` headers.
    ///
    /// # Errors
    /// Names each header that cannot be read; such headers are refused rather than ignored.
    fn read(headers: &'a HeaderMap, declared: &[Header]) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |name: &str, max_chars: usize, is_list: bool| {
            let text = header_text(headers, name, max_chars, is_list);
            text.map_err(|why| errors.check(true, name, why)).ok().flatten()
        };
        let mut found = Self { login: read(AUTHORIZATION_NAME, usize::MAX, false), ..Self::default() };
        for header in declared {
            let name = header.name();
            match header {
                Header::QueueToken => found.queue_token = read(name, usize::MAX, false),
                Header::IdempotencyKey => found.key = read(name, IDEMPOTENCY_KEY_MAX_CHARS, false),
                Header::AcceptLanguage => found.language = read(name, usize::MAX, true),
            }
        }
        errors.or(found)
    }
}

/// The message for a header with two values.
pub(crate) const ONCE: &str = "expected one value, without a comma";

/// The name of the login's header in field errors.
const AUTHORIZATION_NAME: &str = "Authorization";

/// The header's text, if present. API Gateway joins headers of the same name with commas, so a comma counts as a
/// repetition if one value is expected: tokens contain no comma, and keys must not.
fn header_text<'a>(
    headers: &'a HeaderMap,
    name: &str,
    max_chars: usize,
    is_list: bool,
) -> Result<Option<&'a str>, String> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| "expected visible ASCII characters".to_owned())?;
    if !is_list && (values.next().is_some() || text.contains(',')) {
        return Err(ONCE.to_owned());
    }
    let fits = max_chars == usize::MAX || (1..=max_chars).contains(&text.len());
    if fits { Ok(Some(text)) } else { Err(format!("expected 1 to {max_chars} visible ASCII characters")) }
}

/// A hash that is equal for equivalent requests: operation, path and canonical body.
fn fingerprint(operation: &str, path: &str, body: &Value) -> String {
    let mut digest = Sha256::new();
    for part in [operation, path, &body.to_string()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of the request by API Gateway or by the function URL, or a new one.
fn request_id(request: &Request) -> String {
    gateway(request).and_then(|context| context.request_id.clone()).unwrap_or_else(|| entropy::fresh_uuid().to_string())
}

/// The function URL that the request was sent to, by the domain that Lambda reports.
fn function_url(request: &Request) -> Option<String> {
    let domain = gateway(request)?.domain_name.as_deref()?;
    domain.contains(".lambda-url.").then(|| format!("https://{domain}"))
}

fn gateway(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    }
}

/// Checks what the API checks for other requests, that path and method are those of the route, and returns the path's
/// parameter.
fn past_the_api<'a>(route: &Route, request: &'a Request) -> Result<Option<&'a str>, Failure> {
    let path = request.uri().path();
    if !route::matches(route.path, path) {
        return Err(Error::NotFound.into());
    }
    if !route.methods().any(|method| request.method() == method) {
        return Err(Failure::MethodNotAllowed { allow: route.methods().collect::<Vec<_>>().join(", ") });
    }
    Ok(route::parameter(route.path, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::http::HeaderName;

    fn headers(name: &'static str, values: &[&[u8]]) -> HeaderMap {
        let pair = |value: &&[u8]| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        values.iter().map(pair).collect()
    }

    #[test]
    fn unreadable_headers_are_refused() {
        let all = [Header::QueueToken, Header::IdempotencyKey, Header::AcceptLanguage];
        for name in ["authorization", "queue-token", "idempotency-key"] {
            let odd: [&[&[u8]]; 5] = [&["결제-1".as_bytes()], &[b"\xb0\xe1"], &[b"a\xff"], &[b"a", b"a"], &[b"a,b"]];
            for values in odd {
                let why = Headers::read(&headers(name, values), &all).err().unwrap_or_default();
                assert_eq!(why.0.len(), 1, "{name} {values:?}");
                assert!(why.0[0].field.eq_ignore_ascii_case(name));
            }
            assert!(Headers::read(&headers(name, &[b"a"]), &all).is_ok());
        }
        let key = |text: &str| Headers::read(&headers("idempotency-key", &[text.as_bytes()]), &all).is_ok();
        assert!(key(&"k".repeat(255)) && key("a b"));
        assert!(!key(&"k".repeat(256)) && !key(""));
        assert!(Headers::read(&headers("accept-language", &[b"en", b"ko,fr;q=0.1"]), &all).is_ok());
        assert!(Headers::read(&headers("accept-language", &["한".as_bytes()]), &all).is_err());
        // Headers that an endpoint does not use are not checked.
        assert!(Headers::read(&headers("queue-token", &[b"\xff"]), &[]).is_ok());
    }

    #[test]
    fn equivalent_requests_have_one_fingerprint() {
        let of = |text: &str| {
            let sent = crate::json::Json::parse(text.as_bytes()).unwrap();
            fingerprint("top_up", "/points/top-ups", &sent.canonical())
        };
        let one = of(r#"{"a":1,"b":2}"#);
        assert_eq!(one, of(r#"{ "b": 2.0, "a": 1, "c": null }"#));
        assert_ne!(one, of(r#"{"a":1,"b":3}"#));
        // Keys outlive a deployment by a day.
        assert_eq!(one, "5f97da25137db7c4a5861fd8e6faf14c1198ba8e73b5cccec933a046af672ae2");
    }
}
