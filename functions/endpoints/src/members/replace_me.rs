//! `PUT /members/me`: changes the member's name. Mails and door lists show it within seconds; a reservation made with an
//! earlier access token shows it within 15 minutes.

use super::MemberView;
use frontrow_domain::{Result, member::Name};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, Shown,
    TableAction::{GetItem, UpdateItem},
    caller::Member,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChange", example = serde_json::json!({"name": "Dana Kim"}))]
pub struct Body {
    /// 1 to 100 characters.
    name: Name,
}

/// The endpoint.
pub struct ReplaceMe;

impl Endpoint for ReplaceMe {
    const ROUTE: Route = Route::put("/members/me", "replace_me")
        .tag("Members")
        .summary("Change own name")
        .errors(&[ErrorCode::TooManyRequests])
        .table(&[GetItem, UpdateItem])
        .table_keys(&["member#*", "rate#*"]);
    const SHOWN: Option<Shown> = Some(|generator| generator.subschema_for::<MemberView>());
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = MemberView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        let member = app.store.rename_member(&call.caller.member_id, call.body.name, call.now).await?;
        Ok(Answer::ok(member.into()))
    }
}
