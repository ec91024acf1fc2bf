//! `PUT /shows/{showId}`: replaces the details of a show. A different venue moves all performances; this requires that none
//! of them has live holds or reservations.

use super::ShowView;
use crate::limits::FREEZE_TIMEOUT_SECONDS;
use frontrow_domain::{Result, ids::ShowId, show::ShowDetails};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoQuery, Route, Shown,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem},
    caller::Organizer,
};

/// The endpoint.
pub struct ReplaceShow;

impl Endpoint for ReplaceShow {
    const ROUTE: Route = Route::put("/shows/{showId}", "replace_show")
        .tag("Catalogue")
        .summary("Update a show; a different venue moves all its performances")
        .errors(&[ErrorCode::NotFound, ErrorCode::HasReservations, ErrorCode::SlotTaken])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, Query, UpdateItem])
        .memory_megabytes(512) // reads every block of a house
        .timeout_seconds(FREEZE_TIMEOUT_SECONDS);
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
