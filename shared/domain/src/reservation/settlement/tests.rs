use super::*;
use crate::{
    card::{HoldBefore, deadline, is_never_taken, wait_seconds},
    limits::{
        CARD_ATTEMPTS_MAX, CARD_DEADLINE_SECONDS, CARD_VOID_SECONDS, CARD_WAIT_MAX_SECONDS, CARD_WAIT_MIN_SECONDS,
    },
    performance::{Cancellation, Reason},
    reservation::PaymentStatus,
};
use proptest::prelude::*;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn token() -> CardToken {
    CardToken::try_from("tok_1".to_owned()).unwrap()
}

/// A purchase that was accepted at `NOW`.
fn pending() -> Reservation {
    let deadline = deadline(NOW);
    let reservation = json!({
        "reservation_id": "r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo", "status": "pending", "method": "card", "layout": 1,
        "created_at": NOW.millis(),
        "buyer": {
            "member_id": "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005", "email": "a@example.com", "name": "Alice", "language": "en",
        },
        "sold": {
            "show_id": "s", "show_title": "Aida", "venue": "Hall", "time_zone": "Asia/Seoul",
            "performance_id": "demo", "starts_at": NOW.plus_seconds(86_400).millis(),
        },
        "seats": [{"seat_id": "A-1-7", "block": 0, "grade": "VIP", "price": 150_000}],
        "door": {"check_ins": {}, "generations": {}},
        "mailing": {"number": 0},
        "card": {"state": "pending", "deadline": deadline.millis(), "token": "tok_1"},
    });
    serde_json::from_value(reservation).unwrap()
}

fn state(reservation: &Reservation) -> CardState {
    reservation.card.as_ref().unwrap().state
}

#[test]
fn a_token_is_bounded_and_never_printed() {
    assert!(CardToken::try_from(String::new()).is_err());
    assert!(CardToken::try_from("a b".to_owned()).is_err());
    assert!(CardToken::try_from("카드".to_owned()).is_err());
    assert!(CardToken::try_from("a".repeat(201)).is_err());
    assert!(CardToken::try_from("a".repeat(200)).is_ok());
    assert!(!format!("{:?}", pending()).contains("tok_1"));
}

#[test]
fn a_pending_payment_is_confirmed_until_its_deadline_and_then_expires() {
    let pending = pending();
    assert_eq!(next_step(&pending, NOW), Step::Confirm(token()));
    assert_eq!(next_step(&pending, NOW.plus_seconds(CARD_DEADLINE_SECONDS - 1)), Step::Confirm(token()));
    assert_eq!(next_step(&pending, NOW.plus_seconds(CARD_DEADLINE_SECONDS)), Step::Expire);
    let hold = pending.pending_hold().unwrap();
    assert_eq!((hold.purchase(), hold.expires_at), (pending.reservation_id.clone(), deadline(NOW)));
}

#[test]
fn the_payment_status_follows_every_step() {
    let seen = |one: &Reservation| (one.status, one.payment_status());
    let (pending, approved) = (pending(), pending().approved(NOW));
    assert_eq!(seen(&pending), (ReservationStatus::Pending, PaymentStatus::Pending));
    assert_eq!(seen(&approved), (ReservationStatus::Confirmed, PaymentStatus::Approved));
    assert_eq!(
        seen(&pending.clone().declined(DeclineReason::Rejected, NOW)),
        (ReservationStatus::Cancelled, PaymentStatus::Declined)
    );
    assert_eq!(seen(&pending.clone().expired(NOW)), (ReservationStatus::Cancelled, PaymentStatus::Cancelled));
    assert_eq!(
        seen(&pending.cancel(CancelReason::Member, NOW).unwrap()),
        (ReservationStatus::Cancelled, PaymentStatus::Cancelled)
    );
    assert_eq!(
        seen(&approved.cancel(CancelReason::Member, NOW).unwrap()),
        (ReservationStatus::Cancelled, PaymentStatus::Cancelled)
    );
}

#[test]
fn an_ended_payment_settles_only_when_no_call_can_be_in_flight() {
    let voiding = pending().cancel(CancelReason::Member, NOW).unwrap().card.unwrap();
    let last = deadline(NOW).plus_seconds(CARD_VOID_SECONDS);
    assert!(!is_never_taken(&voiding, last.plus_seconds(-1)));
    assert!(is_never_taken(&voiding, last));
    let refund_due = pending().approved(NOW).cancel(CancelReason::Member, NOW).unwrap().card.unwrap();
    assert!(!is_never_taken(&refund_due, last), "the provider did charge it");
}

/// A performance on sale at `NOW`, whose sale closes `close` seconds later.
fn performance(close: i64) -> Performance {
    let performance = json!({
        "performance_id": "demo", "show_id": "s", "starts_at": NOW.plus_seconds(86_400).millis(), "sales_open_at": null,
        "sales_close_at": NOW.plus_seconds(close).millis(), "max_seats_per_member": 4, "hold_seconds": 300,
        "seating": {"type": "numbered", "sections": [{"name": "A", "grade": "VIP", "price": 150_000, "rows": 1, "seatsPerRow": 9}]},
        "layout": 1, "has_waiting_room": true, "created_at": 0, "revision": 1,
    });
    serde_json::from_value(performance).unwrap()
}

/// The same purchase, of a hold that would have expired after `left` seconds.
fn pending_of(left: i64, attempt: u8) -> Reservation {
    let mut one = pending();
    one.reservation_id = one.reservation_id.hold().purchase(attempt);
    let (created_at, expires_at) = (NOW.plus_seconds(left - 300), NOW.plus_seconds(left));
    let before = Some(HoldBefore { created_at, expires_at, admission: Some(17) });
    one.card = one.card.map(|card| CardPayment { before, ..card });
    one
}

#[test]
fn a_returned_hold_keeps_its_remaining_time_and_at_least_a_minute() {
    let until = |left, after: i64, close| {
        let hold = pending_of(left, 1).returned_hold(&performance(close), NOW.plus_seconds(after))?;
        Some(hold.expires_at.seconds_since(NOW))
    };
    assert_eq!(until(240, 2, 86_400), Some(240));
    assert_eq!(until(240, 180, 86_400), Some(240), "the minute and the rest are the same");
    assert_eq!(until(240, 181, 86_400), Some(241));
    assert_eq!(until(240, CARD_DEADLINE_SECONDS - 1, 86_400), Some(CARD_DEADLINE_SECONDS + 59));
    assert_eq!(until(240, CARD_DEADLINE_SECONDS, 86_400), None, "others may have the seats");
    // The close of sales limits all of it, including the minute.
    assert_eq!(until(240, 2, 200), Some(200));
    assert_eq!(until(240, 181, 200), Some(200));
    assert_eq!(until(240, 199, 200), Some(200));
    assert_eq!(until(240, 200, 200), None);
}

#[test]
fn a_returned_hold_is_paid_by_a_new_purchase() {
    let hold = pending_of(240, 1).returned_hold(&performance(86_400), NOW).unwrap();
    assert_eq!((hold.created_at, hold.prolongs), (NOW.plus_seconds(-60), Some(17)));
    assert_eq!(hold.seats, pending().seats);
    assert_eq!(hold.hold_id, pending().reservation_id.hold());
    assert_eq!(hold.purchase(), hold.hold_id.purchase(2));
    let attempt = |attempt| pending_of(240, attempt).returned_hold(&performance(86_400), NOW).map(|hold| hold.attempt);
    assert_eq!(attempt(CARD_ATTEMPTS_MAX), Some(PAYMENT_ATTEMPTS_MAX));
    assert_eq!(attempt(PAYMENT_ATTEMPTS_MAX), None);
}

#[test]
fn declined_seats_become_free_if_they_can_no_longer_be_paid() {
    let open = performance(86_400);
    assert!(pending().returned_hold(&open, NOW).is_none(), "an older version's purchase does not know its hold");
    let reason = Reason::try_from("Rain".to_owned()).unwrap();
    let off = Performance { cancellation: Some(Cancellation { reason, cancelled_at: NOW }), ..open.clone() };
    assert!(pending_of(240, 1).returned_hold(&off, NOW).is_none());
    let reseated = Performance { layout: 2, ..open.clone() };
    assert!(pending_of(240, 1).returned_hold(&reseated, NOW).is_none());
    let over = pending_of(240, 1).declined(DeclineReason::Other, NOW);
    assert!(over.returned_hold(&open, NOW).is_none(), "it is pending no longer");
}

#[test]
fn a_decline_states_its_reason_and_the_new_expiry() {
    let pending = pending_of(240, 1);
    let hold = pending.returned_hold(&performance(86_400), NOW).unwrap();
    let declined = pending.clone().declined(DeclineReason::LimitExceeded, NOW).returned_to(&hold);
    assert_eq!(declined.decline_reason(), Some(DeclineReason::LimitExceeded));
    assert_eq!(declined.card.as_ref().unwrap().returned_until, Some(hold.expires_at));
    assert_eq!(pending.decline_reason(), None);
    assert_eq!(pending.cancel(CancelReason::Member, NOW).unwrap().decline_reason(), None);
    let mut old = declined;
    old.card = None;
    assert_eq!(old.decline_reason(), Some(DeclineReason::Other));
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Approved,
    Declined,
    Expired,
    Cancelled,
    GivenBack,
}

proptest! {
    /// Whatever the order of responses, deadlines and cancellations that the table's conditions allow: once
    /// everything is settled, the provider has the money exactly if the purchase is confirmed, and the token is
    /// removed with the first decision.
    #[test]
    fn money_and_seats_agree_after_settlement(events in prop::collection::vec(prop::sample::select(vec![
        Event::Approved, Event::Declined, Event::Expired, Event::Cancelled, Event::GivenBack,
    ]), 0..12)) {
        let mut one = pending();
        let mut charged = false;
        for event in events {
            let is_pending = one.status == ReservationStatus::Pending;
            match event {
                // The provider charges whether the purchase is still wanted or not, unless it was asked to refund.
                Event::Approved => {
                    charged |= matches!(state(&one), CardState::Pending | CardState::Voiding);
                    if is_pending { one = one.approved(NOW); }
                }
                Event::Declined if is_pending && !charged => one = one.declined(DeclineReason::Rejected, NOW),
                Event::Expired if is_pending => one = one.expired(NOW),
                Event::Cancelled if one.status != ReservationStatus::Cancelled => one = one.cancel(CancelReason::Member, NOW).unwrap(),
                Event::GivenBack if one.given_back().is_some() => {
                    charged = false;
                    let state = one.given_back().unwrap();
                    one.card = one.card.map(|card| card.in_state(state));
                }
                _ => {}
            }
            let card = one.card.clone().unwrap();
            prop_assert_eq!(card.token.is_some(), card.state == CardState::Pending);
            prop_assert_eq!(card.state.is_settled(), next_step(&one, NOW) == Step::Nothing);
            if card.state.is_settled() {
                prop_assert_eq!(charged, one.status == ReservationStatus::Confirmed);
            }
        }
    }

    #[test]
    fn waits_grow_up_to_the_longest_queue_delay(lasted in -5_i64..100_000, fraction in 0.0..1.0) {
        let wait = wait_seconds(NOW, NOW.plus_seconds(lasted), fraction);
        prop_assert!((CARD_WAIT_MIN_SECONDS..=CARD_WAIT_MAX_SECONDS).contains(&wait));
        prop_assert!(wait_seconds(NOW, NOW.plus_seconds(lasted + 100), fraction) >= wait);
    }
}
