//! Shows: the productions that are listed (C1).

pub mod create_show;
pub mod delete_show;
pub mod get_show;
pub mod list_shows;
pub mod replace_show;

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
    /// Id.
    show_id: ShowId,
    /// Title.
    title: Text<TITLE_MAX_CHARS>,
    /// Kind.
    category: Category,
    /// Where it plays.
    venue: Text<VENUE_MAX_CHARS>,
    /// The zone of its local time.
    time_zone: TimeZone,
    /// Running time.
    running_minutes: Option<RunningMinutes>,
    /// Poster.
    poster_url: Option<PosterUrl>,
    /// Free text. In a list no more than its first 300 characters.
    description: Option<Text<DESCRIPTION_MAX_CHARS, true>>,
    /// When it was listed.
    created_at: UtcTime,
    /// When its first performance starts; `null` where it has none.
    first_starts_at: Option<UtcTime>,
    /// When its last performance starts; `null` where it has none.
    last_starts_at: Option<UtcTime>,
    /// The lowest price of its performances, cancelled ones left out; `null` where that is not known.
    price_from: Option<Won>,
    /// Of `priceFrom`.
    currency: Currency,
    /// From the opening of its first sale to the end of its last one. Each performance says whether seats are left.
    sales_state: SalesState,
}

impl ShowView {
    /// As it is at `now`.
    fn of(show: Show, now: Timestamp) -> Self {
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
