//! `POST /sessions/refresh`: exchanges a refresh token for an access token and the next refresh token.
//!
//! A refresh token works once. For one minute, using it again returns the same successor, so that a client that lost the
//! response, or a second browser tab, stays logged in. Later use counts as theft and ends the session.

use super::SessionView;
use crate::limits::REFRESH_ATTEMPTS;
use frontrow_domain::{Error, Result, session::Presented};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Secret,
    TableAction::{BatchGetItem, DeleteItem, UpdateItem},
    caller::Anyone,
};
use frontrow_store::Renewal;
use schemars::JsonSchema;
use serde::Deserialize;

/// The refresh token.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SessionRefresh", example = serde_json::json!({
    "refreshToken": "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005.0193f1b07c8a7d3fae52c1d1a5b0c007.0.jA8xQ…"
}))]
pub struct Body {
    /// The refresh token of the session's latest response.
    refresh_token: String,
}

/// The endpoint.
pub struct RefreshSession;

impl Endpoint for RefreshSession {
    const ROUTE: Route = Route::post("/sessions/refresh", "refresh_session")
        .tag("Members")
        .summary("Renew a session with its refresh token")
        .success(&[200])
        .errors(&[ErrorCode::SessionExpired])
        .table(&[BatchGetItem, DeleteItem, UpdateItem])
        .table_keys(&["member#*"])
        .secrets(&[Secret::SigningKeys]);
    type Caller = Anyone;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = SessionView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<SessionView>> {
        let claims = app.tokens.open_refresh(&call.body.refresh_token).ok_or(Error::SessionExpired)?;
        for _ in 0..REFRESH_ATTEMPTS {
            let (session, member) = app.store.live_session(&claims.member_id, &claims.session_id).await?;
            let renewed = match session.present(claims.number, call.now)? {
                Presented::Again => session,
                Presented::Reused => {
                    app.store.end_reused_session(&session).await?;
                    return Err(Error::SessionExpired);
                }
                Presented::Renewed(next) => match app.store.renew_session(&session, &next).await? {
                    Renewal::Done => next,
                    Renewal::Overtaken => continue,
                },
            };
            return Ok(Answer::ok(SessionView::of(app, &renewed, member, call.now)));
        }
        Err(Error::Busy)
    }
}
