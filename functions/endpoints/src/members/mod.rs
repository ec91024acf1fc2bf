//! Members: verifying an address, signing up, sessions, a new password, alerts.

pub mod delete_me;
pub mod log_in;
pub mod log_out;
pub mod refresh_session;
pub mod replace_alerts;
pub mod replace_me;
pub mod request_email_verification;
pub mod reset_password;
pub mod show_me;
pub mod show_unsubscription;
pub mod sign_up;
pub mod unsubscribe;

use frontrow_domain::{
    Timestamp,
    ids::MemberId,
    limits::ACCESS_TOKEN_SECONDS,
    member::{Email, Member, Name, Role},
    session::Session,
    show::Category,
    time::UtcTime,
};
use frontrow_edge::{App, tokens::Identity};
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

/// A session, with what the client needs to use it and to go on with it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct SessionView {
    /// To be sent as `Authorization: Bearer …`. It is accepted until it expires, whatever becomes of the session meanwhile.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// When the access token expires: 30 minutes from now.
    expires_at: UtcTime,
    /// To be sent to `POST /sessions/refresh`, once.
    refresh_token: String,
    /// When the refresh token expires: 14 days after it was made.
    refresh_expires_at: UtcTime,
    /// Who is logged in.
    member: MemberView,
}

impl SessionView {
    /// The session of `member` as it is at `now`.
    fn of(app: &App, session: &Session, member: Member, now: Timestamp) -> Self {
        let expires_at = now.plus_seconds(ACCESS_TOKEN_SECONDS);
        let access_token = app.tokens.access(&Identity {
            member_id: member.member_id,
            role: member.role,
            email: member.email.clone(),
            name: member.name.clone().renewed(),
            expires_at,
            session_id: Some(session.session_id.clone()),
            edition: session.edition,
        });
        Self {
            access_token,
            token_type: "Bearer",
            expires_at: expires_at.into(),
            refresh_token: app.tokens.refresh(&session.claims()),
            refresh_expires_at: session.expires_at.into(),
            member: member.into(),
        }
    }
}
