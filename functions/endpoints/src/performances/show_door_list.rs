//! `GET /performances/{performanceId}/reservations`: returns the door list, ordered by member name. It may lag by two
//! seconds; check-ins use the reservations themselves.

use crate::limits::DOOR_SEARCH_ITEMS;
use frontrow_domain::{
    Error, Result,
    booking_reference::BookingReference,
    door_list::{DoorRow, sorted_name},
    ids::{PerformanceId, ReservationId},
    limits::NAME_MAX_CHARS,
    member::Name,
    reservation::ReservationStatus,
    seating::SeatId,
    text::clean_line,
    time::UtcTime,
};
use frontrow_edge::{
    Answer, App, Call, Cursor, Endpoint, ErrorCode, NoBody, OpenPage, Page, PageQuery, Route,
    TableAction::{self, GetItem},
    caller::Organizer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Filters and page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Only reservations with this status.
    status: Option<ReservationStatus>,
    /// Only reservations of members whose name starts with this text, ignoring case.
    #[schemars(length(max = NAME_MAX_CHARS), extend("x-also-refused" = [format!("expected at most {NAME_MAX_CHARS} characters")]))]
    name: Option<String>,
    /// Only the reservation with this booking reference, in any common spelling, such as `k7qx 4m2p`.
    reference: Option<BookingReference>,
    /// Page size: 1 to 100, default 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `nextCursor` of the previous page.
    cursor: Option<Cursor>,
}

/// A reservation as the door staff see it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DoorListEntry")]
pub struct EntryView {
    reservation_id: ReservationId,
    /// Booking reference for humans, such as `K7QX-4M2P`.
    booking_reference: BookingReference,
    /// The member's current name.
    member_name: Name,
    /// Only tickets of a confirmed reservation are valid at the door.
    status: ReservationStatus,
    seat_ids: Vec<SeatId>,
    /// Number of tickets.
    quantity: usize,
    /// Number of used tickets.
    checked_in: usize,
    created_at: UtcTime,
}

impl From<DoorRow> for EntryView {
    fn from(row: DoorRow) -> Self {
        Self {
            booking_reference: row.reservation_id.booking_reference(),
            reservation_id: row.reservation_id,
            member_name: row.member_name,
            status: row.status,
            seat_ids: row.seat_ids,
            quantity: row.quantity,
            checked_in: row.checked_in,
            created_at: row.created_at.into(),
        }
    }
}

/// The endpoint.
pub struct ShowDoorList;

impl Endpoint for ShowDoorList {
    const ROUTE: Route = Route::get("/performances/{performanceId}/reservations", "show_door_list")
        .tag("Catalogue")
        .summary("List the reservations of a performance for the door, by name")
        .errors(&[ErrorCode::NotFound])
        .table(&[GetItem, TableAction::Query]);
    type Caller = Organizer;
    type Path = PerformanceId;
    type Query = Query;
    type Body = NoBody;
    type Reply = Page<EntryView>;

    fn page(app: &App, query: &Query, path: &PerformanceId) -> Result<OpenPage> {
        let name = clean_line(query.name.as_deref().unwrap_or_default());
        if name.chars().count() > NAME_MAX_CHARS {
            return Err(Error::invalid("name", format!("expected at most {NAME_MAX_CHARS} characters")));
        }
        let sought = query.reference.map(String::from).unwrap_or_default();
        let list = format!("door/{path}/{:?}/{sought}/{}", query.status, sorted_name(&name));
        PageQuery { limit: query.limit, cursor: query.cursor.clone() }.open(app, list)
    }

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<Page<EntryView>>> {
        let Query { status, name, reference, .. } = call.query;
        let name = clean_line(&name.unwrap_or_default());
        let page = &call.page.request;
        app.store.listing(&call.path, call.now).await?;
        let is_sought = |row: &DoorRow| reference.is_none_or(|sought| row.reservation_id.booking_reference() == sought);
        let wanted = |row: &DoorRow| status.is_none_or(|status| row.status == status) && is_sought(row);
        let rows_a_read = if reference.is_some() { DOOR_SEARCH_ITEMS } else { page.limit };
        let rows = app.store.door_list(&call.path, &name, page, rows_a_read, wanted).await?;
        Ok(Answer::ok(Page::of(app, rows, &call.page, EntryView::from)))
    }
}
