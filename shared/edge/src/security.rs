//! What browsers are told: what an answer may be used for, and whose pages may call. Calls from other pages are let through by
//! API Gateway; `template.yaml` and the local gateway tell it the same, which is here.

use lambda_http::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
};

/// Headers of every answer: it is what its media type says, runs and loads nothing and is in nobody's frame, its address goes
/// nowhere, and for a year it is only asked for over HTTPS.
const EVERY_ANSWER: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Adds the headers of every answer to `headers`, where they do not say otherwise.
pub fn harden(headers: &mut HeaderMap) {
    for (name, value) in EVERY_ANSWER {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Methods that pages of allowed origins may use.
pub const CORS_METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// Request headers that they may send.
pub const CORS_REQUEST_HEADERS: [&str; 6] =
    ["authorization", "content-type", "accept-language", "queue-token", "idempotency-key", "if-none-match"];

/// Headers of answers that they may read.
pub const CORS_ANSWER_HEADERS: [&str; 7] =
    ["x-request-id", "location", "etag", "retry-after", "allow", "www-authenticate", "date"];
