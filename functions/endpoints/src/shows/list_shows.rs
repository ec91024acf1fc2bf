//! `GET /shows`: all shows, newest first.

use super::ShowView;
use frontrow_domain::{Result, limits::CATALOGUE_MAX_AGE_SECONDS};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, caller::Anyone};

/// The endpoint.
pub struct ListShows;

impl Endpoint for ListShows {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/shows",
        operation: "list_shows",
        tag: "Catalogue",
        summary: "All shows, newest first",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:Query"],
    };
    type Caller = Anyone;
    type Path = NoPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = Page<ShowView>;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<ShowView>>> {
        let list = "shows";
        let found = app.store.shows(&call.query.request(list)?).await?;
        Ok(Answer::ok(Page::of(found, list, ShowView::from)).public(CATALOGUE_MAX_AGE_SECONDS))
    }
}
