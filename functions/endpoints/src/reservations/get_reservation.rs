//! `GET /reservations/{reservationId}`: returns one of the caller's reservations with its tickets.

use super::ReservationView;
use frontrow_domain::{Error, Result, ids::ReservationId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route, TableAction::GetItem, caller::Member,
};

/// The endpoint.
pub struct GetReservation;

impl Endpoint for GetReservation {
    const ROUTE: Route = Route::get("/reservations/{reservationId}", "get_reservation")
        .tag("Reservations")
        .summary("Get a reservation with its tickets")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem]);
    type Caller = Member;
    type Path = ReservationId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = ReservationView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ReservationView>> {
        let found = app.store.booked(&call.caller.member_id, &call.path).await?;
        found.map(|booked| Answer::ok(ReservationView::of(booked, &app.codes))).ok_or(Error::NotFound)
    }
}
