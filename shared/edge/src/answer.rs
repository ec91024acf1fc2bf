//! Successes as HTTP.

use crate::Response;
use frontrow_store::StoredAnswer;
use lambda_http::{
    Body,
    http::{
        HeaderValue, Response as HttpResponse, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION},
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// A body that can be sent.
pub trait Reply: Send {
    /// Media type and bytes; `None` where there is no body.
    fn encode(&self) -> Option<(&'static str, Vec<u8>)>;
    /// Media type and schema.
    fn schema(generator: &mut SchemaGenerator) -> Option<(&'static str, Schema)>;
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

/// A success. Not to be stored by anyone unless it says so.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    location: Option<String>,
    max_age_seconds: Option<u32>,
    body: T,
}

impl<T> Answer<T> {
    fn with(status: StatusCode, location: Option<String>, body: T) -> Self {
        Self { status, location, max_age_seconds: None, body }
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

    /// The same, which any cache may keep for `seconds`. Only for what anyone may see.
    #[must_use]
    pub fn public(mut self, seconds: u32) -> Self {
        self.max_age_seconds = Some(seconds);
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
    /// What is kept under an `Idempotency-Key`.
    pub(crate) fn stored(&self) -> StoredAnswer {
        let body = self.body.encode().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        StoredAnswer { status: self.status.as_u16(), location: self.location.clone(), body: body.unwrap_or_default() }
    }

    pub(crate) fn into_response(self) -> Response {
        let cache = match self.max_age_seconds {
            Some(seconds) => format!("public, max-age={seconds}"),
            None => "no-store".to_owned(),
        };
        let mut response = HttpResponse::builder().status(self.status).header(CACHE_CONTROL, cache);
        if let Some(location) = self.location {
            response = response.header(LOCATION, location);
        }
        let body = match self.body.encode() {
            Some((media_type, bytes)) => {
                response = response.header(CONTENT_TYPE, media_type);
                if media_type == "application/json" { json_body(bytes) } else { Body::Binary(bytes) }
            }
            None => Body::Empty,
        };
        response.body(body).expect("headers are made of ASCII")
    }
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
    response.body(Body::Text(stored.body)).expect("headers are made of ASCII")
}

pub(crate) fn json_body(bytes: Vec<u8>) -> Body {
    Body::Text(String::from_utf8(bytes).expect("JSON is UTF-8"))
}
