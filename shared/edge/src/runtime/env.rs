//! Environment variables. No other module reads them.

/// An environment variable; `None` if it is empty.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
