//! `POST /sessions`: starts a session for an e-mail address and password.

use super::SessionView;
use frontrow_domain::{Error, Result, ids::SessionId, member::EmailAddress, session::Session};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Secret,
    TableAction::{GetItem, PutItem, UpdateItem},
    caller::Anyone,
    entropy,
};
use frontrow_store::Attempts;
use schemars::JsonSchema;
use serde::Deserialize;

/// E-mail address and password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "LogIn", example = serde_json::json!({"email": "alice@example.com", "password": "frontrow-demo"}))]
pub struct Body {
    /// The member's e-mail address.
    email: EmailAddress,
    /// The password. A password that could never have been chosen is wrong, not invalid.
    password: String,
    /// Any refresh token that this device ever received for this address, used or not. Wrong passwords from known devices are
    /// counted separately from those of everyone else. Other tokens are ignored.
    refresh_token: Option<String>,
}

/// The endpoint.
pub struct LogIn;

impl Endpoint for LogIn {
    const ROUTE: Route = Route::post("/sessions", "log_in")
        .tag("Members")
        .summary("Log in with e-mail address and password")
        .success(&[200])
        .errors(&[ErrorCode::WrongCredentials, ErrorCode::TooManyAttempts])
        .table(&[GetItem, PutItem, UpdateItem])
        .table_keys(&["email#*", "member#*", "rate#*"])
        .secrets(&[Secret::SigningKeys, Secret::PasswordPeppers])
        .memory_megabytes(1024); // argon2: 19 MiB, and more than half a CPU to take some 60 ms
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
