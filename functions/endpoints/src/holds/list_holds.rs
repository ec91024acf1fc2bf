//! `GET /holds`: the caller's live holds of all performances.

use super::{HoldView, by_present_rule};
use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, Secret, caller::Member,
};

/// What its cursors are bound to.
const LIST: &str = "holds";

/// The endpoint.
pub struct ListHolds;

impl Endpoint for ListHolds {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/holds",
        operation: "list_holds",
        tag: "Holds",
        summary: "One's own live holds, newest first",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:Query"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<HoldView>;

    fn check(app: &App, query: &PageQuery) -> Result<()> {
        query.request(app, LIST).map(drop)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<HoldView>>> {
        let page = call.query.request(app, LIST)?;
        let mut holds = app.store.live_holds(&call.caller.member_id, &page, call.now).await?;
        let mut shown = Vec::with_capacity(holds.items.len());
        for hold in std::mem::take(&mut holds.items) {
            shown.extend(by_present_rule(app, hold, call.now).await?);
        }
        holds.items = shown;
        Ok(Answer::ok(Page::of(app, holds, LIST, |hold| HoldView::from(&hold))))
    }
}
