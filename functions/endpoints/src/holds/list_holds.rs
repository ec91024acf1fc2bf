//! `GET /holds`: lists the caller's live holds of all performances.

use super::{HoldView, by_present_rule};
use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, Secret, caller::Member,
};
use frontrow_store::PageOf;

/// The value that cursors are bound to.
const LIST: &str = "holds";

/// The endpoint.
pub struct ListHolds;

impl Endpoint for ListHolds {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/holds",
        operation: "list_holds",
        tag: "Holds",
        summary: "List own live holds, newest first",
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
        let PageOf { items, next } = app.store.live_holds(&call.caller.member_id, &page, call.now).await?;
        let mut shown = Vec::with_capacity(items.len());
        for hold in items {
            shown.extend(by_present_rule(app, hold, call.now).await?);
        }
        let shown = PageOf { items: shown, next };
        Ok(Answer::ok(Page::of(app, shown, LIST, |(hold, listing)| HoldView::of(&hold, &listing))))
    }
}
