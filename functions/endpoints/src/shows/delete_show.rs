//! `DELETE /shows/{showId}`: deletes a show with its performances, if none of them has live holds or reservations.

use frontrow_domain::{Result, ids::ShowId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, answer::Nothing, caller::Organizer,
};

/// The endpoint.
pub struct DeleteShow;

impl Endpoint for DeleteShow {
    const ROUTE: Route = Route {
        method: Method::DELETE,
        path: "/shows/{showId}",
        operation: "delete_show",
        tag: "Catalogue",
        summary: "Delete a show with its performances",
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
    type Path = ShowId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Nothing;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Nothing>> {
        app.store.delete_show(&call.path, call.now).await?;
        Ok(Answer::no_content())
    }
}
