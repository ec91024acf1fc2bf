//! `GET /holds`: lists the caller's live holds of all performances.

use super::{HoldView, by_present_rule};
use frontrow_domain::Result;
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route,
    TableAction::{GetItem, Query},
    caller::Member,
};
use frontrow_store::PageOf;

/// The endpoint.
pub struct ListHolds;

impl Endpoint for ListHolds {
    const ROUTE: Route = Route::get("/holds", "list_holds")
        .tag("Holds")
        .summary("List own live holds, newest first")
        .table(&[GetItem, Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<HoldView>;

    fn page(app: &App, query: &PageQuery, _: &NoPath) -> Result<OpenPage> {
        query.open(app, "holds")
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<HoldView>>> {
        let PageOf { items, next } = app.store.live_holds(&call.caller.member_id, &call.page.request, call.now).await?;
        let mut shown = Vec::with_capacity(items.len());
        for hold in items {
            shown.extend(by_present_rule(app, hold, call.now).await?);
        }
        let shown = PageOf { items: shown, next };
        Ok(Answer::ok(Page::of(app, shown, &call.page, |(hold, listing)| HoldView::of(&hold, &listing))))
    }
}
