//! `GET /shows/{showId}`: returns one show.

use super::ShowView;
use frontrow_domain::{Result, ids::ShowId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route, TableAction::GetItem, caller::Anyone,
};
use frontrow_store::limits::CATALOGUE_MAX_AGE_SECONDS;

/// The endpoint.
pub struct GetShow;

impl Endpoint for GetShow {
    const ROUTE: Route = Route::get("/shows/{showId}", "get_show")
        .tag("Catalogue")
        .summary("Get a show")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem]);
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
