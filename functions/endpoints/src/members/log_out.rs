//! `DELETE /sessions`: ends the current session, or all sessions of the member. Their refresh tokens stop working
//! immediately. Access tokens are verified without a read, so those already issued stay valid until they expire, for at most
//! 30 minutes; clients discard theirs.

use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, Route,
    TableAction::{DeleteItem, UpdateItem},
    answer::Nothing,
    caller::Member,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The sessions to end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// `true` ends all sessions of the member; by default, only the session of the access token ends.
    all: Option<bool>,
}

/// The endpoint.
pub struct LogOut;

impl Endpoint for LogOut {
    const ROUTE: Route = Route::delete("/sessions", "log_out")
        .tag("Members")
        .summary("Log out of this session, or of all; access tokens expire within 30 minutes")
        .table(&[DeleteItem, UpdateItem])
        .table_keys(&["member#*"]);
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
