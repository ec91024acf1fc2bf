//! The source documents, step by step.

mod defects;
mod s0_reservation_and_mailed_qr;
mod s1_anime_ost_concert;
mod s2_outerpark_musical;
mod s3_at_ticket;
mod s4_hanghae_concert;
