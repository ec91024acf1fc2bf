//! `GET /performances/{performanceId}/seats`: every seat, and whether it is free (C4-C6). Where there is a waiting room it
//! is shown to members that were let in, and to nobody's cache.

use super::{GradeView, grades};
use crate::waiting_room::may_look;
use frontrow_domain::{
    Result, Timestamp,
    ids::PerformanceId,
    limits::{LIVE_SEATS_MAX, SEATS_MAX_AGE_SECONDS},
    money::Won,
    performance::Performance,
    seat_map::{SeatMap, SeatState},
    seating::{Numbered, SeatId, SeatPlace},
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, Method, NoBody, NoQuery, Route, Secret, caller::Anyone, endpoint::Header,
    negotiate::entity_tag, rendered::Rendered,
};
use schemars::JsonSchema;
use serde::Serialize;

/// The house as it is sold.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatMap")]
pub struct Reply<'a> {
    /// The performance.
    performance_id: &'a PerformanceId,
    /// When the seats were so. Of more than 2,000 seats: when the newest change that is told here was read; there may be
    /// none since.
    as_of: UtcTime,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
    /// Seats, in layout order; none where places are only counted.
    seats: Vec<SeatView<'a>>,
}

/// A seat.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Seat")]
struct SeatView<'a> {
    /// `section-row-number`.
    seat_id: SeatId,
    /// Section.
    section: &'a str,
    /// Row, from 1.
    row: u32,
    /// Number within the row, from 1.
    number: u32,
    /// Grade.
    grade: &'a str,
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

impl Status {
    fn of(seat: SeatState, now: Timestamp) -> Self {
        match seat.at(now) {
            SeatState::Free => Self::Free,
            SeatState::Held(_) => Self::Held,
            SeatState::Sold => Self::Sold,
        }
    }
}

impl<'a> SeatView<'a> {
    fn of(place: &SeatPlace<'a>, status: Status) -> Self {
        Self {
            seat_id: place.seat_id(),
            section: place.section.name.as_str(),
            row: place.row,
            number: place.number,
            grade: place.section.grade.as_str(),
            price: place.section.price.won(),
            status,
        }
    }
}

impl<'a> Reply<'a> {
    fn of(performance: &'a Performance, map: &SeatMap, now: Timestamp) -> Self {
        let seats = performance.numbered().into_iter().flat_map(Numbered::places).zip(map.seats());
        Self {
            performance_id: &performance.performance_id,
            as_of: map.as_of.into(),
            grades: grades(performance, Some(map), now),
            seats: seats.map(|(place, seat)| SeatView::of(&place, Status::of(*seat, now))).collect(),
        }
    }
}

/// What a map says, but for its moment: the house as it is sold, what is left of each grade, and a byte for each seat.
fn content(performance: &Performance, map: &SeatMap, now: Timestamp) -> Vec<u8> {
    let left = (&performance.seating, map.available(&performance.seating, now));
    let mut content = serde_json::to_vec(&left).expect("a house is plain data");
    content.extend(map.seats().iter().map(|seat| Status::of(*seat, now) as u8));
    content
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
            "gzip_needed",
            "queue_token_missing",
            "queue_token_invalid",
            "queue_token_expired",
            "not_admitted",
        ],
        headers: &[Header::QueueToken],
        table_actions: &["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
        secrets: &[Secret::SigningKeys],
        variables: &[],
    };
    type Caller = Anyone;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = NoBody;
    type Reply = Rendered<Reply<'static>>;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Rendered<Reply<'static>>>> {
        let listing = app.store.listing(&call.path, call.now).await?;
        let performance = &listing.performance;
        if performance.has_waiting_room {
            let member = call.caller.identity()?.member_id;
            may_look(app, performance, &member, call.queue_token.as_deref(), call.now)?;
        }
        let map = app.store.seat_map(performance, call.now).await?;
        let now = call.now;
        let tag = entity_tag(&content(performance, &map, now));
        let reply = if performance.seating.places() > LIVE_SEATS_MAX {
            let name = performance.performance_id.to_string();
            let version = format!("{tag} {}", map.as_of);
            let (listing, map) = (listing.clone(), map.clone());
            let render = move || Rendered::of(&Reply::of(&listing.performance, &map, now));
            call.rendered(app, &name, &version, render).await?
        } else {
            Rendered::of(&Reply::of(performance, &map, now))
        };
        let answer = Answer::ok(reply).tagged(tag);
        Ok(if performance.has_waiting_room { answer } else { answer.public(SEATS_MAX_AGE_SECONDS) })
    }
}
