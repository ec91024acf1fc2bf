//! Shows: the productions on sale.

mod lists;

pub use lists::{Keyword, OnSale, Plays, ShowFilter, ShowOrder};

use crate::{
    Error, Timestamp,
    ids::ShowId,
    limits::{
        DESCRIPTION_LISTED_CHARS, DESCRIPTION_MAX_CHARS, POSTER_URL_MAX_CHARS, RUNNING_MAX_MINUTES, TITLE_MAX_CHARS,
        VENUE_MAX_CHARS,
    },
    number::Whole,
    performance::SalesState,
    text::Text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Category of a show; members subscribe to alerts by category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Category {
    Concert,
    Musical,
    Movie,
    Play,
}

impl Category {
    /// All categories.
    pub const ALL: [Self; 4] = [Self::Concert, Self::Musical, Self::Movie, Self::Play];

    /// The category as in JSON and keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Concert => "concert",
            Self::Musical => "musical",
            Self::Movie => "movie",
            Self::Play => "play",
        }
    }
}

/// An IANA time zone such as `Asia/Seoul`, for the show's local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("example" = "Asia/Seoul", "x-also-refused" = ["expected an IANA time zone such as Asia/Seoul"]))]
pub struct TimeZone(String);

impl TimeZone {
    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `moment` in the local time of this zone.
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
    /// If no such zone exists.
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

/// An `https` or `http` URL of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("format" = "uri", "pattern" = r#"^https?://[!#-;=?-Z_a-z~\[\]][!#-;=?-\[\]_a-z~]*$"#, "maxLength" = POSTER_URL_MAX_CHARS))]
pub struct PosterUrl(String);

impl PosterUrl {
    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PosterUrl {
    type Error = String;

    /// # Errors
    /// If the text is not a plain `http` or `https` URL.
    fn try_from(text: String) -> Result<Self, String> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        if plain
            && text.len() <= POSTER_URL_MAX_CHARS
            && host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        {
            Ok(Self(text))
        } else {
            Err(format!("expected an http or https URL of at most {POSTER_URL_MAX_CHARS} characters"))
        }
    }
}

impl From<PosterUrl> for String {
    fn from(url: PosterUrl) -> Self {
        url.0
    }
}

/// Running time in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(inline, with = "Whole<1, { RUNNING_MAX_MINUTES as i64 }>")]
pub struct RunningMinutes(u32);

impl TryFrom<u32> for RunningMinutes {
    type Error = String;

    /// # Errors
    /// If the running time is zero or more than a day.
    fn try_from(minutes: u32) -> Result<Self, String> {
        if (1..=RUNNING_MAX_MINUTES).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(format!("expected a whole number from 1 to {RUNNING_MAX_MINUTES}"))
        }
    }
}

impl From<RunningMinutes> for u32 {
    fn from(minutes: RunningMinutes) -> Self {
        minutes.0
    }
}

/// The details of a show as an organizer sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "title": "The Closing Night", "category": "musical", "venue": "Front Row Hall", "runningMinutes": 150, "timeZone": "Asia/Seoul"
}))]
pub struct ShowDetails {
    /// One line of text, with at least one visible character and no invisible ones.
    pub title: Text<TITLE_MAX_CHARS>,
    /// Members subscribe to alerts by category.
    pub category: Category,
    /// Venue, normalized like a title: each run of blanks is one space. Two performances in one venue cannot start at
    /// the same instant.
    pub venue: Text<VENUE_MAX_CHARS>,
    /// Time zone of the show's local time; `Asia/Seoul` if absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<TimeZone>,
    /// Running time in minutes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub running_minutes: Option<RunningMinutes>,
    /// URL of the poster.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poster_url: Option<PosterUrl>,
    /// Free text of several lines.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<Description>,
}

/// A show as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// Time-ordered id of the show.
    pub show_id: ShowId,
    /// Title, venue and other details.
    pub details: ShowDetails,
    /// When it was created.
    pub created_at: Timestamp,
    /// Number of changes of the show and of its set of performances.
    pub edition: u64,
    /// Number of performances.
    pub performances: u32,
    /// Start of its first performance.
    pub first_starts_at: Option<Timestamp>,
    /// Start of its last performance.
    pub last_starts_at: Option<Timestamp>,
    /// When the freeze expires, if the show is being moved or deleted, so that no performance is added, moved or
    /// removed; otherwise `None`.
    #[serde(rename = "closing_until", default, skip_serializing_if = "Option::is_none")]
    pub frozen_until: Option<Timestamp>,
    /// Whether the description is only the beginning of a longer one, which is stored separately: lists of shows do
    /// not read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub description_apart: bool,
    /// Prices and sales dates; `None` if they have not been computed since this field was introduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_sale: Option<OnSale>,
}

/// A show's description.
pub type Description = Text<DESCRIPTION_MAX_CHARS, true>;

impl Show {
    /// A show without performances, created at `now`.
    pub fn new(show_id: ShowId, details: ShowDetails, now: Timestamp) -> Self {
        Self {
            show_id,
            details,
            created_at: now,
            edition: 1,
            performances: 0,
            first_starts_at: None,
            last_starts_at: None,
            frozen_until: None,
            description_apart: false,
            on_sale: None,
        }
    }

    /// The state of sales at `now`, as far as the performances' dates determine it: they do not show whether seats
    /// are left.
    pub fn sales_state(&self, now: Timestamp) -> SalesState {
        match (self.on_sale, self.last_starts_at) {
            (_, None) => SalesState::Upcoming,
            (Some(OnSale { price_from: None, .. }), _) => SalesState::Cancelled,
            (Some(on_sale), _) if now < on_sale.opens_at => SalesState::Upcoming,
            (Some(OnSale { closes_at: end, .. }), _) | (None, Some(end)) if end <= now => SalesState::Closed,
            _ => SalesState::Open,
        }
    }

    /// The show as stored in lists, with at most the beginning of its description, and the whole description if that
    /// is longer. A show read from the table is already in this form.
    #[must_use]
    pub fn listed(&self) -> (Self, Option<Description>) {
        let whole = self.details.description.as_ref().filter(|_| !self.description_apart);
        let begin = |text: &Description| text.as_str().chars().take(DESCRIPTION_LISTED_CHARS).collect::<String>();
        let longer = whole.filter(|text| begin(text).len() < text.as_str().len());
        let Some((whole, begin)) = longer.and_then(|text| Some((text.clone(), begin(text).try_into().ok()?))) else {
            return (self.clone(), None);
        };
        let details = ShowDetails { description: Some(begin), ..self.details.clone() };
        (Self { details, description_apart: true, ..self.clone() }, Some(whole))
    }

    /// The next version of the show, with this number of performances between these starts, and their sales data.
    /// Ends a freeze.
    #[must_use]
    pub fn playing(&self, performances: u32, starts: Option<(Timestamp, Timestamp)>, on_sale: Option<OnSale>) -> Self {
        let (first_starts_at, last_starts_at) = starts.unzip();
        let edition = self.edition + 1;
        Self { edition, performances, first_starts_at, last_starts_at, on_sale, frozen_until: None, ..self.clone() }
    }

    /// The next version of the show, with these details.
    #[must_use]
    pub fn described(&self, details: ShowDetails) -> Self {
        let description_apart = false;
        Self { details, edition: self.edition + 1, frozen_until: None, description_apart, ..self.clone() }
    }

    /// Checks whether its performances may change at `now`.
    ///
    /// # Errors
    /// [`Error::Busy`] while it is being moved or deleted.
    pub fn check_not_frozen(&self, now: Timestamp) -> Result<(), Error> {
        if self.frozen_until.is_some_and(|until| now < until) { Err(Error::Busy) } else { Ok(()) }
    }

    /// The time zone of the show's local time.
    pub fn time_zone(&self) -> TimeZone {
        self.details.time_zone.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
