//! `PUT /shows/{showId}`: replaces the details of a show. A different venue moves all performances; this requires that none
//! of them has live holds or reservations.

use super::ShowView;
use frontrow_domain::{Result, ids::ShowId, show::ShowDetails};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoQuery, Route, Secret, Shown, caller::Organizer};

/// The endpoint.
pub struct ReplaceShow;

impl Endpoint for ReplaceShow {
    const ROUTE: Route = Route {
        method: Method::PUT,
        path: "/shows/{showId}",
        operation: "replace_show",
        tag: "Catalogue",
        summary: "Update a show; a different venue moves all its performances",
        success: &[200],
        errors: &["not_found", "has_reservations", "slot_taken"],
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
    type Body = ShowDetails;
    type Reply = ShowView;
    const SHOWN: Option<Shown> = Some(|generator| generator.subschema_for::<ShowView>());

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ShowView>> {
        let show = app.store.replace_show(&call.path, &call.body, call.now).await?;
        Ok(Answer::ok(ShowView::of(show, call.now)))
    }
}
