//! `DELETE /performances/{performanceId}`: deletes a performance without live holds and reservations.

use frontrow_domain::{Result, ids::PerformanceId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, answer::Nothing, caller::Organizer,
};

/// The endpoint.
pub struct DeletePerformance;

impl Endpoint for DeletePerformance {
    const ROUTE: Route = Route {
        method: Method::DELETE,
        path: "/performances/{performanceId}",
        operation: "delete_performance",
        tag: "Catalogue",
        summary: "Delete a performance without live holds or reservations",
        success: &[204],
        errors: &["not_found", "has_reservations"],
        headers: &[],
        table_actions: &[
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
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
