//! `DELETE /reservations/{reservationId}`: cancels a reservation, refunds it, frees its seats and mails the member.
//! Idempotent.

use super::ReservationView;
use frontrow_domain::{
    Result,
    ids::{EntryId, ReservationId},
    reservation::CancelReason,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoBody, NoQuery, Route,
    TableAction::{BatchGetItem, DeleteItem, GetItem, PutItem, UpdateItem},
    caller::Member,
    entropy,
};

/// The endpoint.
pub struct CancelReservation;

impl Endpoint for CancelReservation {
    const ROUTE: Route = Route::delete("/reservations/{reservationId}", "cancel_reservation")
        .tag("Reservations")
        .summary("Cancel a reservation and refund it")
        .success(&[200])
        .errors(&[ErrorCode::NotFound, ErrorCode::PerformanceStarted, ErrorCode::AlreadyCheckedIn])
        .table(&[BatchGetItem, DeleteItem, GetItem, PutItem, UpdateItem]);
    type Caller = Member;
    type Path = ReservationId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = ReservationView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<ReservationView>> {
        let entry_id = EntryId::new(entropy::fresh_uuid());
        let (member, reason) = (&call.caller.member_id, CancelReason::Member);
        let cancelled = app.store.cancel_reservation(member, &call.path, reason, entry_id, call.now).await?;
        Ok(Answer::ok(ReservationView::of(cancelled, &app.codes)))
    }
}
