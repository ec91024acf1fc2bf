//! Performances: one dated occurrence of a show, with its seats, sales window and waiting room policy.

mod sales;

pub use sales::SalesState;

use crate::{
    Error, FieldErrors, Timestamp,
    ids::{PerformanceId, ShowId},
    limits::{
        GRADES_MAX, HOLD_DEFAULT_SECONDS, HOLD_MAX_SECONDS, OPENING_NOTICE_SECONDS, REASON_MAX_CHARS,
        SEATS_PER_MEMBER_DEFAULT, SEATS_PER_MEMBER_MAX, SHARDS_DEFAULT,
    },
    number::Whole,
    seating::{Numbered, Seating},
    text::Text,
    time::UtcTime,
    waiting_room::policy::{NewRoom, WaitingRoomPolicy},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

// Messages for details whose fields are valid on their own, but not together.
const STARTED: &str = "must be in the future";
const CLOSES_LATE: &str = "must not be after startsAt";
const OPENS_LATE: &str = "must be before salesCloseAt";
const TOO_MANY_GRADES: &str = "expected at most 40 grades";
const _: () = assert!(GRADES_MAX == 40);

/// The details of a performance as an organizer sends them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "PerformanceFields")]
#[schemars(with = "PerformanceFields", rename = "PerformanceDetails")]
pub struct PerformanceDetails {
    /// Start of the performance.
    pub starts_at: Timestamp,
    /// Start of sales; absent: on sale at once.
    pub sales_open_at: Option<Timestamp>,
    /// End of sales.
    pub sales_close_at: Timestamp,
    /// Seats that a member may hold and own together.
    pub max_seats_per_member: u32,
    /// Lifetime of a hold, in seconds.
    pub hold_seconds: i64,
    /// Sections or areas of the house.
    pub seating: Seating,
    /// The waiting room's policy, if there is one.
    pub waiting_room: Option<WaitingRoomPolicy>,
    /// Shards of the waiting room's line.
    pub shards: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PerformanceDetails", extend("x-also-refused" = [CLOSES_LATE, OPENS_LATE, TOO_MANY_GRADES, STARTED]), example = serde_json::json!({"startsAt": "2099-12-24T10:30:00Z", "seating": {"type": "numbered", "sections": [{"name": "A", "grade": "R", "price": 120_000, "rows": 2, "seatsPerRow": 10}]}}))]
#[allow(dead_code, reason = "read by serde and schemars")]
struct PerformanceFields {
    /// Start of the performance. It must be in the future, unless it is unchanged.
    starts_at: UtcTime,
    sales_open_at: Option<UtcTime>,
    sales_close_at: Option<UtcTime>,
    max_seats_per_member: Option<Whole<1, { SEATS_PER_MEMBER_MAX as i64 }>>,
    hold_seconds: Option<Whole<1, HOLD_MAX_SECONDS>>,
    seating: Seating,
    waiting_room: Option<NewRoom>,
}

impl TryFrom<PerformanceFields> for PerformanceDetails {
    type Error = FieldErrors;

    /// # Errors
    /// Names the fields that are out of range.
    fn try_from(fields: PerformanceFields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let starts_at = fields.starts_at.0;
        let sales_open_at = fields.sales_open_at.map(|time| time.0);
        let sales_close_at = fields.sales_close_at.map_or(starts_at, |time| time.0);
        errors.check(sales_close_at > starts_at, "salesCloseAt", CLOSES_LATE);
        let opens_late = sales_open_at.is_some_and(|open| open >= sales_close_at);
        errors.check(opens_late, "salesOpenAt", OPENS_LATE);
        let too_many = fields.seating.grades().len() > GRADES_MAX;
        errors.check(too_many, "seating", TOO_MANY_GRADES);
        let max_seats_per_member = fields.max_seats_per_member.map_or(SEATS_PER_MEMBER_DEFAULT, Whole::to_u32);
        let hold_seconds = fields.hold_seconds.map_or(HOLD_DEFAULT_SECONDS, Whole::get);
        errors.or(Self {
            starts_at,
            sales_open_at,
            sales_close_at,
            max_seats_per_member,
            hold_seconds,
            seating: fields.seating,
            waiting_room: fields.waiting_room.map(|room| room.policy),
            shards: fields.waiting_room.map_or(SHARDS_DEFAULT, |room| room.shards),
        })
    }
}

impl PerformanceDetails {
    /// Checks that the start is after `now`, or as it was `before`. A started performance can be neither booked nor listed.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a start in the past.
    pub fn check_start(&self, before: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
        if now < self.starts_at || before == Some(self.starts_at) {
            Ok(())
        } else {
            Err(Error::invalid("startsAt", STARTED))
        }
    }
}

/// The organizer's reason for cancelling a performance.
pub type Reason = Text<REASON_MAX_CHARS, true>;

/// An organizer's cancellation of a performance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// The reason as shown to every member.
    pub reason: Reason,
    /// When the performance was cancelled; nothing is sold from then on.
    pub cancelled_at: Timestamp,
}

/// A performance as stored. If [`Performance::has_waiting_room`], the room's own item has its policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performance {
    /// Its id.
    pub performance_id: PerformanceId,
    /// The performance's show.
    pub show_id: ShowId,
    /// Start of the performance.
    pub starts_at: Timestamp,
    /// Start of sales; `None`: on sale at once.
    pub sales_open_at: Option<Timestamp>,
    /// End of sales, at the latest the start of the performance.
    pub sales_close_at: Timestamp,
    /// Seats that a member may hold and own together.
    pub max_seats_per_member: u32,
    /// Lifetime of a hold, in seconds.
    pub hold_seconds: i64,
    /// Sections or areas of the house.
    pub seating: Seating,
    /// The version of the layout that the seats belong to; part of every seat's key.
    pub layout: u32,
    /// Whether booking requires a queue token.
    pub has_waiting_room: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// The organizer's cancellation, which is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// Number of changes; each change is conditioned on it.
    pub revision: u64,
    /// When the freeze expires, if the performance is being moved, re-seated or deleted; otherwise `None`. While
    /// this is set nothing can be held, even after that time: the next hold or change removes it first.
    #[serde(rename = "closing_until", default, skip_serializing_if = "Option::is_none")]
    pub frozen_until: Option<Timestamp>,
}

impl Performance {
    /// A performance of `show_id`, created at `now`.
    pub fn new(performance_id: PerformanceId, show_id: ShowId, details: PerformanceDetails, now: Timestamp) -> Self {
        Self {
            performance_id,
            show_id,
            starts_at: details.starts_at,
            sales_open_at: details.sales_open_at,
            sales_close_at: details.sales_close_at,
            max_seats_per_member: details.max_seats_per_member,
            hold_seconds: details.hold_seconds,
            seating: details.seating,
            layout: 1,
            has_waiting_room: details.waiting_room.is_some(),
            created_at: now,
            cancellation: None,
            revision: 1,
            frozen_until: None,
        }
    }

    /// The cancellation of this performance at `now`; an earlier one stands.
    ///
    /// # Errors
    /// [`Error::PerformanceStarted`] after the start: one call must not refund everybody who was there.
    pub fn cancel(&self, reason: Reason, now: Timestamp) -> Result<Cancellation, Error> {
        match &self.cancellation {
            Some(first) => Ok(first.clone()),
            None if now >= self.starts_at => Err(Error::PerformanceStarted),
            None => Ok(Cancellation { reason, cancelled_at: now }),
        }
    }

    /// The performance with new details. Changing the house starts a new version of the layout: none of its seats has
    /// an item of the old one.
    #[must_use]
    pub fn edited(&self, details: PerformanceDetails) -> Self {
        let layout = if self.seating == details.seating { self.layout } else { self.layout + 1 };
        Self {
            starts_at: details.starts_at,
            sales_open_at: details.sales_open_at,
            sales_close_at: details.sales_close_at,
            max_seats_per_member: details.max_seats_per_member,
            hold_seconds: details.hold_seconds,
            seating: details.seating,
            layout,
            has_waiting_room: details.waiting_room.is_some(),
            revision: self.revision + 1,
            frozen_until: None,
            ..self.clone()
        }
    }

    /// Whether `details` change something a buyer has relied on: the start, their seat, or its price.
    pub fn is_upset_by(&self, details: &PerformanceDetails) -> bool {
        self.starts_at != details.starts_at || self.seating != details.seating
    }

    /// Whether `details` bring the opening so close to `now` that members in line, who poll rarely before an opening,
    /// could miss it. A room that was removed keeps its line, so restoring the room counts as well.
    pub fn opens_too_soon(&self, details: &PerformanceDetails, now: Timestamp) -> bool {
        let opening = |at: Option<Timestamp>| at.unwrap_or_default().max(now);
        let (before, after) = (opening(self.sales_open_at), opening(details.sales_open_at));
        (self.has_waiting_room || details.waiting_room.is_some())
            && after < before
            && after < now.plus_seconds(OPENING_NOTICE_SECONDS)
    }

    /// Checks that the performance is not frozen by an organizer's change.
    ///
    /// # Errors
    /// [`Error::Busy`] while it is being moved, re-seated or deleted; it may be on sale again in a moment.
    pub fn check_not_frozen(&self) -> Result<(), Error> {
        if self.frozen_until.is_some() { Err(Error::Busy) } else { Ok(()) }
    }

    /// The house's numbered layout; `None` for general admission.
    pub fn numbered(&self) -> Option<&Numbered> {
        match &self.seating {
            Seating::Numbered(numbered) => Some(numbered),
            Seating::General(_) => None,
        }
    }

    /// Checks whether holds and payments are accepted at `now`: `salesOpenAt <= now < salesCloseAt`, and not
    /// cancelled.
    ///
    /// # Errors
    /// [`Error::SalesClosed`] outside the window.
    pub fn check_on_sale(&self, now: Timestamp) -> Result<(), Error> {
        self.check_sales_not_over(now)?;
        if self.sales_open_at.is_none_or(|open| open <= now) { Ok(()) } else { Err(Error::SalesClosed) }
    }

    /// Checks whether members may join the line at `now`. They may before sales open.
    ///
    /// # Errors
    /// [`Error::SalesClosed`] if sales have closed or the performance was cancelled.
    pub fn check_sales_not_over(&self, now: Timestamp) -> Result<(), Error> {
        let open = now < self.sales_close_at && self.cancellation.is_none();
        if open { Ok(()) } else { Err(Error::SalesClosed) }
    }

    /// When sales end, or ended with a cancellation.
    pub fn sales_end_at(&self) -> Timestamp {
        let cancelled_at = self.cancellation.as_ref().map(|cancellation| cancellation.cancelled_at);
        cancelled_at.map_or(self.sales_close_at, |at| at.min(self.sales_close_at))
    }

    /// Checks whether members may continue to wait in line at `now`.
    ///
    /// # Errors
    /// [`Error::PerformanceCancelled`] or [`Error::SalesClosed`]: nobody is admitted any more.
    pub fn check_line(&self, now: Timestamp) -> Result<(), Error> {
        match &self.cancellation {
            Some(Cancellation { reason, .. }) => {
                Err(Error::PerformanceCancelled { reason: reason.as_str().to_owned() })
            }
            None => self.check_sales_not_over(now),
        }
    }

    /// The state of sales at `now`, with `available` free seats.
    pub fn sales_state(&self, available: u32, now: Timestamp) -> SalesState {
        if self.cancellation.is_some() {
            SalesState::Cancelled
        } else if self.sales_close_at <= now {
            SalesState::Closed
        } else if self.sales_open_at.is_some_and(|open| now < open) {
            SalesState::Upcoming
        } else if available == 0 {
            SalesState::SoldOut
        } else {
            SalesState::Open
        }
    }

    /// When a hold taken at `now` expires: after `holdSeconds`, never past the close of sales.
    pub fn hold_expires_at(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.hold_seconds).min(self.sales_close_at)
    }
}
