//! `POST /performances/{performanceId}/queue`: joins the line. Joining again keeps the place.

use super::{Line, PlaceInLine};
use frontrow_domain::{Error, Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{DeleteItem, GetItem, PutItem, UpdateItem},
    caller::Member,
};
use frontrow_store::Joined;

/// The endpoint.
pub struct JoinQueue;

impl Endpoint for JoinQueue {
    const ROUTE: Route = Route::post("/performances/{performanceId}/queue", "join_queue")
        .tag("Waiting room")
        .summary("Join the line, or get the current place again")
        .success(&[201, 200])
        .errors(&[ErrorCode::NotFound, ErrorCode::NoWaitingRoom, ErrorCode::SalesClosed, ErrorCode::TooManyRequests])
        .table(&[DeleteItem, GetItem, PutItem, UpdateItem])
        .variables(&["POLL_URL"])
        .memory_megabytes(512);
    type Caller = Member;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = PlaceInLine;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PlaceInLine>> {
        let (member, now) = (call.caller.member_id, call.now);
        let performance = &app.store.shown_performance(&call.path, now).await?;
        if !performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        performance.check_sales_not_over(now)?;
        let room = &app.store.room(&call.path, now).await?;
        let line = Line { app, performance, room, member, now, function_url: None };
        Ok(match app.store.join_line(performance, &member, room, now).await? {
            Joined::New(place) => {
                Answer::created(format!("/performances/{}/queue", call.path), PlaceInLine::waiting(&line, place))
            }
            Joined::Waiting(place) => Answer::ok(PlaceInLine::waiting(&line, place)),
            Joined::Inside(place, end) => Answer::ok(PlaceInLine::inside(&line, place, end)),
        })
    }
}
