//! `GET /tickets/{ticketId}/qr.png`: returns the QR code that is scanned at the door.

use frontrow_domain::{Error, Result, ids::TicketId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Png, Route, TableAction::GetItem, caller::Member,
    qr::qr_png,
};

/// The endpoint.
pub struct GetTicketQr;

impl Endpoint for GetTicketQr {
    const ROUTE: Route = Route::get("/tickets/{ticketId}/qr.png", "get_ticket_qr")
        .tag("Tickets")
        .summary("Get a ticket's QR code")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem])
        .memory_megabytes(512); // draws a PNG
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
