//! Holds: short-lived claims on seats.

use crate::limits::ORDER_NAME_MAX_CHARS;
use frontrow_domain::{
    Error, Result, Timestamp,
    hold::Hold,
    ids::{HoldId, PerformanceId, ShowId},
    limits::CARD_ATTEMPTS_MAX,
    listing::Listing,
    money::{Currency, Won},
    seating::SeatId,
    show::TimeZone,
    time::UtcTime,
};
use frontrow_edge::App;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A hold as its member sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Hold")]
pub struct HoldView {
    hold_id: HoldId,
    performance_id: PerformanceId,
    show_id: ShowId,
    show_title: String,
    venue: String,
    starts_at: UtcTime,
    time_zone: TimeZone,
    /// `null` if the seats span several grades.
    grade: Option<String>,
    /// In layout order; empty for general admission.
    seat_ids: Vec<SeatId>,
    /// In layout order.
    seats: Vec<SeatView>,
    quantity: usize,
    total_price: Won,
    currency: Currency,
    created_at: UtcTime,
    /// When the hold expires and its seats become free.
    expires_at: UtcTime,
    /// `null` after too many declined cards.
    payment: Option<OrderView>,
}

/// A held seat, or held places.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", untagged)]
#[schemars(rename = "HeldSeat")]
pub(super) enum SeatView {
    /// A numbered seat.
    #[serde(rename_all = "camelCase")]
    Seat {
        seat_id: SeatId,
        section: String,
        /// Row, from 1.
        row: u32,
        /// Number within the row, from 1.
        number: u32,
        grade: String,
        price: Won,
    },
    /// General admission places of one grade.
    Places {
        grade: String,
        /// Price of one place.
        price: Won,
        quantity: u32,
    },
}

/// The data that the payment provider needs to issue a card token for the hold. Each declined payment is followed by a new
/// order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Order")]
pub(super) struct OrderView {
    /// The provider's order id of the hold's next payment. A token of another order is declined.
    order_id: String,
    amount: Won,
    currency: Currency,
    order_name: String,
}

impl HoldView {
    /// The hold with the details of its performance.
    pub fn of(hold: &Hold, listing: &Listing) -> Self {
        let Listing { performance, show } = listing;
        let seats = seats(hold, listing);
        let seat_id = |seat: &SeatView| match seat {
            SeatView::Seat { seat_id, .. } => Some(seat_id.clone()),
            SeatView::Places { .. } => None,
        };
        let payment = (hold.attempt <= CARD_ATTEMPTS_MAX).then(|| OrderView {
            order_id: hold.purchase().payment().order(),
            amount: hold.total(),
            currency: Currency::Krw,
            order_name: order_name(show.details.title.as_str(), hold.seats.len()),
        });
        Self {
            hold_id: hold.hold_id.clone(),
            performance_id: hold.performance_id().clone(),
            show_id: show.show_id.clone(),
            show_title: show.details.title.as_str().to_owned(),
            venue: show.details.venue.as_str().to_owned(),
            starts_at: performance.starts_at.into(),
            time_zone: show.time_zone(),
            grade: hold.grade().map(str::to_owned),
            seat_ids: seats.iter().filter_map(seat_id).collect(),
            seats,
            quantity: hold.seats.len(),
            total_price: hold.total(),
            currency: Currency::Krw,
            created_at: hold.created_at.into(),
            expires_at: hold.expires_at.into(),
            payment,
        }
    }
}

/// Returns the hold, bounded by the current end of sales, which may have moved since the hold was taken, and its performance.
/// `None` if the hold has expired at `now`.
pub(super) async fn by_present_rule(app: &App, hold: Hold, now: Timestamp) -> Result<Option<(Hold, Arc<Listing>)>> {
    match app.store.listing(hold.performance_id(), now).await {
        Ok(listing) => {
            let hold = hold.bounded_by(&listing.performance);
            Ok(hold.is_live(now).then_some((hold, listing)))
        }
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Numbered seats in layout order, then the general admission places grouped by grade.
pub(super) fn seats(hold: &Hold, listing: &Listing) -> Vec<SeatView> {
    let house = listing.performance.numbered();
    let place = |seat_id: &SeatId| house.and_then(|house| house.find(seat_id));
    let numbered = hold.seats.iter().filter_map(|seat| Some((seat, place(seat.seat_id()?)?)));
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_unstable_by_key(|(_, place)| place.index);
    let numbered = numbered.into_iter().map(|(seat, place)| SeatView::Seat {
        seat_id: place.seat_id(),
        section: place.section.name.as_str().to_owned(),
        row: place.row,
        number: place.number,
        grade: seat.grade.clone(),
        price: seat.price,
    });
    let counted: Vec<_> = hold.seats.iter().filter(|seat| seat.seat_id().is_none()).collect();
    let counted = counted.chunk_by(|one, other| one.grade == other.grade).map(|places| SeatView::Places {
        grade: places[0].grade.clone(),
        price: places[0].price,
        quantity: u32::try_from(places.len()).unwrap_or(u32::MAX),
    });
    numbered.chain(counted).collect()
}

/// The show title and the number of seats, cut to the provider's limit.
pub(super) fn order_name(title: &str, quantity: usize) -> String {
    let count = format!(" × {quantity}");
    let title: String = title.chars().take(ORDER_NAME_MAX_CHARS - count.chars().count()).collect();
    title + &count
}
