//! Shows: the listed productions.

use frontrow_domain::{
    Timestamp,
    ids::ShowId,
    limits::{DESCRIPTION_MAX_CHARS, TITLE_MAX_CHARS, VENUE_MAX_CHARS},
    money::{Currency, Won},
    performance::SalesState,
    show::{Category, PosterUrl, RunningMinutes, Show, TimeZone},
    text::Text,
    time::UtcTime,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A show.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Show")]
pub struct ShowView {
    /// Show id.
    show_id: ShowId,
    /// Title.
    title: Text<TITLE_MAX_CHARS>,
    /// Category.
    category: Category,
    /// Venue of all performances.
    venue: Text<VENUE_MAX_CHARS>,
    /// Time zone of the venue.
    time_zone: TimeZone,
    /// Running time in minutes.
    running_minutes: Option<RunningMinutes>,
    /// URL of the poster.
    poster_url: Option<PosterUrl>,
    /// Free text. Lists return at most the first 300 characters.
    description: Option<Text<DESCRIPTION_MAX_CHARS, true>>,
    /// When the show was created.
    created_at: UtcTime,
    /// Start of the first performance; `null` if there is none.
    first_starts_at: Option<UtcTime>,
    /// Start of the last performance; `null` if there is none.
    last_starts_at: Option<UtcTime>,
    /// The lowest price of all performances that are not cancelled; `null` if unknown.
    price_from: Option<Won>,
    /// Currency of `priceFrom`.
    currency: Currency,
    /// Covers the time from the opening of the first sale to the end of the last one. Each performance shows whether seats
    /// are left.
    sales_state: SalesState,
}

impl ShowView {
    /// The show as of `now`.
    pub(super) fn of(show: Show, now: Timestamp) -> Self {
        Self {
            first_starts_at: show.first_starts_at.map(UtcTime::from),
            last_starts_at: show.last_starts_at.map(UtcTime::from),
            price_from: show.on_sale.and_then(|on_sale| on_sale.price_from),
            currency: Currency::Krw,
            sales_state: show.sales_state(now),
            time_zone: show.time_zone(),
            show_id: show.show_id,
            title: show.details.title,
            category: show.details.category,
            venue: show.details.venue,
            running_minutes: show.details.running_minutes,
            poster_url: show.details.poster_url,
            description: show.details.description,
            created_at: show.created_at.into(),
        }
    }
}
