//! `POST /check-ins`: checks a ticket in at the door, once. The code is verified without a read; one conditional write
//! decides.

use frontrow_domain::{
    Error, Result,
    ids::{PerformanceId, ReservationId, TicketId},
    seating::SeatId,
    ticket_code::Scan,
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, NoPath, NoQuery, Route, TableAction::UpdateItem, caller::Organizer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The endpoint.
pub struct CheckIn;

/// The scanned code, and the performance at this door.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CheckInRequest", example = serde_json::json!({"performanceId": "demo", "code": "FR1:ABC234:XYZ567"}))]
pub struct Body {
    performance_id: PerformanceId,
    /// The text of the ticket's QR code. Case is ignored, and so are additions by scanners: control characters, blanks, a
    /// byte order mark, or a symbology identifier such as `]Q1`.
    code: String,
}

/// A valid ticket.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CheckIn")]
pub struct Reply {
    ticket_id: TicketId,
    seat_id: Option<SeatId>,
    grade: String,
    reservation_id: ReservationId,
    performance_id: PerformanceId,
    show_title: String,
    starts_at: UtcTime,
    checked_in_at: UtcTime,
}

impl Endpoint for CheckIn {
    const ROUTE: Route = Route::post("/check-ins", "check_in")
        .tag("Tickets")
        .summary("Check a ticket in, once")
        .errors(&[
            ErrorCode::InvalidTicket,
            ErrorCode::WrongPerformance,
            ErrorCode::ReservationCancelled,
            ErrorCode::TicketReissued,
            ErrorCode::AlreadyCheckedIn,
        ])
        .table(&[UpdateItem])
        .table_keys(&["member#*"]);
    type Caller = Organizer;
    type Path = NoPath;
    type Query = NoQuery;
    type Body = Body;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let scan = Scan::of(&call.body.code);
        let refusal = if scan.is_korean { Error::KoreanScan } else { Error::InvalidTicket };
        let claim = app.codes.open_ticket(&scan.code).ok_or(refusal)?;
        if *claim.ticket_id.reservation().performance() != call.body.performance_id {
            return Err(Error::WrongPerformance);
        }
        let (reservation, checked_in_at) = app.store.check_in(&claim, call.now).await?;
        let (ticket_id, seat) = reservation
            .tickets()
            .find(|(ticket_id, _)| *ticket_id == claim.ticket_id)
            .ok_or_else(|| Error::internal("check in", "the code is genuine, but its ticket was never sold"))?;
        let reply = Reply {
            ticket_id,
            seat_id: seat.seat_id().cloned(),
            grade: seat.grade.clone(),
            reservation_id: reservation.reservation_id.clone(),
            performance_id: call.body.performance_id,
            show_title: reservation.sold.show_title.clone(),
            starts_at: reservation.sold.starts_at.into(),
            checked_in_at: checked_in_at.into(),
        };
        let door_list = format!("/performances/{}/reservations", reply.performance_id);
        Ok(Answer::created(door_list, reply))
    }
}
