//! `GET /members/me`: returns the logged-in member.

use super::MemberView;
use frontrow_domain::{Error, Result};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, NoQuery, Route, TableAction::GetItem, caller::Member,
};

/// The endpoint.
pub struct ShowMe;

impl Endpoint for ShowMe {
    const ROUTE: Route =
        Route::get("/members/me", "show_me").tag("Members").summary("Get own profile").table(&[GetItem]);
    type Caller = Member;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = MemberView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<MemberView>> {
        // A token outlives its member only if the table was recreated with the same keys.
        let member = app.store.member(&call.caller.member_id).await?.ok_or(Error::Unauthenticated)?;
        Ok(Answer::ok(member.into()))
    }
}
