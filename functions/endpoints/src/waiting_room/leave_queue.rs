//! `DELETE /performances/{performanceId}/queue`: gives up the place in line and releases a live hold.

use frontrow_domain::{Error, Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{DeleteItem, GetItem, PutItem, UpdateItem},
    answer::Nothing,
    caller::Member,
};

/// The endpoint.
pub struct LeaveQueue;

impl Endpoint for LeaveQueue {
    const ROUTE: Route = Route::delete("/performances/{performanceId}/queue", "leave_queue")
        .tag("Waiting room")
        .summary("Leave the line and release a live hold")
        .errors(&[ErrorCode::NotFound, ErrorCode::NoWaitingRoom])
        .table(&[DeleteItem, GetItem, PutItem, UpdateItem]);
    type Caller = Member;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        if !listing.performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        app.store.leave_line(&listing.performance, &call.caller.member_id, call.now).await?;
        Ok(Answer::no_content())
    }
}
