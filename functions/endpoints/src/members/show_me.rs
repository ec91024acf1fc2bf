//! `GET /members/me`: who is logged in.

use super::MemberView;
use frontrow_domain::{Error, Result};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoPath, NoQuery, Route, Secret, caller::Member};

/// The endpoint.
pub struct ShowMe;

impl Endpoint for ShowMe {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/members/me",
        operation: "show_me",
        tag: "Members",
        summary: "Tells who is logged in",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:GetItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = MemberView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        // A token outlives its member only where the table was made anew under the same keys.
        let member = app.store.member(&call.caller.member_id).await?.ok_or(Error::Unauthenticated)?;
        Ok(Answer::ok(member.into()))
    }
}
