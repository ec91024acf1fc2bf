//! `GET /performances/{performanceId}`: returns one performance with the number of seats left in each grade.

use super::{PerformanceView, policy};
use crate::limits::SEATS_MAX_AGE_SECONDS;
use frontrow_domain::{Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{BatchGetItem, GetItem, Query},
    caller::Anyone,
};

/// The endpoint.
pub struct GetPerformance;

impl Endpoint for GetPerformance {
    const ROUTE: Route = Route::get("/performances/{performanceId}", "get_performance")
        .tag("Catalogue")
        .summary("Get a performance with the seats left in each grade")
        .errors(&[ErrorCode::NotFound])
        .table(&[BatchGetItem, GetItem, Query])
        .memory_megabytes(512); // counts the seats left in a map of 50,000 seats
    type Caller = Anyone;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = PerformanceView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PerformanceView>> {
        let performance = &app.store.shown_performance(&call.path, call.now).await?;
        let show = app.store.shown_show(&performance.show_id, call.now).await?;
        let policy = policy(app, performance, call.now).await?;
        let map = app.store.seat_map(performance, call.now).await?;
        let left = map.available(&performance.seating, call.now);
        let reply = PerformanceView::of(performance, &show, policy, &left, call.now);
        Ok(Answer::ok(reply).public(SEATS_MAX_AGE_SECONDS))
    }
}
