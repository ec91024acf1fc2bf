//! The query of a request, as string fields.

use crate::{
    json::Json,
    reading::{self, Source},
};
use frontrow_domain::FieldErrors;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

/// Parses a query into its type.
///
/// # Errors
/// Names every parameter that cannot be read. If its value contains a `+`, which means a space in a query string, the
/// message says so.
pub(crate) fn read<T: DeserializeOwned>(query: &str) -> Result<T, FieldErrors> {
    let mut read = fields_of(query).and_then(|fields| reading::read(&fields, Source::Query));
    if let Err(errors) = &mut read
        && query.contains('+')
    {
        let kept = fields_of(&query.replace('+', "%2B"));
        let wrong = kept.and_then(|fields| reading::read::<T>(&fields, Source::Query)).err().unwrap_or_default();
        let is_cured = |field: &str| wrong.0.iter().all(|error| error.field != field);
        for error in errors.0.iter_mut().filter(|error| is_cured(&error.field)) {
            error.message.push_str(" (in a query string, `+` means a space; write it as `%2B`)");
        }
    }
    read
}

/// The parameters as an object of texts.
fn fields_of(query: &str) -> Result<Json, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut fields = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (decoded(name), decoded(value)) {
            (Some(name), Some(value)) => fields.push((name, Json::Text(value))),
            (name, _) => errors.check(true, name.unwrap_or_else(|| "query".to_owned()), "expected UTF-8"),
        }
    }
    errors.or(Json::Object(fields))
}

/// Decodes a percent-encoded text; `None` if it is not UTF-8.
fn decoded(spelled: &str) -> Option<String> {
    let spelled = spelled.replace('+', " ");
    percent_decode_str(&spelled).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PageQuery;
    use frontrow_domain::time::UtcTime;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only read")]
    struct Query {
        from: Option<UtcTime>,
        all: Option<bool>,
        name: Option<String>,
    }

    fn why<T: DeserializeOwned + std::fmt::Debug>(query: &str) -> String {
        read::<T>(query).unwrap_err().to_string()
    }

    #[test]
    fn numbers_and_flags_are_parsed_from_text() {
        assert_eq!(read::<PageQuery>("limit=5&cursor=x").unwrap().limit, Some(5));
        assert_eq!(read::<Query>("all=true&name=a+b%2B%ED%95%9C").unwrap().name.as_deref(), Some("a b+한"));
        assert!(read::<Query>("&&").is_ok());
        assert_eq!(
            why::<PageQuery>("limit=x&page=2"),
            "page: unknown field\nlimit: expected a whole number, 0 or more"
        );
        assert_eq!(why::<PageQuery>("limit=1&limit=1"), "limit: is repeated");
        assert_eq!(why::<Query>("all=1"), "all: expected true or false");
    }

    #[test]
    fn unreadable_queries_are_refused() {
        assert_eq!(why::<Query>("name=%FF"), "name: expected UTF-8");
        assert_eq!(why::<Query>("%FF=1"), "query: expected UTF-8");
        assert_eq!(why::<Query>("name=%ED%95"), "name: expected UTF-8");
    }

    #[test]
    fn an_unencoded_plus_is_explained() {
        assert!(why::<Query>("from=2026-12-24T19:30:00+09:00").contains("`%2B`"));
        assert!(!why::<Query>("from=tomorrow").contains("%2B") && !why::<Query>("from=a+b").contains("%2B"));
        assert!(read::<Query>("from=2026-12-24T19:30:00%2B09:00").is_ok());
    }
}
