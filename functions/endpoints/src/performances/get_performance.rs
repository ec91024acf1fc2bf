//! `GET /performances/{performanceId}`: one performance, and how many seats of each grade are left.

use super::{GradeView, PerformanceView, grades, policy};
use frontrow_domain::{
    Result, Timestamp,
    ids::PerformanceId,
    limits::SEATS_MAX_AGE_SECONDS,
    performance::{Performance, WaitingRoomPolicy},
    seat_map::SeatMap,
};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, caller::Anyone};
use schemars::JsonSchema;
use serde::Serialize;

/// A performance with what is left of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PerformanceWithGrades {
    #[serde(flatten)]
    performance: PerformanceView,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
}

impl PerformanceWithGrades {
    /// As it is at `now`; without a map, nobody took anything yet.
    pub(super) fn of(
        performance: &Performance,
        policy: Option<WaitingRoomPolicy>,
        map: Option<&SeatMap>,
        now: Timestamp,
    ) -> Self {
        Self { performance: PerformanceView::of(performance, policy), grades: grades(performance, map, now) }
    }
}

/// The endpoint.
pub struct GetPerformance;

impl Endpoint for GetPerformance {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/performances/{performanceId}",
        operation: "get_performance",
        tag: "Catalogue",
        summary: "One performance, with what is left of each grade",
        success: &[200],
        errors: &["not_found"],
        headers: &[],
        table_actions: &["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
        secrets: &[],
        variables: &[],
    };
    type Caller = Anyone;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = PerformanceWithGrades;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<PerformanceWithGrades>> {
        let performance = &app.store.shown_performance(&call.path, call.now).await?;
        let policy = policy(app, performance, call.now).await?;
        let map = app.store.seat_map(performance, call.now).await?;
        let reply = PerformanceWithGrades::of(performance, policy, Some(&map), call.now);
        Ok(Answer::ok(reply).public(SEATS_MAX_AGE_SECONDS))
    }
}
