//! `DELETE /shows/{showId}`: deletes a show with its performances, if none of them has live holds or reservations.

use crate::limits::FREEZE_TIMEOUT_SECONDS;
use frontrow_domain::{Result, ids::ShowId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    answer::Nothing,
    caller::Organizer,
};

/// The endpoint.
pub struct DeleteShow;

impl Endpoint for DeleteShow {
    const ROUTE: Route = Route::delete("/shows/{showId}", "delete_show")
        .tag("Catalogue")
        .summary("Delete a show with its performances")
        .errors(&[ErrorCode::NotFound, ErrorCode::HasReservations])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .memory_megabytes(512) // reads every block of a house
        .timeout_seconds(FREEZE_TIMEOUT_SECONDS);
    type Caller = Organizer;
    type Path = ShowId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        app.store.delete_show(&call.path, call.now).await?;
        Ok(Answer::no_content())
    }
}
