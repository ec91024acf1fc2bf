//! `POST /reservations/{reservationId}/ticket-mail`: mails all tickets again, with their current codes.

use super::ReservationView;
use frontrow_domain::{Result, ids::ReservationId};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, caller::Member};

/// The endpoint.
pub struct MailTickets;

impl Endpoint for MailTickets {
    const ROUTE: Route = Route {
        method: Method::POST,
        path: "/reservations/{reservationId}/ticket-mail",
        operation: "mail_tickets",
        tag: "Reservations",
        summary: "Mail the tickets again",
        success: &[202],
        errors: &["not_found", "reservation_cancelled", "too_many_requests"],
        headers: &[],
        table_actions: &["dynamodb:GetItem", "dynamodb:UpdateItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
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
