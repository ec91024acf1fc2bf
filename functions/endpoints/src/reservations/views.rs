//! Reservations: the seats that a member bought, and their cancellation.

use frontrow_domain::{
    booking_reference::BookingReference,
    hold::HeldSeat,
    ids::{PaymentId, PerformanceId, ReservationId, ShowId, TicketId},
    money::{Currency, Won},
    reservation::{MailStatus, Reservation, ReservationStatus},
    seating::SeatId,
    show::{PosterUrl, TimeZone},
    time::UtcTime,
};
use frontrow_edge::codes::Codes;
use frontrow_store::Booked;
use schemars::JsonSchema;
use serde::Serialize;

/// A reservation as its member sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Reservation")]
pub struct ReservationView {
    reservation_id: ReservationId,
    /// Booking reference for humans, such as `K7QX-4M2P`.
    booking_reference: BookingReference,
    status: ReservationStatus,
    /// `member`, or the reason given by the organizer who cancelled the performance.
    cancel_reason: Option<String>,
    show_id: ShowId,
    show_title: String,
    poster_url: Option<PosterUrl>,
    performance_id: PerformanceId,
    starts_at: UtcTime,
    time_zone: TimeZone,
    venue: String,
    /// Empty for general admission.
    seat_ids: Vec<SeatId>,
    quantity: usize,
    total_price: Won,
    currency: Currency,
    tickets: Vec<TicketView>,
    ticket_mail: TicketMail,
    payment_id: PaymentId,
    created_at: UtcTime,
    cancelled_at: Option<UtcTime>,
}

/// One ticket. Its QR code is available as an image at `/tickets/{ticketId}/qr.png`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Ticket")]
pub struct TicketView {
    ticket_id: TicketId,
    /// `null` for general admission.
    seat_id: Option<SeatId>,
    /// `null` for general admission.
    section: Option<String>,
    /// Row, from 1; `null` for general admission.
    row: Option<u32>,
    /// Number within the row, from 1; `null` for general admission.
    number: Option<u32>,
    grade: String,
    price: Won,
    currency: Currency,
    /// Text of the QR code; `null` while the reservation is pending and after it is cancelled.
    code: Option<String>,
    /// How many times the ticket was reissued. Only the latest code is valid at the door.
    generation: u32,
    /// When the ticket was used.
    checked_in_at: Option<UtcTime>,
}

impl TicketView {
    /// The ticket of one seat of `reservation`.
    pub(crate) fn of(ticket_id: TicketId, seat: &HeldSeat, reservation: &Reservation, codes: &Codes) -> Self {
        let (position, door) = (seat.position(), &reservation.door);
        let is_valid = reservation.status == ReservationStatus::Confirmed;
        Self {
            seat_id: seat.seat_id().cloned(),
            section: position.map(|(section, ..)| section.to_owned()),
            row: position.map(|(_, row, _)| row),
            number: position.map(|(.., number)| number),
            grade: seat.grade.clone(),
            price: seat.price,
            currency: Currency::Krw,
            code: is_valid.then(|| codes.ticket_code(&reservation.claim(&ticket_id))),
            generation: door.generation(&ticket_id),
            checked_in_at: door.check_in(&ticket_id).map(|check_in| check_in.at.into()),
            ticket_id,
        }
    }
}

/// Progress of the ticket mail.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct TicketMail {
    status: MailStatus,
}

impl ReservationView {
    /// The reservation, with the codes of its tickets.
    pub(crate) fn of(booked: Booked, codes: &Codes) -> Self {
        let ticket_mail = TicketMail { status: booked.ticket_mail() };
        let reservation = booked.reservation;
        let ticket = |(ticket_id, seat)| TicketView::of(ticket_id, seat, &reservation, codes);
        Self {
            booking_reference: reservation.reservation_id.booking_reference(),
            status: reservation.status,
            cancel_reason: reservation.cancel_reason.as_ref().map(|reason| reason.text().to_owned()),
            seat_ids: reservation.seats.iter().filter_map(HeldSeat::seat_id).cloned().collect(),
            quantity: reservation.seats.len(),
            total_price: reservation.total(),
            currency: Currency::Krw,
            tickets: reservation.tickets().map(ticket).collect(),
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
