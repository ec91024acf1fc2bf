//! `PUT /performances/{performanceId}`: replaces the details of a performance. Changing start, house or prices requires that
//! it has no live holds and reservations.

use super::PerformanceView;
use crate::limits::FREEZE_TIMEOUT_SECONDS;
use frontrow_domain::{Result, ids::PerformanceId, performance::PerformanceDetails};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoQuery, Route, Shown,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    caller::Organizer,
};

/// The endpoint.
pub struct ReplacePerformance;

impl Endpoint for ReplacePerformance {
    const ROUTE: Route = Route::put("/performances/{performanceId}", "replace_performance")
        .tag("Catalogue")
        .summary("Update a performance; its start, house and prices only while no seat is held or sold")
        .errors(&[ErrorCode::NotFound, ErrorCode::HasReservations, ErrorCode::OpeningTooSoon, ErrorCode::SlotTaken])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .memory_megabytes(512) // reads every block of a house
        .timeout_seconds(FREEZE_TIMEOUT_SECONDS);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = PerformanceDetails;
    type Reply = PerformanceView;
    const SHOWN: Option<Shown> = Some(|generator| generator.subschema_for::<PerformanceView>());

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PerformanceView>> {
        let performance = app.store.replace_performance(&call.path, &call.body, call.now).await?;
        let map = app.store.seat_map(&performance, call.now).await?;
        let show = app.store.shown_show(&performance.show_id, call.now).await?;
        let left = map.available(&performance.seating, call.now);
        Ok(Answer::ok(PerformanceView::of(&performance, &show, call.body.waiting_room, &left, call.now)))
    }
}
