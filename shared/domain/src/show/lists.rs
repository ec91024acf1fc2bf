//! Lists of shows: what they tell of sales, which shows they have, and in which order.

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

/// What of a show is on sale, over all its performances that were not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OnSale {
    /// The lowest price; `None` where there are no such performances.
    pub price_from: Option<Won>,
    /// When the first sale opens; 0 where one has been open since it was listed.
    pub opens_at: Timestamp,
    /// When the last sale closes.
    pub closes_at: Timestamp,
}

impl OnSale {
    /// What `performances` have.
    pub fn of<'a>(performances: impl IntoIterator<Item = &'a Performance>) -> Self {
        performances.into_iter().fold(Self::default(), Self::with)
    }

    /// The same with one more.
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

/// Words that are looked for: upper and lower case, full and half width, and composed and decomposed letters are the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1, "maxLength" = KEYWORD_MAX_CHARS, "x-also-refused" = [keyword_length(), CONTROLS.to_owned()]))]
pub struct Keyword(String);

fn keyword_length() -> String {
    format!("expected 1 to {KEYWORD_MAX_CHARS} characters that can be seen")
}

impl TryFrom<String> for Keyword {
    type Error = String;

    /// # Errors
    /// When nothing of the text can be seen, when it is too long, or when it holds control characters.
    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().contains(char::is_control) {
            return Err(CONTROLS.to_owned());
        }
        let key = search_key(&text);
        let fits = shows(&key) && key.chars().count() <= KEYWORD_MAX_CHARS;
        if fits { Ok(Self(key)) } else { Err(keyword_length()) }
    }
}

/// Which shows a list has. Everything that is given must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShowFilter {
    /// Of this kind.
    pub category: Option<Category>,
    /// With these words, in this order, in title, venue or what lists have of the description.
    pub keyword: Option<Keyword>,
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
    /// Whether no show is left out.
    pub fn leaves_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the show's own words fit.
    pub fn describes(&self, show: &Show) -> bool {
        let details = &show.details;
        let has = |keyword: &Keyword| {
            let texts = [Some(details.title.as_str()), Some(details.venue.as_str())];
            let description = details.description.as_ref().map(Text::as_str);
            texts.into_iter().chain([description]).flatten().any(|text| search_key(text).contains(&keyword.0))
        };
        self.category.is_none_or(|category| category == details.category) && self.keyword.as_ref().is_none_or(has)
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
