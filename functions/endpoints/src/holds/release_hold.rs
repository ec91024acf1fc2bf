//! `DELETE /holds/{holdId}`: releases a hold; its seats are free immediately.

use frontrow_domain::{Result, ids::HoldId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{DeleteItem, GetItem, UpdateItem},
    answer::Nothing,
    caller::Member,
};

/// The endpoint.
pub struct ReleaseHold;

impl Endpoint for ReleaseHold {
    const ROUTE: Route = Route::delete("/holds/{holdId}", "release_hold")
        .tag("Holds")
        .summary("Release a hold and free its seats immediately")
        .errors(&[ErrorCode::NotFound])
        .table(&[DeleteItem, GetItem, UpdateItem]);
    type Caller = Member;
    type Path = HoldId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        app.store.release_hold(&call.caller.member_id, &call.path, call.now).await?;
        Ok(Answer::no_content())
    }
}
