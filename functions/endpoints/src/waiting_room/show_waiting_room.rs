//! `GET /performances/{performanceId}/waiting-room`: returns the figures of a waiting room, for organizers.

use frontrow_domain::{Error, Result, ids::PerformanceId, waiting_room::policy::WaitingRoomPolicy};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{GetItem, Query},
    caller::Organizer,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A waiting room.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WaitingRoom")]
pub struct Reply {
    /// Positions drawn so far.
    issued: u64,
    /// Positions called so far.
    serving: u64,
    /// Live admissions, including called positions that are not claimed yet.
    active: u64,
    /// Positions that are neither called nor given up, and members who missed their call and came back.
    waiting: u64,
    /// Whether admission is paused.
    paused: bool,
    policy: WaitingRoomPolicy,
}

/// The endpoint.
pub struct ShowWaitingRoom;

impl Endpoint for ShowWaitingRoom {
    const ROUTE: Route = Route::get("/performances/{performanceId}/waiting-room", "show_waiting_room")
        .tag("Waiting room")
        .summary("Get the waiting room's figures and policy")
        .errors(&[ErrorCode::NotFound, ErrorCode::NoWaitingRoom])
        .table(&[GetItem, Query]);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        if !listing.performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        let view = app.store.room_view(&listing.performance.performance_id, call.now).await?;
        let policy = view.room.policy;
        Ok(Answer::ok(Reply {
            issued: view.issued,
            serving: view.serving,
            active: view.active,
            waiting: view.waiting,
            paused: policy.paused,
            policy,
        }))
    }
}
