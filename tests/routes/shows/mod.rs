//! Shows.

mod create_show;
mod get_show;
mod list_shows;
