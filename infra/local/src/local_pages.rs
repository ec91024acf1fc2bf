//! The local stack's own pages: readiness, captured mails, clock, the payment provider's switches, and the API documentation.

use crate::{
    checkpoint::Outbox,
    http::{into_http, page},
    loopback,
    mailbox::Mailbox,
    moved_clock::MovedClock,
    provider::Provider,
    welcome::Welcome,
};
use axum::response::Response;
use frontrow_domain::{Error, time::UtcTime};
use frontrow_edge::{Failure, problem, reading::read_body};
use http::{HeaderValue, Method, StatusCode, header::CONTENT_SECURITY_POLICY, request::Parts};
use serde::Deserialize;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use utoipa_swagger_ui::Config;

/// The committed document; a test checks it against the code.
const OPENAPI: &str = include_str!("../../openapi.json");

/// How long the list of mails waits for pending mails.
const MAILS_WAIT_SECONDS: u64 = 2;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// The response to callers that may not use these pages.
const FOREIGN: &str =
    "Only this machine may use this page. Request it from localhost, and not from a page of another site.\n";

/// Policy of mail pages: their own styles and images apply; nothing runs or is fetched.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";
/// Policy of Swagger UI: it runs and loads scripts from this server and calls this server. It sets its own styles and images.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// Dependencies of the pages.
#[derive(Clone)]
pub(crate) struct Pages {
    /// The captured mails.
    pub(crate) mailbox: Mailbox,
    /// The payment provider's switches.
    pub(crate) provider: Provider,
    /// Work that still leads to mails.
    pub(crate) outbox: Outbox,
    /// The data of the welcome page.
    pub(crate) welcome: Welcome,
    /// The clock, if the functions use it too.
    pub(crate) clock: Option<Arc<MovedClock>>,
}

/// Whether only this machine may read the path, whichever origins may call the API.
pub(crate) fn is_private(path: &str) -> bool {
    path == "/" || path == "/_local" || path.starts_with("/_local/")
}

/// Serves one of these pages; `None` for every other path.
pub(crate) async fn answer(pages: &Pages, parts: &Parts, body: &[u8]) -> Option<Response> {
    // Routes for GET also serve HEAD; the body is removed later.
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let segments: Vec<_> = parts.uri.path().split('/').skip(1).collect();
    let allow = match segments[..] {
        // On the port of the services, this path receives SES calls.
        [""] if *method == Method::GET => Method::GET,
        ["_local", "ready" | "mails"] | ["_local", "mails", _] | ["openapi.json"] | ["docs", ..] => Method::GET,
        ["_local", "clock"] | ["_local", "provider", "tokens"] => Method::POST,
        ["_local", "provider"] if *method == Method::GET => Method::GET,
        ["_local", "provider"] => Method::POST,
        _ => return None,
    };
    if *method != allow {
        return Some(refused(&Failure::MethodNotAllowed { allow: allow.to_string() }));
    }
    let may_ask = loopback::may_ask(parts);
    let answered = match segments[..] {
        [""] => {
            let mails = may_ask.then(|| pages.mailbox.mails());
            Ok(html(MAIL_POLICY, pages.welcome.page(mails.as_deref())))
        }
        ["_local", ..] if !may_ask => return Some(page(StatusCode::FORBIDDEN, "text/plain", FOREIGN)),
        ["_local", "ready"] => Ok(page(StatusCode::OK, JSON, json!({"ready": true}).to_string())),
        ["_local", "mails"] => mails(pages, parts.uri.query().unwrap_or_default()).await,
        ["_local", "mails", name] => mail(pages, name),
        ["_local", "clock"] => advance(pages, body),
        ["_local", "provider"] => provider(pages, method, body),
        ["_local", "provider", "tokens"] => card_token(pages, body),
        ["openapi.json"] => Ok(page(StatusCode::OK, JSON, OPENAPI)),
        _ => docs(&segments[1..].join("/")),
    };
    Some(answered.unwrap_or_else(|error| refused(&error.into())))
}

fn refused(failure: &Failure) -> Response {
    into_http(problem::respond(failure))
}

/// The captured mails. Waits for pending ones first, so that a member who pays and then lists the mails finds theirs.
async fn mails(pages: &Pages, query: &str) -> Result<Response, Error> {
    if let Ok(Err(error)) = timeout(Duration::from_secs(MAILS_WAIT_SECONDS), pages.outbox.settle()).await {
        tracing::warn!(error, "pending mails not awaited");
    }
    let mut found = pages.mailbox.mails();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "to" => found = pages.mailbox.to(&value),
            _ => return Err(Error::invalid(name, "unknown parameter")),
        }
    }
    let summaries: Vec<_> = found.iter().map(|mail| mail.summary()).collect();
    Ok(page(StatusCode::OK, JSON, json!(summaries).to_string()))
}

fn mail(pages: &Pages, name: &str) -> Result<Response, Error> {
    let (mail_id, as_page) = name.strip_suffix(".html").map_or((name, false), |mail_id| (mail_id, true));
    let mail = pages.mailbox.mail(mail_id).ok_or(Error::NotFound)?;
    Ok(if as_page { html(MAIL_POLICY, mail.page()) } else { page(StatusCode::OK, "message/rfc822", mail.raw.clone()) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

fn advance(pages: &Pages, body: &[u8]) -> Result<Response, Error> {
    let Advance { advance_seconds } = read_body(body)?;
    let clock = pages.clock.as_ref().ok_or(Error::NotFound)?;
    let now = clock.advance(advance_seconds)?;
    Ok(page(StatusCode::OK, JSON, json!({"now": UtcTime(now)}).to_string()))
}

/// The provider's switches and its requests so far; a `PUT` sets the switches first.
fn provider(pages: &Pages, method: &Method, body: &[u8]) -> Result<Response, Error> {
    if *method == Method::POST {
        pages.provider.switch(body)?;
    }
    Ok(page(StatusCode::OK, JSON, pages.provider.state().to_string()))
}

/// Issues a card token for one order, as the provider's widget does.
fn card_token(pages: &Pages, body: &[u8]) -> Result<Response, Error> {
    let token = pages.provider.issue(body)?;
    Ok(page(StatusCode::OK, JSON, json!({"cardToken": token}).to_string()))
}

/// Swagger UI from the binary itself: it loads nothing from elsewhere, and calls no validator.
fn docs(path: &str) -> Result<Response, Error> {
    let config = Config::from("/openapi.json").validator_url("none").persist_authorization(true);
    let file = utoipa_swagger_ui::serve(path, Arc::new(config)).map_err(|error| Error::internal("docs", error))?;
    let file = file.ok_or(Error::NotFound)?;
    if file.content_type != "text/html" {
        return Ok(page(StatusCode::OK, &file.content_type, file.bytes.into_owned()));
    }
    // The page refers to its files relative to a directory, and `/docs` is not one.
    let text = String::from_utf8_lossy(&file.bytes).replacen("<head>", "<head><base href=\"/docs/\">", 1);
    Ok(html(DOCS_POLICY, text))
}

fn html(policy: &'static str, text: String) -> Response {
    let mut response = page(StatusCode::OK, HTML, text);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
