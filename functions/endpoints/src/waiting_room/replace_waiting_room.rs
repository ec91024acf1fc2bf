//! `PUT /performances/{performanceId}/waiting-room`: how the room lets people in from now on (Q4). The turnstile reads
//! the policy at each turn, and a turn ends its grants in time: it takes effect within 2 s.

use frontrow_domain::{Error, Result, ids::PerformanceId, performance::WaitingRoomPolicy};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoQuery, Route, Secret, caller::Organizer};

/// The endpoint.
pub struct ReplaceWaitingRoom;

impl Endpoint for ReplaceWaitingRoom {
    const ROUTE: Route = Route {
        method: Method::PUT,
        path: "/performances/{performanceId}/waiting-room",
        operation: "replace_waiting_room",
        tag: "Waiting room",
        summary: "Change how the waiting room lets people in, or pause it",
        success: &[200],
        errors: &["not_found", "no_waiting_room"],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = WaitingRoomPolicy;
    type Reply = WaitingRoomPolicy;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<WaitingRoomPolicy>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        if !listing.performance.has_waiting_room {
            return Err(Error::NoWaitingRoom);
        }
        app.store.replace_policy(&listing.performance.performance_id, &call.body, call.now).await?;
        Ok(Answer::ok(call.body))
    }
}
