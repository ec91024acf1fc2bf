//! `GET /holds/{holdId}`: one's own live hold.

use super::HoldView;
use frontrow_domain::{Result, ids::HoldId};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, caller::Member};

/// The endpoint.
pub struct GetHold;

impl Endpoint for GetHold {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/holds/{holdId}",
        operation: "get_hold",
        tag: "Holds",
        summary: "One's own live hold",
        success: &[200],
        errors: &["not_found"],
        headers: &[],
        table_actions: &["dynamodb:GetItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = HoldId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = HoldView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<HoldView>> {
        let hold = app.store.live_hold(&call.caller.member_id, &call.path, call.now).await?;
        let listing = app.store.listing(hold.performance_id(), call.now).await?;
        Ok(Answer::ok(HoldView::of(&hold, &listing)))
    }
}
