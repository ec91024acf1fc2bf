//! Members: verifying an address, signing up, logging in, a new password, alerts.

pub mod log_in;
pub mod replace_alerts;
pub mod request_email_verification;
pub mod reset_password;
pub mod show_me;
pub mod show_unsubscription;
pub mod sign_up;
pub mod unsubscribe;

use frontrow_domain::{
    ids::MemberId,
    member::{Email, Member, Name, Role},
    show::Category,
    time::UtcTime,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A member as he sees himself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Member")]
pub struct MemberView {
    /// Id: a UUIDv7.
    member_id: MemberId,
    /// Verified address.
    email: Email,
    /// Name.
    name: Name,
    /// Role.
    role: Role,
    /// Categories whose new shows are mailed.
    alerts: Vec<Category>,
    /// Sign-up.
    created_at: UtcTime,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            member_id: member.member_id,
            email: member.email,
            name: member.name,
            role: member.role,
            alerts: member.alerts,
            created_at: member.created_at.into(),
        }
    }
}
