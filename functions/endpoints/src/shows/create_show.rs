//! `POST /shows`: creates a show.

use super::ShowView;
use frontrow_domain::{
    Result,
    ids::ShowId,
    show::{Show, ShowDetails},
};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoPath, NoQuery, Route, Secret, caller::Organizer, entropy};

/// The endpoint.
pub struct CreateShow;

impl Endpoint for CreateShow {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/shows",
        operation: "create_show",
        tag: "Catalogue",
        summary: "Create a show",
        success: &[201],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:PutItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Organizer;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = ShowDetails;
    type Reply = ShowView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ShowView>> {
        let show = Show::new(ShowId::new(entropy::fresh_uuid()), call.body, call.now);
        app.store.create_show(&show).await?;
        Ok(Answer::created(format!("/shows/{}", show.show_id), ShowView::of(show, call.now)))
    }
}
