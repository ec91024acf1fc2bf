//! The source documents, step by step.

mod s0_reservation_and_mailed_qr;
