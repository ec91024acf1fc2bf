//! `GET /holds/{holdId}`: returns one of the caller's live holds.

use super::{HoldView, by_present_rule};
use frontrow_domain::{Error, Result, ids::HoldId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route, TableAction::GetItem, caller::Member,
};

/// The endpoint.
pub struct GetHold;

impl Endpoint for GetHold {
    const ROUTE: Route = Route::get("/holds/{holdId}", "get_hold")
        .tag("Holds")
        .summary("Get a live hold")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem]);
    type Caller = Member;
    type Path = HoldId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = HoldView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<HoldView>> {
        let hold = app.store.live_hold(&call.caller.member_id, &call.path, call.now).await?;
        let (hold, listing) = by_present_rule(app, hold, call.now).await?.ok_or(Error::NotFound)?;
        Ok(Answer::ok(HoldView::of(&hold, &listing)))
    }
}
