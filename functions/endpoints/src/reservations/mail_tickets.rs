//! `POST /reservations/{reservationId}/ticket-mail`: mails all tickets again, with their current codes.

use super::ReservationView;
use frontrow_domain::{Result, ids::ReservationId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{GetItem, UpdateItem},
    caller::Member,
};

/// The endpoint.
pub struct MailTickets;

impl Endpoint for MailTickets {
    const ROUTE: Route = Route::post("/reservations/{reservationId}/ticket-mail", "mail_tickets")
        .tag("Reservations")
        .summary("Mail the tickets again")
        .success(&[202])
        .errors(&[ErrorCode::NotFound, ErrorCode::ReservationCancelled, ErrorCode::TooManyRequests])
        .table(&[GetItem, UpdateItem]);
    type Caller = Member;
    type Path = ReservationId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = ReservationView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ReservationView>> {
        let booked = app.store.mail_tickets(&call.caller.member_id, &call.path, call.now).await?;
        Ok(Answer::accepted(ReservationView::of(booked, &app.codes)))
    }
}
