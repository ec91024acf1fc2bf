//! `POST /shows`: creates a show.

use super::ShowView;
use frontrow_domain::{
    Result,
    ids::ShowId,
    show::{Show, ShowDetails},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, NoPath, NoQuery, Route, TableAction::PutItem, caller::Organizer, entropy,
};

/// The endpoint.
pub struct CreateShow;

impl Endpoint for CreateShow {
    const ROUTE: Route =
        Route::post("/shows", "create_show").tag("Catalogue").summary("Create a show").table(&[PutItem]);
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
