//! The rows derived from a reservation for its member and its organizer, at every stage.

use super::*;
use crate::{
    card::{CardPayment, CardState},
    door::Door,
    door_list::{DoorRow, sorted_name},
    hold::{HeldSeat, Taken},
    ids::HoldId,
    mailing::Mailing,
    member::{EmailAddress, Language, Name},
    my_page::{PageEntry, PageEntryStatus, PageEntryType},
    reservation::{Buyer, PaymentMethod, ReservationStatus, Sold},
    sales::Sale,
    show::TimeZone,
};

const BOOKED: Timestamp = Timestamp::from_millis(1_798_038_000_000);
const ENDED: Timestamp = Timestamp::from_millis(1_798_041_600_000);

fn booked() -> Reservation {
    let hold: HoldId = "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo".parse().unwrap();
    let seat = |seat_id: &str, grade: &str, price| HeldSeat {
        taken: Taken::Seat { seat_id: seat_id.to_owned(), block: 0 },
        grade: grade.to_owned(),
        price: Won(price),
    };
    Reservation {
        reservation_id: hold.purchase(1),
        buyer: Buyer {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            email: EmailAddress::try_from("alice@example.com".to_owned()).unwrap(),
            name: Name::try_from("Alice".to_owned()).unwrap(),
            language: Language::Ko,
            former_names: Vec::new(),
        },
        sold: Sold {
            show_id: "show".parse().unwrap(),
            show_title: "Aida".to_owned(),
            poster_url: None,
            venue: "Hall".to_owned(),
            time_zone: TimeZone::default(),
            performance_id: "demo".parse().unwrap(),
            starts_at: Timestamp::from_millis(1_798_108_200_000),
        },
        layout: 1,
        seats: vec![seat("A-1-7", "VIP", 100), seat("A-1-8", "VIP", 100), seat("B-1-1", "R", 70)],
        status: ReservationStatus::Confirmed,
        method: PaymentMethod::Points,
        created_at: BOOKED,
        cancelled_at: None,
        cancel_reason: None,
        door: Door::default(),
        mailing: Mailing::default(),
        card: None,
    }
}

fn notices(reservation: &Reservation) -> Vec<(NoticeType, i64, Timestamp)> {
    Notice::all_of(reservation).into_iter().map(|it| (it.kind, it.amount.0, it.created_at)).collect()
}

fn entries(reservation: &Reservation) -> Vec<(PageEntryType, PageEntryStatus, i64, Timestamp)> {
    PageEntry::all_of(reservation).into_iter().map(|it| (it.kind, it.status, it.amount.0, it.updated_at)).collect()
}

#[test]
fn a_booking_and_its_cancellation_are_two_notices() {
    let reservation = booked();
    let approved = (NoticeType::PaymentApproved, 270, BOOKED);
    let booking = (PageEntryType::Reservation, PageEntryStatus::PaymentApproved, 270, BOOKED);
    assert_eq!(notices(&reservation), [approved]);
    assert_eq!(entries(&reservation), [booking]);
    let cancelled = reservation.cancel(CancelReason::Member, ENDED).unwrap();
    assert_eq!(notices(&cancelled), [approved, (NoticeType::ReservationCancelled, 270, ENDED)]);
    let cancellation = (PageEntryType::Cancellation, PageEntryStatus::PaymentCancelled, 270, ENDED);
    assert_eq!(entries(&cancelled), [booking, cancellation]);
    let ids: Vec<_> = PageEntry::all_of(&cancelled).into_iter().map(|it| it.entry_id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn an_organizers_cancellation_has_its_own_notice() {
    let reason = CancelReason::Organizer("Rain".to_owned().try_into().unwrap());
    let late = Timestamp::from_millis(1_798_108_200_001);
    let cancelled = booked().cancel(reason, late).unwrap();
    assert_eq!(notices(&cancelled)[1], (NoticeType::PerformanceCancelled, 270, late));
}

#[test]
fn only_confirmed_reservations_count_as_sold() {
    // 24 December, 00:00 in Seoul.
    let reservation = Reservation { created_at: Timestamp::from_millis(1_798_038_000_000), ..booked() };
    let sale = |grade: &str, seats, amount| Sale {
        day: "2026-12-24".to_owned(),
        grade: grade.to_owned(),
        seats,
        amount: Won(amount),
    };
    assert_eq!(Sale::all_of(&reservation), [sale("R", 1, 70), sale("VIP", 2, 200)]);
    assert_eq!(sale("R", 1, 70).undone(), sale("R", -1, -70));
    let cancelled = reservation.cancel(CancelReason::Member, ENDED).unwrap();
    assert!(Sale::all_of(&cancelled).is_empty() && !DoorRow::of(&cancelled).is_live());
}

#[test]
fn sort_keys_of_names_are_lowercased_and_truncated() {
    assert_eq!(sorted_name("PARK Jimin"), "park jimin");
    assert_eq!(sorted_name(&"Ä".repeat(100)).chars().count(), 40);
}

/// A card purchase at every stage; one that was never paid is not refunded.
#[test]
fn a_card_payment_is_pending_then_approved_declined_or_cancelled() {
    let deadline = ENDED.plus_seconds(600);
    let card = CardPayment {
        state: CardState::Pending,
        deadline,
        bucket_end: None,
        approved_at: None,
        token: None,
        before: None,
        decline_reason: None,
        returned_until: None,
    };
    let pending =
        Reservation { status: ReservationStatus::Pending, method: PaymentMethod::Card, card: Some(card), ..booked() };
    let booking = |status, at| (PageEntryType::Reservation, status, 270, at);
    assert!(notices(&pending).is_empty() && Sale::all_of(&pending).is_empty());
    assert_eq!(entries(&pending), [booking(PageEntryStatus::PaymentPending, BOOKED)]);

    let approved = pending.clone().approved(ENDED);
    assert_eq!(notices(&approved), [(NoticeType::PaymentApproved, 270, ENDED)]);
    assert_eq!(entries(&approved), [booking(PageEntryStatus::PaymentApproved, ENDED)]);
    assert_eq!(Sale::all_of(&approved).len(), 2);
    let later = ENDED.plus_seconds(60);
    let refunded = approved.cancel(CancelReason::Member, later).unwrap();
    assert_eq!(notices(&refunded)[1], (NoticeType::ReservationCancelled, 270, later));
    assert_eq!(entries(&refunded)[0], booking(PageEntryStatus::PaymentApproved, ENDED));

    let declined = pending.clone().declined(DeclineReason::CardExpired, ENDED);
    assert_eq!(notices(&declined), [(NoticeType::PaymentDeclined, 270, ENDED)]);
    assert_eq!(entries(&declined), [booking(PageEntryStatus::PaymentDeclined, ENDED)]);

    for off in [pending.clone().expired(ENDED), pending.cancel(CancelReason::Member, ENDED).unwrap()] {
        assert_eq!(notices(&off), [(NoticeType::ReservationCancelled, 0, ENDED)]);
        let cancellation = (PageEntryType::Cancellation, PageEntryStatus::PaymentCancelled, 0, ENDED);
        assert_eq!(entries(&off), [booking(PageEntryStatus::PaymentCancelled, ENDED), cancellation]);
    }
}
