//! My page.

mod show_my_page;
