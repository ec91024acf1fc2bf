//! `GET /performances/{performanceId}/seats`: lists every seat and whether it is free. With a waiting room, only admitted
//! members get the map, and the response is never cached.

use super::{GradeView, grades};
use crate::{limits::SEATS_MAX_AGE_SECONDS, waiting_room::may_look};
use frontrow_domain::{
    Result, Timestamp,
    ids::PerformanceId,
    limits::LIVE_SEATS_MAX,
    money::{Currency, Won},
    performance::Performance,
    seat_map::{SeatMap, SeatState},
    seating::{Numbered, SeatId, SeatSpot},
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoBody, Route, Secret,
    TableAction::{self, BatchGetItem, GetItem},
    accepts::entity_tag,
    caller::Anyone,
    render_cache::Rendered,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Form of the response.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// `seats` (default): each seat with its price. `rows`: one character per seat, for large houses.
    form: Option<Form>,
}

/// The forms of a seat map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Form {
    #[default]
    Seats,
    Rows,
}

/// The seat map of a performance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SeatMap")]
pub struct Reply<'a> {
    /// The performance.
    performance_id: &'a PerformanceId,
    /// The time of this state. For more than 2,000 seats: when the newest change shown here was read, which may be long ago if
    /// nothing has changed since.
    as_of: UtcTime,
    /// Grades, in the organizer's order.
    grades: Vec<GradeView>,
    /// Currency of all prices.
    currency: Currency,
    #[serde(flatten)]
    house: House<'a>,
}

/// The seats, in layout order; empty for general admission.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum House<'a> {
    /// One object per seat.
    Seats { seats: Vec<SeatView<'a>> },
    /// With `form=rows`.
    Rows { sections: Vec<SectionView<'a>> },
}

/// A section with its rows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SectionRows")]
struct SectionView<'a> {
    /// Name of the section.
    section: &'a str,
    /// Rows, starting with row 1.
    rows: Vec<RowView>,
}

/// A row of seats.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SeatRow")]
struct RowView {
    /// Row, from 1.
    row: u32,
    /// One character per seat, starting with number 1: `f` free, `h` held, `s` sold, `x` not for sale.
    seats: String,
}

/// A seat.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Seat")]
struct SeatView<'a> {
    /// `section-row-number`.
    seat_id: SeatId,
    /// Name of the section.
    section: &'a str,
    /// Row, from 1.
    row: u32,
    /// Number within the row, from 1.
    number: u32,
    /// Name of the grade.
    grade: &'a str,
    /// Price, in won.
    price: Won,
    /// Whether the seat can be held. A seat with an expired hold is free.
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

impl Status {
    /// The character in a row of seats. All seats of a house are for sale, so `x` is not used yet.
    fn symbol(&self) -> char {
        match self {
            Self::Free => 'f',
            Self::Held => 'h',
            Self::Sold => 's',
        }
    }
}

impl<'a> SeatView<'a> {
    fn of(place: &SeatSpot<'a>, status: Status) -> Self {
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
    fn of(performance: &'a Performance, map: &SeatMap, form: Form, now: Timestamp) -> Self {
        let seats = performance.numbered().into_iter().flat_map(Numbered::places).zip(map.seats());
        let seats = seats.map(|(place, seat)| (place, Status::of(*seat, now)));
        Self {
            performance_id: &performance.performance_id,
            as_of: map.as_of.into(),
            grades: grades(performance, &map.available(&performance.seating, now)),
            currency: Currency::Krw,
            house: match form {
                Form::Seats => {
                    House::Seats { seats: seats.map(|(place, status)| SeatView::of(&place, status)).collect() }
                }
                Form::Rows => House::Rows { sections: sections(seats) },
            },
        }
    }
}

/// Groups seats, which are in layout order, into rows.
fn sections<'a>(seats: impl Iterator<Item = (SeatSpot<'a>, Status)>) -> Vec<SectionView<'a>> {
    let mut sections: Vec<SectionView<'a>> = Vec::new();
    for (place, status) in seats {
        let section = place.section.name.as_str();
        if sections.last().is_none_or(|last| last.section != section) {
            sections.push(SectionView { section, rows: Vec::new() });
        }
        let Some(SectionView { rows, .. }) = sections.last_mut() else { continue };
        match rows.last_mut() {
            Some(last) if last.row == place.row => last.seats.push(status.symbol()),
            _ => rows.push(RowView { row: place.row, seats: status.symbol().into() }),
        }
    }
    sections
}

/// The content of a map except its time: the house with the seats left in each grade, and one byte per seat.
fn content(performance: &Performance, map: &SeatMap, form: Form, now: Timestamp) -> Vec<u8> {
    let cancelled = performance.cancellation.is_some();
    let left = (&performance.seating, cancelled, form as u8, map.available(&performance.seating, now));
    let mut content = serde_json::to_vec(&left).expect("a house is plain data");
    content.extend(map.seats().iter().map(|seat| Status::of(*seat, now) as u8));
    content
}

/// The endpoint.
pub struct ListSeats;

impl Endpoint for ListSeats {
    const ROUTE: Route = Route::get("/performances/{performanceId}/seats", "list_seats")
        .tag("Catalogue")
        .summary("List the seats of a performance and whether they are free")
        .errors(&[
            ErrorCode::Unauthenticated,
            ErrorCode::NotFound,
            ErrorCode::GzipNeeded,
            ErrorCode::QueueTokenMissing,
            ErrorCode::QueueTokenInvalid,
            ErrorCode::QueueTokenExpired,
            ErrorCode::NotAdmitted,
        ])
        .headers(&[Header::QueueToken])
        .table(&[BatchGetItem, GetItem, TableAction::Query])
        .secrets(&[Secret::SigningKeys])
        .memory_megabytes(1024); // maps of 50,000 seats, rendered and compressed; each process caches some
    type Caller = Anyone;
    type Path = PerformanceId;
    type Query = Query;
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
        let form = call.query.form.unwrap_or_default();
        let tag = entity_tag(&content(performance, &map, form, now));
        let reply = if performance.seating.places() > LIVE_SEATS_MAX {
            let name = format!("{} {form:?}", performance.performance_id);
            let version = format!("{tag} {}", map.as_of);
            let (listing, map) = (listing.clone(), map.clone());
            let render = move || Rendered::of(&Reply::of(&listing.performance, &map, form, now));
            call.rendered(app, &name, &version, render).await?
        } else {
            Rendered::of(&Reply::of(performance, &map, form, now))
        };
        let answer = Answer::ok(reply).tagged(tag);
        Ok(if performance.has_waiting_room { answer } else { answer.public(SEATS_MAX_AGE_SECONDS) })
    }
}
