//! Payments.

mod get_payment;
mod list_payments;
mod pay;
