//! Security headers and CORS. API Gateway admits requests from pages of other origins; `template.yaml` and the local
//! gateway configure the same values as here.

use lambda_http::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
};

/// Headers of every response: no MIME sniffing; no scripts, resources or framing; no referrer; HTTPS only for one
/// year.
const EVERY_ANSWER: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Adds the security headers to `headers`, unless they are already set.
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

/// Response headers that they may read.
pub const CORS_ANSWER_HEADERS: [&str; 7] =
    ["x-request-id", "location", "etag", "retry-after", "allow", "www-authenticate", "date"];
