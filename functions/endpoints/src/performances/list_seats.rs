//! `GET /performances/{performanceId}/seats`: every seat, and whether it is free (C4-C6). Where there is a waiting room it
//! is shown to members that were let in, and to nobody's cache.

use super::{GradeView, grades};
use crate::waiting_room::may_look;
use frontrow_domain::{
    Result,
    ids::PerformanceId,
    limits::SEATS_MAX_AGE_SECONDS,
    money::Won,
    seating::{Numbered, SeatId, SeatPlace},
    time::UtcTime,
};
use frontrow_edge::{Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, caller::Anyone, endpoint::Header};
use frontrow_store::Taken;
use schemars::JsonSchema;
use serde::Serialize;

/// The house as it is sold.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatMap")]
pub struct Reply {
    /// The performance.
    performance_id: PerformanceId,
    /// When the seats were so.
    as_of: UtcTime,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
    /// Seats, in layout order; none where places are only counted.
    seats: Vec<SeatView>,
}

/// A seat.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Seat")]
struct SeatView {
    /// `section-row-number`.
    seat_id: SeatId,
    /// Section.
    section: String,
    /// Row, from 1.
    row: u32,
    /// Number within the row, from 1.
    number: u32,
    /// Grade.
    grade: String,
    /// Price, in won.
    price: Won,
    /// Whether it can be held. A seat of a lapsed hold is free.
    status: Status,
}

/// Whether a seat can be held.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Status {
    Free,
    Held,
    Sold,
}

impl SeatView {
    fn of(place: &SeatPlace<'_>, seat_id: SeatId, taken: Option<Taken>) -> Self {
        Self {
            seat_id,
            section: place.section.name.as_str().to_owned(),
            row: place.row,
            number: place.number,
            grade: place.section.grade.as_str().to_owned(),
            price: place.section.price.won(),
            status: match taken {
                None => Status::Free,
                Some(Taken::Held) => Status::Held,
                Some(Taken::Sold) => Status::Sold,
            },
        }
    }
}

/// The endpoint.
pub struct ListSeats;

impl Endpoint for ListSeats {
    const ROUTE: Route = Route {
        method: Method::GET,
        path: "/performances/{performanceId}/seats",
        operation: "list_seats",
        tag: "Catalogue",
        summary: "Every seat of a performance, and whether it is free",
        success: &[200],
        errors: &[
            "unauthenticated",
            "not_found",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
        ],
        headers: &[Header::QueueToken],
        table_actions: &["dynamodb:GetItem", "dynamodb:Query"],
    };
    type Caller = Anyone;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Reply;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Reply>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        let performance = &listing.performance;
        if performance.has_waiting_room {
            let member = call.caller.identity()?.member_id;
            may_look(app, performance, &member, call.queue_token.as_deref(), call.now)?;
        }
        let taken = app.store.taken_seats(performance, call.now).await?;
        let seat = |place: SeatPlace<'_>| {
            let seat_id = place.seat_id();
            let taken = taken.get(&seat_id);
            SeatView::of(&place, seat_id, taken)
        };
        let answer = Answer::ok(Reply {
            performance_id: call.path,
            as_of: call.now.into(),
            grades: grades(performance, &taken),
            seats: performance.numbered().into_iter().flat_map(Numbered::places).map(seat).collect(),
        });
        Ok(if performance.has_waiting_room { answer } else { answer.public(SEATS_MAX_AGE_SECONDS) })
    }
}
