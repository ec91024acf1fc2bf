//! Shows: the productions that are listed.

use crate::{
    Error, Timestamp,
    ids::ShowId,
    limits::{
        DESCRIPTION_MAX_CHARS, KEYWORD_MAX_CHARS, POSTER_URL_MAX_CHARS, RUNNING_MAX_MINUTES, TITLE_MAX_CHARS,
        VENUE_MAX_CHARS,
    },
    number::Whole,
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

impl Category {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Concert, Self::Musical, Self::Movie, Self::Play];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Concert => "concert",
            Self::Musical => "musical",
            Self::Movie => "movie",
            Self::Play => "play",
        }
    }
}

/// Trimmed text of 1 to `MAX` characters without control characters; several `LINES` only where that is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = MAX, "x-also-refused" = [format!("expected 1 to {MAX} characters"), "control characters are not allowed".to_owned()]))]
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
#[schemars(inline, with = "String", extend("example" = "Asia/Seoul", "x-also-refused" = ["expected an IANA time zone such as Asia/Seoul"]))]
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
#[schemars(inline, with = "String", extend("format" = "uri", "pattern" = r#"^https?://[!#-;=?-Z_a-z~\[\]][!#-;=?-\[\]_a-z~]*$"#, "maxLength" = POSTER_URL_MAX_CHARS))]
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
#[schemars(inline, with = "Whole<1, { RUNNING_MAX_MINUTES as i64 }>")]
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
    /// Changes so far: of the show, and of which performances it has.
    pub edition: u64,
    /// How many performances it has.
    pub performances: u32,
    /// The first start of its performances.
    pub first_starts_at: Option<Timestamp>,
    /// The last.
    pub last_starts_at: Option<Timestamp>,
    /// Until when it is being moved or deleted, so that no performance comes, moves or goes; `None` where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_until: Option<Timestamp>,
}

impl Show {
    /// A show without performances, listed at `now`.
    pub fn new(show_id: ShowId, details: ShowDetails, now: Timestamp) -> Self {
        Self {
            show_id,
            details,
            created_at: now,
            edition: 1,
            performances: 0,
            first_starts_at: None,
            last_starts_at: None,
            closing_until: None,
        }
    }

    /// The show as it is next, with that many performances between those starts. Whoever was closing it is not any more.
    #[must_use]
    pub fn playing(&self, performances: u32, starts: Option<(Timestamp, Timestamp)>) -> Self {
        let (first_starts_at, last_starts_at) = starts.unzip();
        let edition = self.edition + 1;
        Self { edition, performances, first_starts_at, last_starts_at, closing_until: None, ..self.clone() }
    }

    /// The show as it is next, with those details.
    #[must_use]
    pub fn described(&self, details: ShowDetails) -> Self {
        Self { details, edition: self.edition + 1, closing_until: None, ..self.clone() }
    }

    /// Whether its performances may change at `now`.
    ///
    /// # Errors
    /// [`Error::Busy`] while it is being moved or deleted.
    pub fn check_settled(&self, now: Timestamp) -> Result<(), Error> {
        if self.closing_until.is_some_and(|until| now < until) { Err(Error::Busy) } else { Ok(()) }
    }

    /// The zone of the show's local time.
    pub fn time_zone(&self) -> TimeZone {
        self.details.time_zone.clone().unwrap_or_default()
    }
}

/// Which shows a list has. Everything that is given must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShowFilter {
    /// Of this kind.
    pub category: Option<Category>,
    /// With these words, in this order, in title, venue or description; upper and lower case are the same.
    pub keyword: Option<Text<KEYWORD_MAX_CHARS>>,
    /// With a performance that starts then or later, and before `to`.
    pub from: Option<Timestamp>,
    /// With a performance that starts before, and not before `from`.
    pub to: Option<Timestamp>,
}

/// Whether a show has a performance within a range, as far as its first and last start tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plays {
    /// It has.
    Certainly,
    /// Its performances have to be asked.
    Perhaps,
    /// It has none.
    Never,
}

impl ShowFilter {
    /// Whether the show's own words fit.
    pub fn describes(&self, show: &Show) -> bool {
        let details = &show.details;
        let has = |keyword: &str| {
            let texts = [Some(details.title.as_str()), Some(details.venue.as_str())];
            let description = details.description.as_ref().map(Text::as_str);
            texts.into_iter().chain([description]).flatten().any(|text| text.to_lowercase().contains(keyword))
        };
        self.category.is_none_or(|category| category == details.category)
            && self.keyword.as_ref().is_none_or(|keyword| has(&keyword.as_str().to_lowercase()))
    }

    /// Whether the show plays within the range.
    pub fn plays(&self, show: &Show) -> Plays {
        if self.from.is_none() && self.to.is_none() {
            return Plays::Certainly;
        }
        let (Some(first), Some(last)) = (show.first_starts_at, show.last_starts_at) else { return Plays::Never };
        let not_before = |start: Timestamp| self.from.is_none_or(|from| from <= start);
        let before_end = |start: Timestamp| self.to.is_none_or(|to| start < to);
        if !not_before(last) || !before_end(first) {
            Plays::Never
        } else if before_end(last) || not_before(first) {
            Plays::Certainly
        } else {
            Plays::Perhaps
        }
    }
}

/// In which order shows are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ShowOrder {
    /// Newest first.
    #[default]
    Recent,
    /// By title; upper and lower case are the same.
    Title,
    /// Earliest last performance first; without shows whose last performance has started, or that have none.
    Ending,
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

    #[test]
    fn first_and_last_start_tell_whether_a_show_plays_in_a_range() {
        let details = serde_json::from_str(r#"{"title":"Aida","category":"musical","venue":"Blue Hall"}"#).unwrap();
        let show = Show::new("s".parse().unwrap(), details, Timestamp::default());
        let at = Timestamp::from_millis;
        let between = |from: Option<i64>, to: Option<i64>| ShowFilter {
            from: from.map(at),
            to: to.map(at),
            ..ShowFilter::default()
        };
        assert_eq!(between(None, None).plays(&show), Plays::Certainly);
        assert_eq!(between(Some(0), None).plays(&show), Plays::Never);
        let show = show.playing(2, Some((at(10), at(20))));
        for (from, to, plays) in [
            (Some(10), None, Plays::Certainly),
            (Some(20), None, Plays::Certainly),
            (Some(21), None, Plays::Never),
            (None, Some(11), Plays::Certainly),
            (None, Some(10), Plays::Never),
            (Some(10), Some(11), Plays::Certainly),
            (Some(11), Some(20), Plays::Perhaps),
            (Some(11), Some(21), Plays::Certainly),
            (Some(1), Some(5), Plays::Never),
        ] {
            assert_eq!(between(from, to).plays(&show), plays, "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_keyword_is_looked_for_in_title_venue_and_description() {
        let json = r#"{"title":"Aida 2","category":"musical","venue":"블루 Hall","description":"By\nVerdi"}"#;
        let show = Show::new("s".parse().unwrap(), serde_json::from_str(json).unwrap(), Timestamp::default());
        let finds = |keyword: &str| {
            let keyword = Some(Text::try_from(keyword.to_owned()).unwrap());
            ShowFilter { keyword, ..ShowFilter::default() }.describes(&show)
        };
        assert!(finds("aIDA") && finds("블루 hALL") && finds("verdi") && finds("a 2"));
        assert!(!finds("aida hall") && !finds("musical") && !finds("%"));
    }
}
