//! `POST /performances/{performanceId}/cancellation`: cancels a performance. Sales end with the response; refunds and mails
//! follow soon after. Idempotent: the first reason stays.

use super::CancellationView;
use frontrow_domain::{Result, ids::PerformanceId, performance::Reason};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoQuery, Route,
    TableAction::{DeleteItem, GetItem, PutItem, Query, UpdateItem},
    caller::Organizer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CancellationRequest", example = serde_json::json!({"reason": "The lead is ill."}))]
pub struct Body {
    /// The reason that all members see: 1 to 500 characters.
    reason: Reason,
}

/// The accepted cancellation.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CancelledPerformance")]
pub struct Reply {
    /// The cancelled performance.
    performance_id: PerformanceId,
    #[serde(flatten)]
    cancellation: CancellationView,
}

/// The endpoint.
pub struct CancelPerformance;

impl Endpoint for CancelPerformance {
    const ROUTE: Route = Route::post("/performances/{performanceId}/cancellation", "cancel_performance")
        .tag("Catalogue")
        .summary("Cancel a performance, refund all reservations and notify the members")
        .success(&[202])
        .errors(&[ErrorCode::NotFound, ErrorCode::PerformanceStarted])
        .table(&[DeleteItem, GetItem, PutItem, Query, UpdateItem]);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let cancellation = app.store.cancel_performance(&call.path, &call.body.reason, call.now).await?;
        Ok(Answer::accepted(Reply { performance_id: call.path, cancellation: cancellation.into() }))
    }
}
