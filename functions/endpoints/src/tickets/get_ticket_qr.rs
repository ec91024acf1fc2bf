//! `GET /tickets/{ticketId}/qr.png`: returns the QR code that is scanned at the door.

use frontrow_domain::{Error, Result, ids::TicketId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Png, Route, Secret, caller::Member, qr::qr_png,
};

/// The endpoint.
pub struct GetTicketQr;

impl Endpoint for GetTicketQr {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/tickets/{ticketId}/qr.png",
        operation: "get_ticket_qr",
        tag: "Tickets",
        summary: "Get a ticket's QR code",
        success: &[200],
        errors: &["not_found"],
        headers: &[],
        table_actions: &["dynamodb:GetItem"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Member;
    type Path = TicketId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Png;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Png>> {
        let ticket_id = &call.path;
        let found = app.store.reservation(&call.caller.member_id, ticket_id.reservation()).await?;
        let reservation = found.filter(|reservation| reservation.has_valid(ticket_id)).ok_or(Error::NotFound)?;
        Ok(Answer::ok(Png(qr_png(&app.codes.ticket_code(&reservation.claim(ticket_id))))))
    }
}
