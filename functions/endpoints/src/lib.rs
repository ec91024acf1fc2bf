//! Every endpoint, one file each, grouped by resource. [`ENDPOINTS`] is the only list of routes.

pub mod members;

use frontrow_edge::Descriptor;

/// All endpoints, in the order in which documents list them.
pub const ENDPOINTS: &[Descriptor] = &[
    Descriptor::of::<members::request_email_verification::RequestEmailVerification>(),
    Descriptor::of::<members::sign_up::SignUp>(),
    Descriptor::of::<members::log_in::LogIn>(),
    Descriptor::of::<members::show_me::ShowMe>(),
];
