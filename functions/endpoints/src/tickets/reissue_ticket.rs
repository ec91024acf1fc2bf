//! `POST /tickets/{ticketId}/reissue`: replaces the code of a ticket that others may have seen. The old code becomes invalid.

use crate::reservations::TicketView;
use frontrow_domain::{Error, Result, ids::TicketId};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{GetItem, UpdateItem},
    caller::Member,
};

/// The endpoint.
pub struct ReissueTicket;

impl Endpoint for ReissueTicket {
    const ROUTE: Route = Route::post("/tickets/{ticketId}/reissue", "reissue_ticket")
        .tag("Tickets")
        .summary("Reissue a ticket: invalidate its code and mail a new one")
        .success(&[200])
        .errors(&[ErrorCode::NotFound, ErrorCode::AlreadyCheckedIn, ErrorCode::TooManyRequests])
        .table(&[GetItem, UpdateItem]);
    type Caller = Member;
    type Path = TicketId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = TicketView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<TicketView>> {
        let reservation = app.store.reissue_ticket(&call.caller.member_id, &call.path, call.now).await?;
        let found = reservation.tickets().find(|(ticket_id, _)| *ticket_id == call.path);
        let view = |(ticket_id, seat)| TicketView::of(ticket_id, seat, &reservation, &app.codes);
        found.map(|ticket| Answer::ok(view(ticket))).ok_or(Error::NotFound)
    }
}
