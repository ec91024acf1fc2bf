//! An endpoint's route and documentation.

use crate::{ErrorCode, Function, Secret, TableAction, limits::ENDPOINT_TIMEOUT_SECONDS};
use lambda_http::http::Method;

/// Route and documentation of an endpoint, and its function. [`Route::get`] and the like set the usual values.
#[derive(Debug)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// The tag that groups endpoints in the OpenAPI document.
    pub tag: &'static str,
    /// One-line summary for the OpenAPI document.
    pub summary: &'static str,
    /// Success statuses, the usual one first.
    pub success: &'static [u16],
    /// Problem codes beyond those that every endpoint can return.
    pub errors: &'static [ErrorCode],
    /// Request headers it reads beyond `Authorization`.
    pub headers: &'static [Header],
    /// Permissions and settings of its function. A login adds the signing keys.
    pub function: Function,
}

impl Route {
    const fn new(method: Method, path: &'static str, operation: &'static str, success: &'static [u16]) -> Self {
        Self {
            method,
            path,
            tag: "",
            summary: "",
            success,
            errors: &[],
            headers: &[],
            function: Function::new(operation, ENDPOINT_TIMEOUT_SECONDS),
        }
    }

    /// A `GET` that responds 200. It also serves `HEAD`.
    pub const fn get(path: &'static str, operation: &'static str) -> Self {
        Self::new(Method::GET, path, operation, &[200])
    }

    /// A `POST` that responds 201.
    pub const fn post(path: &'static str, operation: &'static str) -> Self {
        Self::new(Method::POST, path, operation, &[201])
    }

    /// A `PUT` that responds 200.
    pub const fn put(path: &'static str, operation: &'static str) -> Self {
        Self::new(Method::PUT, path, operation, &[200])
    }

    /// A `DELETE` that responds 204.
    pub const fn delete(path: &'static str, operation: &'static str) -> Self {
        Self::new(Method::DELETE, path, operation, &[204])
    }

    /// The unique name of the endpoint, see [`Function::name`].
    pub const fn operation(&self) -> &'static str {
        self.function.name
    }

    /// The methods that it serves.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        let head = (self.method == Method::GET).then_some("HEAD");
        [self.method.as_str()].into_iter().chain(head)
    }
}

/// Defines a setter for each field of a route or of its function.
macro_rules! setters {
    ($($name:ident: $kind:ty => $($field:ident).+),* $(,)?) => {
        impl Route {
            $(
                #[doc = concat!("Sets `", stringify!($($field).+), "`.")]
                #[must_use]
                pub const fn $name(mut self, $name: $kind) -> Self {
                    self.$($field).+ = $name;
                    self
                }
            )*
        }
    };
}

setters! {
    tag: &'static str => tag,
    summary: &'static str => summary,
    success: &'static [u16] => success,
    errors: &'static [ErrorCode] => errors,
    headers: &'static [Header] => headers,
    memory_megabytes: u32 => function.memory_megabytes,
    timeout_seconds: u64 => function.timeout_seconds,
    is_polled: bool => function.is_polled,
    table: &'static [TableAction] => function.table,
    table_keys: &'static [&'static str] => function.table_keys,
    secrets: &'static [Secret] => function.secrets,
    variables: &'static [&'static str] => function.variables,
}

/// Whether `path` matches `template`, part by part; a `{parameter}` matches any part that is not empty.
pub fn matches(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = |expected: &str| {
        parts.next().is_some_and(|part| if expected.starts_with('{') { !part.is_empty() } else { part == expected })
    };
    template.split('/').all(fits) && parts.next().is_none()
}

/// The part of `path` in the place of the parameter of `template`, if the template has one.
pub(crate) fn parameter<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let place = template.split('/').position(|part| part.starts_with('{'))?;
    path.split('/').nth(place)
}

/// Request headers defined or interpreted by this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `Queue-Token`: required if the performance has a waiting room.
    QueueToken,
    /// `Idempotency-Key`: optional.
    IdempotencyKey,
    /// `Accept-Language`: the language of mails.
    AcceptLanguage,
}

impl Header {
    /// The header's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueToken => "Queue-Token",
            Self::IdempotencyKey => "Idempotency-Key",
            Self::AcceptLanguage => "Accept-Language",
        }
    }

    /// The pattern of its values. A key is visible ASCII without commas, because gateways join repeated headers with
    /// commas.
    pub(crate) const fn pattern(self) -> &'static str {
        match self {
            Self::IdempotencyKey => r"^[!-+\--~]{1,255}$",
            Self::QueueToken | Self::AcceptLanguage => "^[ -~]*$",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{matches, parameter};

    #[test]
    fn a_path_matches_a_template_if_every_segment_does() {
        assert!(matches("/shows", "/shows"));
        assert!(matches("/shows/{showId}", "/shows/7"));
        assert!(matches("/shows/{showId}/performances", "/shows/7/performances"));
        for other in ["/shows/", "/shows/7/", "/shows/7/performances", "/show/7", "shows/7", "/", ""] {
            assert!(!matches("/shows/{showId}", other), "{other}");
        }
        assert_eq!(parameter("/shows/{showId}/performances", "/shows/7/performances"), Some("7"));
        assert_eq!(parameter("/shows", "/shows"), None);
    }
}
