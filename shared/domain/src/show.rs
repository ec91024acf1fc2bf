//! Shows: the productions that are listed.

use crate::{
    Timestamp,
    ids::ShowId,
    limits::{DESCRIPTION_MAX_CHARS, POSTER_URL_MAX_CHARS, RUNNING_MAX_MINUTES, TITLE_MAX_CHARS, VENUE_MAX_CHARS},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of show it is; members choose alerts by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Category {
    Concert,
    Musical,
    Movie,
    Play,
}

/// Trimmed text of 1 to `MAX` characters without control characters; several `LINES` only where that is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct Text<const MAX: usize, const LINES: bool = false>(String);

impl<const MAX: usize, const LINES: bool> Text<MAX, LINES> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const LINES: bool> TryFrom<String> for Text<MAX, LINES> {
    type Error = String;

    /// # Errors
    /// When the trimmed text is empty, too long, or holds control characters other than line breaks and tabs.
    fn try_from(text: String) -> Result<Self, String> {
        let unified = text.replace("\r\n", "\n");
        let trimmed = unified.trim();
        if trimmed.is_empty() || trimmed.chars().count() > MAX {
            return Err(format!("expected 1 to {MAX} characters"));
        }
        let layout = |character| LINES && matches!(character, '\n' | '\t');
        if trimmed.chars().any(|character| character.is_control() && !layout(character)) {
            return Err("control characters are not allowed".to_owned());
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl<const MAX: usize, const LINES: bool> From<Text<MAX, LINES>> for String {
    fn from(text: Text<MAX, LINES>) -> Self {
        text.0
    }
}

/// An IANA time zone such as `Asia/Seoul`: the show's local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct TimeZone(String);

impl TimeZone {
    /// The zone's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `moment` on the clocks of this zone.
    pub fn local(&self, moment: Timestamp) -> jiff::Zoned {
        let zone = jiff::tz::TimeZone::get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC);
        moment.to_jiff().to_zoned(zone)
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self("Asia/Seoul".to_owned())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = String;

    /// # Errors
    /// When no such zone exists.
    fn try_from(text: String) -> Result<Self, String> {
        let zone =
            jiff::tz::TimeZone::get(&text).map_err(|_| "expected an IANA time zone such as Asia/Seoul".to_owned())?;
        Ok(Self(zone.iana_name().unwrap_or("UTC").to_owned()))
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

/// An `https` or `http` address of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub struct PosterUrl(String);

impl TryFrom<String> for PosterUrl {
    type Error = String;

    /// # Errors
    /// When the text is not a plain `http` or `https` address.
    fn try_from(text: String) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        if plain
            && text.len() <= POSTER_URL_MAX_CHARS
            && host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        {
            Ok(Self(text))
        } else {
            Err(format!("expected an http or https address of at most {POSTER_URL_MAX_CHARS} characters"))
        }
    }
}

impl From<PosterUrl> for String {
    fn from(url: PosterUrl) -> Self {
        url.0
    }
}

/// Minutes from curtain to curtain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(inline, with = "u32")]
pub struct RunningMinutes(u32);

impl TryFrom<u32> for RunningMinutes {
    type Error = String;

    /// # Errors
    /// When the show would last no time or more than a day.
    fn try_from(minutes: u32) -> Result<Self, String> {
        if (1..=RUNNING_MAX_MINUTES).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(format!("expected 1 to {RUNNING_MAX_MINUTES}"))
        }
    }
}

impl From<RunningMinutes> for u32 {
    fn from(minutes: RunningMinutes) -> Self {
        minutes.0
    }
}

/// What an organizer says of a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShowDetails {
    /// Title, trimmed.
    pub title: Text<TITLE_MAX_CHARS>,
    /// Kind.
    pub category: Category,
    /// Where it plays, trimmed; two performances of one venue cannot start at the same instant.
    pub venue: Text<VENUE_MAX_CHARS>,
    /// The zone of its local time; `Asia/Seoul` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<TimeZone>,
    /// Running time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub running_minutes: Option<RunningMinutes>,
    /// Poster.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poster_url: Option<PosterUrl>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<Text<DESCRIPTION_MAX_CHARS, true>>,
}

/// A show as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// Id.
    pub show_id: ShowId,
    /// What its organizer says of it.
    pub details: ShowDetails,
    /// When it was listed.
    pub created_at: Timestamp,
}

impl Show {
    /// The zone of the show's local time.
    pub fn time_zone(&self) -> TimeZone {
        self.details.time_zone.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_show_is_parsed_whole_or_refused() {
        let parse = |json: &str| serde_json::from_str::<ShowDetails>(json);
        let show = parse(r#"{"title":"  Aida ","category":"musical","venue":"Blue Hall","timeZone":null}"#).unwrap();
        assert_eq!(show.title.as_str(), "Aida");
        for bad in [
            r#"{"title":" ","category":"musical","venue":"v"}"#,
            r#"{"title":"t","category":"opera","venue":"v"}"#,
            r#"{"title":"t","category":"play","venue":"v","timeZone":"Mars/Base"}"#,
            r#"{"title":"t","category":"play","venue":"v","posterUrl":"javascript:alert(1)"}"#,
            r#"{"title":"t","category":"play","venue":"v","runningMinutes":0}"#,
            r#"{"title":"t","category":"play","venue":"v","extra":1}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
