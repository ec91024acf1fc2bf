//! `GET /reservations`: lists the caller's reservations, including cancelled ones.

use super::ReservationView;
use frontrow_domain::{Result, reservation::ReservationStatus};
use frontrow_edge::{
    Answer, App, Call, Cursor, Endpoint, NoBody, NoPath, OpenPage, Page, PageQuery, Route, TableAction, caller::Member,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Filter and page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Only reservations with this status.
    status: Option<ReservationStatus>,
    /// Page size: 1 to 100, default 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `nextCursor` of the previous page.
    cursor: Option<Cursor>,
}

/// The endpoint.
pub struct ListReservations;

impl Endpoint for ListReservations {
    const ROUTE: Route = Route::get("/reservations", "list_reservations")
        .tag("Reservations")
        .summary("List own reservations, newest first")
        .table(&[TableAction::Query]);
    type Caller = Member;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<ReservationView>;

    fn page(app: &App, query: &Query, _: &NoPath) -> Result<OpenPage> {
        let Query { status, limit, cursor } = query;
        PageQuery { limit: *limit, cursor: cursor.clone() }.open(app, format!("reservations/{status:?}"))
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<ReservationView>>> {
        let found = app.store.reservations(&call.caller.member_id, call.query.status, &call.page.request).await?;
        Ok(Answer::ok(Page::of(app, found, &call.page, |booked| ReservationView::of(booked, &app.codes))))
    }
}
