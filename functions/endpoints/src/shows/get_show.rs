//! `GET /shows/{showId}`: returns one show.

use super::ShowView;
use frontrow_domain::{Result, ids::ShowId, limits::CATALOGUE_MAX_AGE_SECONDS};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, caller::Anyone};

/// The endpoint.
pub struct GetShow;

impl Endpoint for GetShow {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/shows/{showId}",
        operation: "get_show",
        tag: "Catalogue",
        summary: "Get a show",
        success: &[200],
        errors: &["not_found"],
        headers: &[],
        table_actions: &["dynamodb:GetItem"],
        secrets: &[],
        variables: &[],
    };
    type Caller = Anyone;
    type Path = ShowId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = ShowView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ShowView>> {
        let show = app.store.whole_show(&call.path).await?;
        Ok(Answer::ok(ShowView::of(show, call.now)).public(CATALOGUE_MAX_AGE_SECONDS))
    }
}
