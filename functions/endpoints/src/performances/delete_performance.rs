//! `DELETE /performances/{performanceId}`: deletes a performance without live holds and reservations.

use crate::limits::FREEZE_TIMEOUT_SECONDS;
use frontrow_domain::{Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    answer::Nothing,
    caller::Organizer,
};

/// The endpoint.
pub struct DeletePerformance;

impl Endpoint for DeletePerformance {
    const ROUTE: Route = Route::delete("/performances/{performanceId}", "delete_performance")
        .tag("Catalogue")
        .summary("Delete a performance without live holds or reservations")
        .errors(&[ErrorCode::NotFound, ErrorCode::HasReservations])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .memory_megabytes(512) // reads every block of a house
        .timeout_seconds(FREEZE_TIMEOUT_SECONDS);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        app.store.delete_performance(&call.path, call.now).await?;
        Ok(Answer::no_content())
    }
}
