//! Shows.

mod create_show;
mod delete_show;
mod get_show;
mod list_shows;
mod replace_show;
