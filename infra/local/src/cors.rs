//! Emulates API Gateway's CORS: each response names the origin that may read it. Preflights are handled here; on AWS the
//! function behind `$default` may get them first, and returns the same response.

use axum::{body::Body, response::Response};
use frontrow_edge::headers::{CORS_ANSWER_HEADERS, CORS_METHODS, CORS_REQUEST_HEADERS};
use frontrow_edge::limits::CORS_MAX_AGE_SECONDS;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
    request::Parts,
    uri::Authority,
};

/// The origins whose pages may call the API: the template's `AllowedOrigins`. None by default.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// `https://shop.example.com`, or `*` for any; empty for none.
    origins: Vec<String>,
}

/// Parses an origin as browsers send it, or `*`.
///
/// # Errors
/// The expected format; any other value would never match.
pub fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| {
        let authority = host.parse::<Authority>().is_ok_and(|authority| !authority.host().is_empty());
        authority && !host.contains(['@', '*']) && host.to_lowercase() == host
    };
    if text == "*" || host.is_some_and(is_host) {
        Ok(text.to_owned())
    } else {
        Err("expected * or an origin such as https://shop.example.com, in lower case and without a path".to_owned())
    }
}

impl Cors {
    /// Allows `origins`.
    pub fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    /// The response to a preflight; `None` for every other request. An origin that is not allowed gets no CORS headers.
    pub(crate) fn preflight(&self, parts: &Parts) -> Option<Response> {
        let asks = |name| parts.headers.contains_key(name);
        let is_preflight = parts.method == Method::OPTIONS && asks(ORIGIN) && asks(ACCESS_CONTROL_REQUEST_METHOD);
        if self.origins.is_empty() || !is_preflight {
            return None;
        }
        let mut response = Response::builder().status(StatusCode::NO_CONTENT);
        if self.echoes() {
            response = response.header(VARY, ORIGIN.as_str());
        }
        if let Some(origin) = self.allowed(&parts.headers) {
            response = response
                .header(ACCESS_CONTROL_ALLOW_ORIGIN, origin)
                .header(ACCESS_CONTROL_ALLOW_METHODS, CORS_METHODS.join(","))
                .header(ACCESS_CONTROL_ALLOW_HEADERS, CORS_REQUEST_HEADERS.join(","))
                .header(ACCESS_CONTROL_MAX_AGE, CORS_MAX_AGE_SECONDS);
        }
        Some(response.body(Body::empty()).expect("headers are ASCII"))
    }

    /// Adds CORS headers to the response to a request with the headers `asked`.
    pub(crate) fn tell(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        if self.echoes() {
            answer.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.allowed(asked) {
            let exposed = HeaderValue::from_str(&CORS_ANSWER_HEADERS.join(",")).expect("names are ASCII");
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// Whether the response depends on the origin, so that a cache must not share it between origins.
    fn echoes(&self) -> bool {
        !self.origins.is_empty() && self.origins.iter().all(|allowed| allowed != "*")
    }

    /// The value of `Access-Control-Allow-Origin`.
    fn allowed(&self, asked: &HeaderMap) -> Option<HeaderValue> {
        let origin = asked.get(ORIGIN)?;
        if self.origins.iter().any(|allowed| allowed == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        self.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_accepted_as_browsers_send_them() {
        for good in ["*", "https://shop.example.com", "http://localhost:5173", "http://127.0.0.1:3000"] {
            assert_eq!(origin(good), Ok(good.to_owned()));
        }
        for bad in
            ["", "foo", "https://", "https://x.example/", "https://X.example", "ftp://x", "https://a@b", "https://*.x"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
