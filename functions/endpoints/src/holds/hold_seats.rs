//! `POST /performances/{performanceId}/holds`: holds seats for the member during the performance's `holdSeconds`: the named
//! seats, the best seats of a grade, or a number of general admission places.

use super::HoldView;
use crate::waiting_room::{admitted, under_admission};
use frontrow_domain::{
    Error, FieldError, Result,
    hold::Hold,
    ids::PerformanceId,
    limits::{GRADE_MAX_CHARS, SEATS_MAX, SEATS_PER_MEMBER_MAX},
    number::Whole,
    seating::SeatId,
    text::{Text, clean_line},
};
use frontrow_edge::{
    Answer, App, Call, Endpoint, ErrorCode, Header, NoQuery, Route,
    TableAction::{BatchGetItem, GetItem, PutItem, Query, UpdateItem},
    caller::Member,
    entropy,
};
use frontrow_store::Holder;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;

/// Either `seatIds`, or `grade` and `quantity`. The hold is all or nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(rename = "HoldRequest", with = "Fields")]
pub enum Body {
    /// The named seats.
    Seats(Vec<SeatId>),
    /// The best seats of a grade, or a number of its places.
    OfGrade {
        /// Name of the grade.
        grade: String,
        /// Number of seats or places.
        quantity: u32,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "HoldRequest", extend("x-also-refused" = [BESIDE_GRADE, BESIDE_QUANTITY, EITHER, UNNUMBERED]), example = serde_json::json!({"seatIds": ["A-1-7"]}))]
struct Fields {
    /// Distinct seats of the performance; not for general admission.
    seat_ids: Option<SeatIds>,
    /// A grade of the performance. Its best free seats are held, adjacent ones if possible.
    grade: Option<Text<GRADE_MAX_CHARS>>,
    /// Number of seats or places of that grade.
    quantity: Option<Whole<1, { SEATS_MAX as i64 }>>,
}

impl TryFrom<Fields> for Body {
    type Error = FieldError;

    /// # Errors
    /// An error that names the field that is missing, unexpected or out of range.
    fn try_from(fields: Fields) -> Result<Self, FieldError> {
        match (fields.seat_ids, fields.grade, fields.quantity) {
            (Some(seat_ids), None, None) => Ok(Self::Seats(seat_ids.0)),
            (None, Some(grade), Some(count)) => {
                Ok(Self::OfGrade { grade: grade.as_str().to_owned(), quantity: count.to_u32() })
            }
            (None, Some(_), None) => Err(FieldError::new("quantity", BESIDE_GRADE)),
            (None, None, Some(_)) => Err(FieldError::new("grade", BESIDE_QUANTITY)),
            _ => Err(FieldError::new("seatIds", EITHER)),
        }
    }
}

/// Messages for bodies whose fields are valid on their own but not together.
const BESIDE_GRADE: &str = "required with grade";
const BESIDE_QUANTITY: &str = "required with quantity";
const EITHER: &str = "expected either seatIds or both grade and quantity";
/// Also for two spellings of the same seat.
const TWICE: &str = "must not contain the same seat twice";
const UNNUMBERED: &str = "this performance has no numbered seats; send grade and quantity";

/// Maximum number of seat ids in one body.
const SEAT_IDS_MAX: usize = 2 * SEATS_PER_MEMBER_MAX as usize;

/// 1 to 100 distinct seat ids. The performance sets the member's own limit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<SeatId>")]
#[schemars(inline, with = "Vec<SeatId>", extend("minItems" = 1, "maxItems" = SEAT_IDS_MAX, "uniqueItems" = true, "x-also-refused" = [TWICE]))]
struct SeatIds(Vec<SeatId>);

impl TryFrom<Vec<SeatId>> for SeatIds {
    type Error = String;

    fn try_from(seat_ids: Vec<SeatId>) -> Result<Self, String> {
        if !(1..=SEAT_IDS_MAX).contains(&seat_ids.len()) {
            return Err(format!("expected 1 to {SEAT_IDS_MAX} seats"));
        }
        // Two spellings of a seat count as the same seat.
        let mut seen = HashSet::new();
        if seat_ids.iter().any(|seat_id| !seen.insert(clean_line(seat_id))) {
            return Err(TWICE.to_owned());
        }
        Ok(Self(seat_ids))
    }
}

/// The endpoint.
pub struct HoldSeats;

impl Endpoint for HoldSeats {
    const ROUTE: Route = Route::post("/performances/{performanceId}/holds", "hold_seats")
        .tag("Holds")
        .summary("Hold seats for a few minutes, all or none")
        .errors(&[
            ErrorCode::NotFound,
            ErrorCode::QueueTokenMissing,
            ErrorCode::QueueTokenInvalid,
            ErrorCode::QueueTokenExpired,
            ErrorCode::NotAdmitted,
            ErrorCode::SalesClosed,
            ErrorCode::SeatNotFound,
            ErrorCode::GradeNotFound,
            ErrorCode::HoldExists,
            ErrorCode::TooManySeats,
            ErrorCode::TooManyRequests,
            ErrorCode::SeatsTaken,
            ErrorCode::NotEnoughSeats,
            ErrorCode::IdempotencyKeyReused,
        ])
        .headers(&[Header::QueueToken, Header::IdempotencyKey])
        .table(&[BatchGetItem, GetItem, PutItem, Query, UpdateItem])
        .memory_megabytes(512); // chooses the best seats of a block
    type Caller = Member;
    type Path = PerformanceId;
    type Query = NoQuery;
    type Body = Body;
    type Reply = HoldView;

    async fn call(app: &App, call: Call<Self>) -> Result<Answer<HoldView>> {
        let listing = app.store.listing_to_book(&call.path, call.now).await?;
        let performance = &listing.performance;
        let member = call.caller.member_id;
        if matches!(call.body, Body::Seats(_)) && performance.numbered().is_none() {
            return Err(Error::invalid("seatIds", UNNUMBERED));
        }
        let admission = admitted(app, performance, &member, call.queue_token.as_deref())?;

        let reply = |hold: &Hold| Answer::created(format!("/holds/{}", hold.hold_id), HoldView::of(hold, &listing));
        let (record, admission) = (call.idempotency_record(&reply), admission.as_ref());
        let holder = Holder { member: &member, performance, admission, record: record.as_ref(), now: call.now };
        let fresh = entropy::fresh_uuid();
        let held = under_admission(app, admission, call.now, async {
            match &call.body {
                Body::Seats(seat_ids) => {
                    let hold = Hold::place(&listing, seat_ids, &member, fresh, call.now)?.under(admission);
                    app.store.hold_seats(&holder, hold).await
                }
                Body::OfGrade { grade, quantity } => {
                    let hold = Hold::open(&listing, &member, fresh, call.now)?.under(admission);
                    app.store.hold_grade(&holder, hold, grade, *quantity).await
                }
            }
        });
        Ok(reply(&held.await?))
    }
}
