//! Lists of shows: their sales data, filters and orders.

use super::{Category, Show};
use crate::{
    Timestamp,
    limits::KEYWORD_MAX_CHARS,
    money::Won,
    performance::Performance,
    text::{CONTROLS, Text, search_key, shows},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Prices and sales dates of a show, over all its performances that were not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OnSale {
    /// The lowest price; `None` if there are no such performances.
    pub price_from: Option<Won>,
    /// When the first sale opens; 0 if one has been open since its performance was created.
    pub opens_at: Timestamp,
    /// When the last sale closes.
    pub closes_at: Timestamp,
}

impl OnSale {
    /// The summary of `performances`.
    pub fn of<'a>(performances: impl IntoIterator<Item = &'a Performance>) -> Self {
        performances.into_iter().fold(Self::default(), Self::with)
    }

    /// The summary with one more performance.
    #[must_use]
    pub fn with(self, performance: &Performance) -> Self {
        let price = performance.seating.grades().into_iter().map(|grade| grade.price).min();
        let Some(price) = price.filter(|_| performance.cancellation.is_none()) else { return self };
        let opens_at = performance.sales_open_at.unwrap_or_default();
        let one = Self { price_from: Some(price), opens_at, closes_at: performance.sales_close_at };
        match self.price_from {
            None => one,
            Some(lowest) => Self {
                price_from: Some(lowest.min(price)),
                opens_at: self.opens_at.min(opens_at),
                closes_at: self.closes_at.max(performance.sales_close_at),
            },
        }
    }
}

/// Keywords. Upper and lower case, full and half width, and composed and decomposed letters match each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = KEYWORD_MAX_CHARS, "x-also-refused" = [keyword_length(), CONTROLS.to_owned()]))]
pub struct Keyword(String);

fn keyword_length() -> String {
    format!("expected 1 to {KEYWORD_MAX_CHARS} characters, at least one of them visible")
}

impl TryFrom<String> for Keyword {
    type Error = String;

    /// # Errors
    /// If no character is visible, the text is too long, or it contains control characters.
    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().contains(char::is_control) {
            return Err(CONTROLS.to_owned());
        }
        let key = search_key(&text);
        let fits = shows(&key) && key.chars().count() <= KEYWORD_MAX_CHARS;
        if fits { Ok(Self(key)) } else { Err(keyword_length()) }
    }
}

/// Filters of a list of shows. A show must match all that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShowFilter {
    /// Shows of this category.
    pub category: Option<Category>,
    /// Shows with these words, in this order, in the title, the venue or the listed part of the description.
    pub keyword: Option<Keyword>,
    /// Shows with a performance that starts at or after this time, and before `to`.
    pub from: Option<Timestamp>,
    /// Shows with a performance that starts before this time, and not before `from`.
    pub to: Option<Timestamp>,
}

/// Whether a show has a performance within a range, as far as its first and last start determine it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plays {
    /// It certainly has one.
    Certainly,
    /// Its performances have to be queried.
    Perhaps,
    /// It has none.
    Never,
}

impl ShowFilter {
    /// Whether the filter matches every show.
    pub fn leaves_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the show matches, apart from the range of dates.
    pub fn describes(&self, show: &Show) -> bool {
        let details = &show.details;
        let has = |keyword: &Keyword| {
            let texts = [Some(details.title.as_str()), Some(details.venue.as_str())];
            let description = details.description.as_ref().map(Text::as_str);
            texts.into_iter().chain([description]).flatten().any(|text| search_key(text).contains(&keyword.0))
        };
        self.category.is_none_or(|category| category == details.category) && self.keyword.as_ref().is_none_or(has)
    }

    /// Whether the show has a performance within the range.
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

/// Order of a list of shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ShowOrder {
    /// Newest first.
    #[default]
    Recent,
    /// By title, ignoring case.
    Title,
    /// Earliest last performance first; without shows whose last performance has started, or that have no
    /// performances.
    Ending,
}
