//! My page: the progress of everything that a member booked or cancelled.

pub mod show_my_page;
