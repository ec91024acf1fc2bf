//! Responses of the local stack as HTTP.

use axum::{
    body::Body,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::Response,
};

/// Converts a function's response to HTTP.
pub(crate) fn into_http(response: frontrow_edge::Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    Response::from_parts(parts, body)
}

/// A page of the local stack, with `no-store`.
pub(crate) fn page(status: StatusCode, media_type: &str, body: impl Into<Body>) -> Response {
    let response = Response::builder().status(status).header(CONTENT_TYPE, media_type);
    let response = response.header(CACHE_CONTROL, "no-store").body(body.into());
    response.expect("media types are ASCII")
}
