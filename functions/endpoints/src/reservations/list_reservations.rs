//! `GET /reservations`: lists the caller's reservations, including cancelled ones.

use super::ReservationView;
use frontrow_domain::{Result, reservation::ReservationStatus};
use frontrow_edge::{
    Answer, App, Call, Cursor, Endpoint, Method, NoBody, NoPath, Page, PageQuery, Route, Secret, caller::Member,
};
use frontrow_store::PageRequest;
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

impl Query {
    /// The value that cursors are bound to.
    fn list(&self) -> String {
        format!("reservations/{:?}", self.status)
    }

    fn page(&self, app: &App) -> Result<PageRequest> {
        PageQuery { limit: self.limit, cursor: self.cursor.clone() }.request(app, &self.list())
    }
}

/// The endpoint.
pub struct ListReservations;

impl Endpoint for ListReservations {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/reservations",
        operation: "list_reservations",
        tag: "Reservations",
        summary: "List own reservations, newest first",
        success: &[200],
        errors: &[],
        headers: &[],
        table_actions: &["dynamodb:Query"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = NoPath;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<ReservationView>;

    fn check(app: &App, query: &Query) -> Result<()> {
        query.page(app).map(drop)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<ReservationView>>> {
        let page = call.query.page(app)?;
        let found = app.store.reservations(&call.caller.member_id, call.query.status, &page).await?;
        Ok(Answer::ok(Page::of(app, found, &call.query.list(), |booked| ReservationView::of(booked, &app.codes))))
    }
}
