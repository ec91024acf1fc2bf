//! My page: the progress of everything that a member did (R8).

pub mod show_my_page;
