//! Members: e-mail verification, sign-up, sessions, password reset and alerts.

use frontrow_domain::{
    Timestamp,
    ids::MemberId,
    limits::ACCESS_TOKEN_SECONDS,
    member::{EmailAddress, Member, Name, Role},
    session::Session,
    show::Category,
    time::UtcTime,
};
use frontrow_edge::{App, tokens::Identity};
use schemars::JsonSchema;
use serde::Serialize;

/// A member's own profile.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Member")]
pub struct MemberView {
    /// Member id, a UUIDv7.
    member_id: MemberId,
    /// Verified e-mail address.
    email: EmailAddress,
    /// Display name.
    name: Name,
    /// Role of the member.
    role: Role,
    /// Categories for which the member receives new-show mails.
    alerts: Vec<Category>,
    /// When the member signed up.
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

/// A session with its tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct SessionView {
    /// Send it as `Authorization: Bearer …`. It stays valid until it expires, even if the session ends earlier.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// When the access token expires: 30 minutes after it was issued.
    expires_at: UtcTime,
    /// Send it to `POST /sessions/refresh`, once.
    refresh_token: String,
    /// When the refresh token expires: 14 days after it was issued.
    refresh_expires_at: UtcTime,
    /// The logged-in member.
    member: MemberView,
}

impl SessionView {
    /// The session of `member` as of `now`.
    pub(super) fn of(app: &App, session: &Session, member: Member, now: Timestamp) -> Self {
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
