//! `POST /shows/{showId}/performances`: creates a performance, which can be booked from now on.

use super::PerformanceView;
use frontrow_domain::{
    Error, Result, Timestamp,
    ids::{PerformanceId, ShowId},
    performance::{Performance, PerformanceDetails},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoQuery, Route,
    TableAction::{DeleteItem, GetItem, PutItem},
    caller::Organizer,
    entropy,
};

/// The endpoint.
pub struct CreatePerformance;

impl Endpoint for CreatePerformance {
    const ROUTE: Route = Route::post("/shows/{showId}/performances", "create_performance")
        .tag("Catalogue")
        .summary("Create a performance, bookable from now on")
        .errors(&[ErrorCode::NotFound, ErrorCode::SlotTaken])
        .table(&[DeleteItem, GetItem, PutItem]);
    type Caller = Organizer;
    type Path = ShowId;
    type Query = NoQuery;
    type Body = PerformanceDetails;
    type Reply = PerformanceView;

    fn check_body(body: &PerformanceDetails, now: Timestamp) -> Result<()> {
        body.check_start(None, now)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PerformanceView>> {
        let show = app.store.show(&call.path).await?.ok_or(Error::NotFound)?;
        let (policy, shards) = (call.body.waiting_room, call.body.shards);
        let id = PerformanceId::new(entropy::fresh_uuid());
        let performance = Performance::new(id, show.show_id.clone(), call.body, call.now);
        app.store.create_performance(&performance, &show, policy.map(|policy| (policy, shards))).await?;
        // All seats are free.
        let left: Vec<u32> = performance.seating.grades().iter().map(|grade| grade.total).collect();
        let reply = PerformanceView::of(&performance, &show, policy, &left, call.now);
        Ok(Answer::created(format!("/performances/{}", performance.performance_id), reply))
    }
}
