//! `DELETE /sessions`: ends the session of this login, or all of the member's: their refresh tokens are worth nothing from now
//! on. Access tokens are not looked up anywhere, so those that were given before are accepted until they expire, for 30 minutes
//! at most; clients forget theirs.

use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoPath, Route, Secret, answer::Nothing, caller::Member,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which sessions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// All sessions of the member; without it, the one that the access token belongs to.
    all: Option<bool>,
}

/// The endpoint.
pub struct LogOut;

impl Endpoint for LogOut {
    const ROUTE: Route = Route {
        method: Method::DELETE,
        path: "/sessions",
        operation: "log_out",
        tag: "Members",
        summary: "Log out: end this session, or all; access tokens expire within 30 minutes",
        success: &[204],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:DeleteItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    const TABLE_KEYS: &'static [&'static str] = &["member#*"];
    type Caller = Member;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        let caller = &call.caller;
        if call.query.all == Some(true) {
            app.store.end_all_sessions(&caller.member_id, caller.edition).await?;
        } else if let Some(session_id) = &caller.session_id {
            app.store.end_session(&caller.member_id, session_id).await?;
        }
        Ok(Answer::no_content())
    }
}
