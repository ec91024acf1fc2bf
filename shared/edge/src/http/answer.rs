//! Successful HTTP responses.

use crate::{
    Response,
    accepts::{self, Accepts},
    limits::GZIP_MIN_BYTES,
};
use frontrow_store::StoredAnswer;
use lambda_http::{
    Body,
    http::{
        HeaderValue, Response as HttpResponse, StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, LOCATION, VARY},
        response::Builder,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// A response body.
pub trait Reply: Send {
    /// Media type and bytes; `None` if there is no body.
    fn encode(&self) -> Option<(&'static str, Vec<u8>)>;
    /// The gzip bytes, if the body was compressed in advance.
    fn gzipped(&self) -> Option<Vec<u8>> {
        None
    }
    /// Media type and schema, for the OpenAPI document.
    fn schema(generator: &mut SchemaGenerator) -> Option<(&'static str, Schema)>;

    /// The entity tag of responses with this body.
    fn tag(&self) -> Option<String> {
        self.encode().map(|(_, bytes)| accepts::entity_tag(&bytes))
    }
    /// Media type and compressed bytes; `None` if the body is too small to compress.
    fn in_gzip(&self) -> Option<(&'static str, Vec<u8>)> {
        let plain = || self.encode().filter(|(_, bytes)| bytes.len() >= GZIP_MIN_BYTES);
        let compressed = self.gzipped().map(|bytes| ("application/json", bytes));
        compressed.or_else(|| plain().map(|(media_type, bytes)| (media_type, accepts::gzip(&bytes))))
    }
}

impl<T: Serialize + JsonSchema + Send> Reply for T {
    fn encode(&self) -> Option<(&'static str, Vec<u8>)> {
        Some(("application/json", serde_json::to_vec(self).expect("replies are plain data")))
    }
    fn schema(generator: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("application/json", generator.subschema_for::<T>()))
    }
}

/// An empty body.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Reply for Nothing {
    fn encode(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }
    fn schema(_: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        None
    }
}

/// A PNG picture.
#[derive(Debug)]
pub struct Png(pub Vec<u8>);

impl Reply for Png {
    fn encode(&self) -> Option<(&'static str, Vec<u8>)> {
        Some(("image/png", self.0.clone()))
    }
    fn schema(_: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("image/png", json_schema!({"type": "string", "format": "binary"})))
    }
}

/// An HTML page.
#[derive(Debug)]
pub struct Html(pub String);

impl Reply for Html {
    fn encode(&self) -> Option<(&'static str, Vec<u8>)> {
        Some(("text/html; charset=utf-8", self.0.clone().into_bytes()))
    }
    fn schema(_: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("text/html; charset=utf-8", json_schema!({"type": "string"})))
    }
}

/// A successful response. It must not be cached unless made [`Answer::public`].
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    location: Option<String>,
    max_age_seconds: Option<u32>,
    tag: Option<String>,
    body: T,
}

impl<T> Answer<T> {
    fn with(status: StatusCode, location: Option<String>, body: T) -> Self {
        Self { status, location, max_age_seconds: None, tag: None, body }
    }

    /// 200 OK.
    pub fn ok(body: T) -> Self {
        Self::with(StatusCode::OK, None, body)
    }

    /// 201 Created, with the path of the created resource.
    pub fn created(location: String, body: T) -> Self {
        Self::with(StatusCode::CREATED, Some(location), body)
    }

    /// 202 Accepted.
    pub fn accepted(body: T) -> Self {
        Self::with(StatusCode::ACCEPTED, None, body)
    }

    /// Allows any cache to store the response for `seconds`, and conditional requests to get a 304. Only for data
    /// that anyone may see.
    #[must_use]
    pub fn public(mut self, seconds: u32) -> Self {
        self.max_age_seconds = Some(seconds);
        self
    }

    /// Sets the entity tag, so that conditional requests can get a 304. Without it, a public response has the tag of
    /// its body. Not for personal data, because the response may be compressed.
    #[must_use]
    pub fn tagged(mut self, tag: String) -> Self {
        self.tag = Some(tag);
        self
    }
}

impl Answer<Nothing> {
    /// 204 No Content.
    pub fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, None, Nothing)
    }
}

impl<T: Reply> Answer<T> {
    /// The response's HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The form that is stored under an `Idempotency-Key`.
    pub(crate) fn stored(&self) -> StoredAnswer {
        let body = self.body.encode().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        StoredAnswer { status: self.status.as_u16(), location: self.location.clone(), body: body.unwrap_or_default() }
    }

    /// The response for `accepts`: 304 if the caller has it cached, gzip if the caller accepts it.
    pub(crate) fn into_response(self, accepts: &Accepts) -> Response {
        let cache = match self.max_age_seconds {
            Some(seconds) => format!("public, max-age={seconds}"),
            None => "no-store".to_owned(),
        };
        let mut response = HttpResponse::builder().status(self.status).header(CACHE_CONTROL, cache);
        if let Some(location) = self.location {
            response = response.header(LOCATION, location);
        }
        let is_public = self.max_age_seconds.is_some();
        let Some(tag) = self.tag.or_else(|| is_public.then(|| self.body.tag()).flatten()) else {
            return sent(response, self.body.encode());
        };
        response = response.header(ETAG, &tag).header(VARY, ACCEPT_ENCODING);
        if accepts.has(&tag) {
            return sent(response.status(StatusCode::NOT_MODIFIED), None);
        }
        match accepts.gzip.then(|| self.body.in_gzip()).flatten() {
            Some((media_type, bytes)) => {
                let response = response.header(CONTENT_ENCODING, "gzip").header(CONTENT_TYPE, media_type);
                response.body(Body::Binary(bytes)).expect(ASCII)
            }
            None => sent(response, self.body.encode()),
        }
    }
}

/// Why building a response cannot fail.
const ASCII: &str = "headers are ASCII";

/// The response with that body, uncompressed.
fn sent(response: Builder, body: Option<(&'static str, Vec<u8>)>) -> Response {
    let Some((media_type, bytes)) = body else { return response.body(Body::Empty).expect(ASCII) };
    let body = if media_type == "application/json" { json_body(bytes) } else { Body::Binary(bytes) };
    response.header(CONTENT_TYPE, media_type).body(body).expect(ASCII)
}

/// Repeats a stored response.
pub(crate) fn replay(stored: StoredAnswer) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::builder()
        .status(status)
        .header(CACHE_CONTROL, "no-store")
        .header(CONTENT_TYPE, "application/json");
    if let Some(location) = stored.location.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response = response.header(LOCATION, location);
    }
    response.body(Body::Text(stored.body)).expect(ASCII)
}

pub(crate) fn json_body(bytes: Vec<u8>) -> Body {
    Body::Text(String::from_utf8(bytes).expect("JSON is UTF-8"))
}
