//! `POST /sessions`: starts a session for an e-mail address and password.

use super::SessionView;
use frontrow_domain::{Error, Result, ids::SessionId, member::Email, session::Session};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Anyone, entropy};
use frontrow_store::Attempts;
use schemars::JsonSchema;
use serde::Deserialize;

/// E-mail address and password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LogIn", example = serde_json::json!({"email": "alice@example.com", "password": "frontrow-demo"}))]
pub struct Body {
    /// The member's e-mail address.
    email: Email,
    /// The password. A password that could never have been chosen is wrong, not invalid.
    password: String,
    /// Any refresh token that this device ever received for this address, used or not. Wrong passwords from known devices are
    /// counted separately from those of everyone else. Other tokens are ignored.
    refresh_token: Option<String>,
}

/// The endpoint.
pub struct LogIn;

impl Endpoint for LogIn {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/sessions",
        operation: "log_in",
        tag: "Members",
        summary: "Log in with e-mail address and password",
        success: &[200],
        errors: &["wrong_credentials", "too_many_attempts"],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys, Secret::PasswordPeppers],
        variables: &[],
    };
    const TABLE_KEYS: &'static [&'static str] = &["email#*", "member#*", "rate#*"];
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = SessionView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<SessionView>> {
        let Body { email, password, refresh_token } = call.body;
        let known = app.store.credentials(&email).await?;
        let hash = known.as_ref().map(|known| known.password_hash.clone());
        let claims = refresh_token.and_then(|token| app.tokens.open_refresh(&token));
        let is_known = |member_id| known.as_ref().is_some_and(|known| known.member.member_id == member_id);
        let device = claims.filter(|claims| is_known(claims.member_id)).map(|claims| claims.session_id);
        let attempts = Attempts { email: &email, device: device.as_ref() };
        let right = app.passwords.verify(password, hash).await?;
        let Some(known) = known.filter(|_| right) else {
            app.store.count_failed_login(attempts, call.now).await?;
            return Err(Error::WrongCredentials);
        };
        app.store.check_failed_logins(attempts, call.now).await?;
        let id = SessionId::new(entropy::fresh_uuid());
        let session = Session::begin(id, known.member.member_id, known.sessions_edition, call.now);
        app.store.begin_session(&session).await?;
        Ok(Answer::ok(SessionView::of(app, &session, known.member, call.now)))
    }
}
