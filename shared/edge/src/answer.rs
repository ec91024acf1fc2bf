//! Successes as HTTP.

use crate::{
    Response,
    negotiate::{self, Wishes},
};
use frontrow_domain::limits::GZIP_MIN_BYTES;
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

/// A body that can be sent.
pub trait Reply: Send {
    /// Media type and bytes; `None` where there is no body.
    fn encode(&self) -> Option<(&'static str, Vec<u8>)>;
    /// The bytes in gzip, where they have been compressed beforehand.
    fn gzipped(&self) -> Option<Vec<u8>> {
        None
    }
    /// Media type and schema.
    fn schema(generator: &mut SchemaGenerator) -> Option<(&'static str, Schema)>;

    /// The tag of answers with this body.
    fn tag(&self) -> Option<String> {
        self.encode().map(|(_, bytes)| negotiate::entity_tag(&bytes))
    }
    /// Media type and compressed bytes; `None` where compressing is not worth it.
    fn in_gzip(&self) -> Option<(&'static str, Vec<u8>)> {
        let plain = || self.encode().filter(|(_, bytes)| bytes.len() >= GZIP_MIN_BYTES);
        let compressed = self.gzipped().map(|bytes| ("application/json", bytes));
        compressed.or_else(|| plain().map(|(media_type, bytes)| (media_type, negotiate::gzip(&bytes))))
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

/// No body.
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

/// A picture.
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

/// A success. Not to be stored by anyone unless it says so.
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

    /// 200.
    pub fn ok(body: T) -> Self {
        Self::with(StatusCode::OK, None, body)
    }

    /// 201, with the path of what was made.
    pub fn created(location: String, body: T) -> Self {
        Self::with(StatusCode::CREATED, Some(location), body)
    }

    /// 202.
    pub fn accepted(body: T) -> Self {
        Self::with(StatusCode::ACCEPTED, None, body)
    }

    /// The same, which any cache may keep for `seconds`, and whose caller is told when he has it already. Only for what
    /// anyone may see.
    #[must_use]
    pub fn public(mut self, seconds: u32) -> Self {
        self.max_age_seconds = Some(seconds);
        self
    }

    /// The same with that entity tag, by which its caller is told when he has it already. A public answer has the tag of its
    /// body if it is given none. For nobody's own data: it may be compressed.
    #[must_use]
    pub fn tagged(mut self, tag: String) -> Self {
        self.tag = Some(tag);
        self
    }
}

impl Answer<Nothing> {
    /// 204.
    pub fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, None, Nothing)
    }
}

impl<T: Reply> Answer<T> {
    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is kept under an `Idempotency-Key`.
    pub(crate) fn stored(&self) -> StoredAnswer {
        let body = self.body.encode().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        StoredAnswer { status: self.status.as_u16(), location: self.location.clone(), body: body.unwrap_or_default() }
    }

    /// The response that suits `wishes`: 304 to who has the answer, gzip to who reads it.
    pub(crate) fn into_response(self, wishes: &Wishes) -> Response {
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
        if wishes.has(&tag) {
            return sent(response.status(StatusCode::NOT_MODIFIED), None);
        }
        match wishes.gzip.then(|| self.body.in_gzip()).flatten() {
            Some((media_type, bytes)) => {
                let response = response.header(CONTENT_ENCODING, "gzip").header(CONTENT_TYPE, media_type);
                response.body(Body::Binary(bytes)).expect(ASCII)
            }
            None => sent(response, self.body.encode()),
        }
    }
}

/// Why a response can be made.
const ASCII: &str = "headers are made of ASCII";

/// The response with that body, as it is.
fn sent(response: Builder, body: Option<(&'static str, Vec<u8>)>) -> Response {
    let Some((media_type, bytes)) = body else { return response.body(Body::Empty).expect(ASCII) };
    let body = if media_type == "application/json" { json_body(bytes) } else { Body::Binary(bytes) };
    response.header(CONTENT_TYPE, media_type).body(body).expect(ASCII)
}

/// The stored answer, told again.
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
