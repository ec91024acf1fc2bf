//! One request through one endpoint. The order of checks is the contract's: 400, login 401, role 403, then the endpoint.

use crate::{
    App, Endpoint, Request, Response, answer, caller,
    caller::Caller,
    clock::Clock,
    endpoint::{Body, Call, Header, PathId},
    entropy,
    metrics::Metrics,
    negotiate::Wishes,
    problem, security,
};
use frontrow_domain::{
    Error, FieldError, Result, Timestamp,
    ids::RequestId,
    limits::{BODY_MAX_BYTES, ID_MAX_CHARS, IDEMPOTENCY_KEY_MAX_CHARS},
    member::Language,
};
use frontrow_store::Receipt;
use lambda_http::{
    RequestExt,
    http::{HeaderMap, HeaderValue, Method, header::ACCESS_CONTROL_REQUEST_METHOD},
    request::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use sha2::{Digest, Sha256};
use tracing::Instrument;

/// The header that names a request in answers and logs.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Answers `request`; every failure is logged here, once.
pub(crate) async fn respond<E: Endpoint>(app: &App, request: Request) -> Response {
    let request_id = request_id(&request);
    let span = tracing::info_span!("request", operation = E::ROUTE.operation, request_id);
    let app = &app.for_request(RequestId::try_from(request_id.clone()).ok().as_ref());
    let mut response = answer_or_problem::<E>(app, request).instrument(span).await;
    if E::ROUTE.method != Method::GET && response.status().is_success() {
        app.config.metrics.done(E::ROUTE.operation, app.clock.now());
    }
    name(&mut response, &request_id);
    response
}

/// Answers a request of a function that could not be started.
pub(crate) fn not_started(request: &Request, why: &str, metrics: &Metrics) -> Response {
    let request_id = request_id(request);
    let span = tracing::info_span!("request", request_id);
    let error = Error::internal("start", why);
    let mut response = span.in_scope(|| failed(&error, metrics, Clock::default().now()));
    name(&mut response, &request_id);
    response
}

fn name(response: &mut Response, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    security::harden(response.headers_mut());
}

async fn answer_or_problem<E: Endpoint>(app: &App, request: Request) -> Response {
    let answered = answered::<E>(app, request).await;
    answered.unwrap_or_else(|error| failed(&error, &app.config.metrics, app.clock.now()))
}

async fn answered<E: Endpoint>(app: &App, request: Request) -> Result<Response> {
    let call = parse::<E>(app, &request)?;
    let receipt = call.receipt.clone();
    let (now, wishes) = (call.now, call.wishes.clone());
    let answer = E::call(app, call).await;
    // A first success is 201 or 202, and has kept its answer. Anything else under a key may be a repetition: then the first
    // answer is told again. Else a success is kept now: it has changed nothing.
    if let Some(receipt) = receipt
        && !answer.as_ref().is_ok_and(|answer| matches!(answer.status().as_u16(), 201 | 202))
    {
        let told = answer.as_ref().ok().map(|answer| answer.stored());
        if let Some(stored) = app.store.answer_under(&receipt, told.as_ref(), now).await? {
            return Ok(answer::replay(stored));
        }
    }
    answer.map(|answer| answer.into_response(&wishes))
}

fn failed(error: &Error, metrics: &Metrics, now: Timestamp) -> Response {
    let (status, code) = problem::status_and_code(error);
    metrics.refused(code, now);
    if status >= 500 {
        tracing::error!(status, code, %error, "failed");
    } else {
        tracing::info!(status, code, %error, "refused");
    }
    problem::respond(error)
}

fn parse<E: Endpoint>(app: &App, request: &Request) -> Result<Call<E>> {
    let bytes: &[u8] = request.body().as_ref();
    if bytes.len() > BODY_MAX_BYTES {
        return Err(Error::BodyTooLarge);
    }
    let query = parse_query(request.uri().query().unwrap_or_default())?;
    let body = E::Body::parse(bytes)?;
    E::check(&query)?;
    let headers = request.headers();
    let key = if E::ROUTE.headers.contains(&Header::IdempotencyKey) { idempotency_key(headers)? } else { None };

    let now = app.clock.now();
    let identity = caller::identify(app, headers, now);
    let member_id = identity.as_ref().ok().map(|identity| identity.member_id);
    let caller = E::Caller::admit(identity)?;
    let receipt = key.zip(member_id).map(|(key, member_id)| Receipt {
        member_id,
        operation: E::ROUTE.operation,
        key,
        fingerprint: fingerprint(E::ROUTE.operation, request.uri().path(), bytes),
    });

    let parameters = request.path_parameters();
    let value = parameters.iter().next().map(|(_, value)| value).filter(|value| value.len() <= ID_MAX_CHARS);
    let path = E::Path::parse(value).map_err(|_| Error::NotFound)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Ok(Call {
        caller,
        path,
        query,
        body,
        now,
        raw_path: request.uri().path().to_owned(),
        is_preflight: request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
        language: Language::negotiate(text(Header::AcceptLanguage.name())),
        queue_token: text(Header::QueueToken.name()).map(str::to_owned),
        wishes: if E::ROUTE.method == Method::GET { Wishes::of(headers) } else { Wishes::default() },
        receipt,
    })
}

/// Parses a body; the failing field's path is part of the error. `null` is the same as absent.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if let Ok(whole) = serde_json::from_slice::<Value>(bytes) {
        if !whole.is_object() {
            return Err(complaint("body", "expected an object"));
        }
        if let Some(path) = odd_array(&whole, "") {
            return Err(complaint(
                if path.is_empty() { "body" } else { &path },
                "expected no array, or an array of texts or of objects alone",
            ));
        }
        if let Some(told) = without_nulls(&whole) {
            return serde_path_to_error::deserialize(told)
                .map_err(|error| complaint(&field_path(error.path(), "body"), &error.into_inner().to_string()));
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| complaint(&field_path(error.path(), "body"), &error.into_inner().to_string()))?;
    deserializer.end().map_err(|error| complaint("body", &error.to_string()))?;
    Ok(parsed)
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T> {
    let pairs = serde_urlencoded::Deserializer::new(form_pairs(query));
    serde_path_to_error::deserialize(pairs)
        .map_err(|error| complaint(&field_path(error.path(), "query"), &error.into_inner().to_string()))
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// The path as far as the parser could tell; `whole` where it could not.
fn field_path(path: &serde_path_to_error::Path, whole: &str) -> String {
    let known: Vec<_> = path.iter().take_while(|segment| !matches!(segment, Segment::Unknown)).collect();
    let text = known.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { .. } => format!("{text}{segment}"),
        _ if text.is_empty() => segment.to_string(),
        _ => format!("{text}.{segment}"),
    });
    if text.is_empty() { whole.to_owned() } else { text }
}

/// The path of an array, in the value at `path`, of anything but texts or objects. No call takes one, but serde would take it
/// for an object without names.
fn odd_array(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Array(items) if items.iter().any(|item| !(item.is_string() || item.is_object())) => {
            Some(path.to_owned())
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(n, item)| odd_array(item, &format!("{path}[{n}]"))),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let dot = if path.is_empty() { "" } else { "." };
            odd_array(field, &format!("{path}{dot}{name}"))
        }),
        _ => None,
    }
}

/// The object without its fields that are `null`, if it has such.
fn without_nulls(value: &Value) -> Option<Value> {
    let Value::Object(fields) = value else { return None };
    let inner: Vec<_> = fields.iter().map(|(name, field)| (name, field, without_nulls(field))).collect();
    let changed = inner.iter().any(|(_, field, told)| field.is_null() || told.is_some());
    let told = inner.into_iter().filter(|(_, field, _)| !field.is_null());
    changed.then(|| told.map(|(name, field, told)| (name.clone(), told.unwrap_or_else(|| field.clone()))).collect())
}

/// The parser's words for types, in the caller's.
fn in_plain_words(message: &str) -> String {
    let message = message.split("expected struct ").next().unwrap_or_default();
    let message = if message.ends_with(", ") { format!("{message}expected an object") } else { message.to_owned() };
    if ["invalid digit found", "cannot parse integer", "number too"].iter().any(|begin| message.starts_with(begin)) {
        return "expected a whole number".to_owned();
    }
    [("u32", " of 0 to 4294967295"), ("u64", " of 0 or more"), ("usize", " of 0 or more"), ("i64", "")].iter().fold(
        message,
        |message, (number, range)| {
            message.replace(&format!("expected {number}"), &format!("expected a whole number{range}"))
        },
    )
}

/// A parser's message as a field's: positions are cut off, and a message that names its own field moves the complaint to
/// that field. Those are `field: why` (a rule over several fields of one object) and serde's own about the names of fields.
fn complaint(path: &str, message: &str) -> Error {
    let message = message.split(" at line ").next().unwrap_or_default();
    let (name, message) = match (ruled_field(message), misnamed_field(message)) {
        (Some((name, why)), _) => (Some(name), why),
        (None, name) => (name, message),
    };
    let field = match name {
        None => path.to_owned(),
        Some(name) if path == "body" || path == "query" => name.to_owned(),
        Some(name) if path.rsplit('.').next() == Some(name) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
    };
    FieldError::new(field, in_plain_words(message)).into()
}

/// The field and the reason of a rule's message.
fn ruled_field(message: &str) -> Option<(&str, &str)> {
    message.split_once(": ").filter(|(name, _)| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The field that serde misses, does not know, or has seen before.
fn misnamed_field(message: &str) -> Option<&str> {
    let begins = ["missing field `", "unknown field `", "duplicate field `"];
    begins.iter().find_map(|begin| message.strip_prefix(begin)?.split('`').next())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(Header::IdempotencyKey.name()) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=IDEMPOTENCY_KEY_MAX_CHARS).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Error::invalid(
            Header::IdempotencyKey.name(),
            format!("expected 1 to {IDEMPOTENCY_KEY_MAX_CHARS} ASCII characters"),
        )),
    }
}

/// Equal for requests that ask for the same: operation, path and parsed body, however it was spaced.
fn fingerprint(operation: &str, path: &str, body: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [operation, path, &parsed.to_string()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// API Gateway's id of the request, or a fresh one.
fn request_id(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    }
    .unwrap_or_else(|| entropy::fresh_uuid().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontrow_domain::performance::PerformanceDetails;

    fn field_of(json: &str) -> String {
        match parse_json::<PerformanceDetails>(json.as_bytes()) {
            Err(Error::Invalid(field)) => field.field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_complaint_names_the_field_it_is_about() {
        let seating = r#"{"type":"numbered","sections":[{"name":"A","grade":"R","price":0,"rows":1,"seatsPerRow":1}]}"#;
        assert_eq!(field_of("{"), "body");
        assert_eq!(field_of(r#"{"startsAt":"#), "startsAt");
        assert_eq!(field_of(r#"{"startsAt":5}"#), "startsAt");
        assert_eq!(
            field_of(&format!(r#"{{"startsAt":"2026-12-24T10:30:00Z","seating":{seating}}}"#)),
            "seating.sections[0].price"
        );
        let room = r#"{"maxActive":0}"#;
        assert_eq!(field_of(&format!(r#"{{"waitingRoom":{room}}}"#)), "waitingRoom.maxActive");
        let seating = seating.replace(":0,", ":1,");
        let late = format!(
            r#"{{"startsAt":"2026-12-24T10:30:00Z","salesCloseAt":"2027-01-01T00:00:00Z","seating":{seating}}}"#
        );
        assert_eq!(field_of(&late), "salesCloseAt");
    }

    #[test]
    fn a_missing_unknown_or_repeated_field_is_named_once() {
        assert_eq!(field_of("{}"), "startsAt");
        assert_eq!(field_of(r#"{"nonsense":1}"#), "nonsense");
        assert_eq!(field_of(r#"{"waitingRoom":{"nonsense":1}}"#), "waitingRoom.nonsense");
        assert_eq!(field_of(r#"{"holdSeconds":1,"holdSeconds":2}"#), "holdSeconds");
        assert_eq!(
            field_of(r#"{"startsAt":"2026-12-24T10:30:00Z","seating":{"type":"numbered"}}"#),
            "seating.sections"
        );
        let Err(Error::Invalid(field)) = parse_query::<crate::PageQuery>("limit=5&nonsense=1") else { panic!() };
        assert_eq!(field.field, "nonsense");
    }

    #[test]
    fn arrays_are_no_objects_and_null_is_absent() {
        let seating = r#"{"type":"numbered","sections":[{"name":"A","grade":"R","price":1,"rows":1,"seatsPerRow":1}]}"#;
        let good =
            format!(r#"{{"startsAt":"2026-12-24T10:30:00Z","unheard":null,"waitingRoom":null,"seating":{seating}}}"#);
        assert!(parse_json::<PerformanceDetails>(good.as_bytes()).is_ok());
        let section = r#"{"name":"A","grade":"R","price":1,"rows":1,"seatsPerRow":1}"#;
        for (odd, field) in [
            (r#"["2026-12-24T10:30:00Z"]"#.to_owned(), "body"),
            (r#"{"":[1]}"#.to_owned(), "body"),
            (good.replace(r#""waitingRoom":null"#, r#""waitingRoom":[3,null,600,false]"#), "waitingRoom"),
            (good.replace(seating, r#"["numbered",[["A","R",1,1,1]]]"#), "seating"),
            (good.replace(section, r#"["A","R",1,1,1]"#), "seating.sections"),
        ] {
            assert_eq!(field_of(&odd), field, "{odd}");
        }
    }

    #[test]
    fn spacing_and_order_do_not_make_another_request() {
        let one = fingerprint("top_up", "/points/top-ups", br#"{"a":1,"b":2}"#);
        assert_eq!(one, fingerprint("top_up", "/points/top-ups", br#"{ "b": 2, "a": 1 }"#));
        assert_ne!(one, fingerprint("top_up", "/points/top-ups", br#"{"a":1,"b":3}"#));
    }
}
