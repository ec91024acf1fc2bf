//! Reservations: what a member bought, and its cancellation (R4, R5).

pub mod cancel_reservation;
pub mod get_reservation;
pub mod list_reservations;
pub mod mail_tickets;

use frontrow_domain::{
    hold::HeldSeat,
    ids::{PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    money::Won,
    reservation::{MailStatus, ReservationStatus},
    seating::SeatId,
    show::{PosterUrl, TimeZone},
    time::UtcTime,
};
use frontrow_store::Booked;
use schemars::JsonSchema;
use serde::Serialize;

/// A reservation as its member sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Reservation")]
pub struct ReservationView {
    reservation_id: ReservationId,
    status: ReservationStatus,
    /// `member`, or the words of the organizer who cancelled the performance.
    cancel_reason: Option<String>,
    show_id: ShowId,
    show_title: String,
    poster_url: Option<PosterUrl>,
    performance_id: PerformanceId,
    starts_at: UtcTime,
    time_zone: TimeZone,
    venue: String,
    /// Empty where places are only counted.
    seat_ids: Vec<SeatId>,
    quantity: usize,
    total_price: Won,
    tickets: Vec<TicketView>,
    ticket_mail: TicketMail,
    payment_id: PaymentId,
    created_at: UtcTime,
    cancelled_at: Option<UtcTime>,
}

/// One ticket; its QR code is at `/tickets/{ticketId}/qr.png`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Ticket")]
pub struct TicketView {
    ticket_id: TicketId,
    /// `null` where places are only counted.
    seat_id: Option<SeatId>,
    grade: String,
    price: Won,
}

impl TicketView {
    /// The ticket of a seat.
    pub(crate) fn of(ticket_id: TicketId, seat: &HeldSeat) -> Self {
        let (grade, price) = (seat.grade.clone(), seat.price);
        Self { ticket_id, seat_id: seat.seat_id.clone(), grade, price }
    }
}

/// How far the mail with the tickets has come.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct TicketMail {
    status: MailStatus,
}

impl From<Booked> for ReservationView {
    fn from(booked: Booked) -> Self {
        let ticket_mail = TicketMail { status: booked.ticket_mail() };
        let reservation = booked.reservation;
        Self {
            status: reservation.status,
            cancel_reason: reservation.cancel_reason.as_ref().map(|reason| reason.text().to_owned()),
            seat_ids: reservation.seats.iter().filter_map(|seat| seat.seat_id.clone()).collect(),
            quantity: reservation.seats.len(),
            total_price: reservation.total(),
            tickets: reservation.tickets().map(|(ticket_id, seat)| TicketView::of(ticket_id, seat)).collect(),
            ticket_mail,
            payment_id: reservation.payment_id(),
            created_at: reservation.created_at.into(),
            cancelled_at: reservation.cancelled_at.map(UtcTime::from),
            show_id: reservation.sold.show_id,
            show_title: reservation.sold.show_title,
            poster_url: reservation.sold.poster_url,
            performance_id: reservation.sold.performance_id,
            starts_at: reservation.sold.starts_at.into(),
            time_zone: reservation.sold.time_zone,
            venue: reservation.sold.venue,
            reservation_id: reservation.reservation_id,
        }
    }
}
