//! Shows: the productions that are listed (C1).

pub mod create_show;
pub mod delete_show;
pub mod get_show;
pub mod list_shows;
pub mod replace_show;

use frontrow_domain::{
    ids::ShowId,
    limits::{DESCRIPTION_MAX_CHARS, TITLE_MAX_CHARS, VENUE_MAX_CHARS},
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
    /// Free text.
    description: Option<Text<DESCRIPTION_MAX_CHARS, true>>,
    /// When it was listed.
    created_at: UtcTime,
}

impl From<Show> for ShowView {
    fn from(show: Show) -> Self {
        Self {
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
