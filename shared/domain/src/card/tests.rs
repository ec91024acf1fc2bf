use super::*;
use crate::{limits::CARD_WAIT_MAX_SECONDS, reservation::PaymentStatus};
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
fn a_pending_payment_is_confirmed_until_its_deadline_and_then_off() {
    let pending = pending();
    assert_eq!(next_step(&pending, NOW), Step::Confirm(token()));
    assert_eq!(next_step(&pending, NOW.plus_seconds(CARD_DEADLINE_SECONDS - 1)), Step::Confirm(token()));
    assert_eq!(next_step(&pending, NOW.plus_seconds(CARD_DEADLINE_SECONDS)), Step::Expire);
    let hold = pending.pending_hold().unwrap();
    assert_eq!((hold.hold_id.reservation(), hold.expires_at), (pending.reservation_id.clone(), deadline(NOW)));
}

#[test]
fn what_the_member_sees_at_every_step() {
    let seen = |one: &Reservation| (one.status, one.payment_status());
    let (pending, approved) = (pending(), pending().approved(NOW));
    assert_eq!(seen(&pending), (ReservationStatus::Pending, PaymentStatus::Pending));
    assert_eq!(seen(&approved), (ReservationStatus::Confirmed, PaymentStatus::Approved));
    assert_eq!(seen(&pending.clone().declined(NOW)), (ReservationStatus::Cancelled, PaymentStatus::Declined));
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
fn a_payment_that_is_off_is_given_up_only_when_no_call_can_be_under_way() {
    let voiding = pending().cancel(CancelReason::Member, NOW).unwrap().card.unwrap();
    let last = deadline(NOW).plus_seconds(CARD_VOID_SECONDS);
    assert!(!is_never_taken(&voiding, last.plus_seconds(-1)));
    assert!(is_never_taken(&voiding, last));
    let refund_due = pending().approved(NOW).cancel(CancelReason::Member, NOW).unwrap().card.unwrap();
    assert!(!is_never_taken(&refund_due, last), "the provider did take it");
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Approved,
    Declined,
    Expired,
    Cancelled,
    GivenBack,
}

proptest! {
    /// However answers, deadlines and cancellations follow each other, as the table's conditions let them: the money is with
    /// the provider exactly for a confirmed purchase, once everything is settled, and the token goes with the first answer.
    #[test]
    fn money_and_seats_agree_once_settled(happenings in prop::collection::vec(prop::sample::select(vec![
        Happening::Approved, Happening::Declined, Happening::Expired, Happening::Cancelled, Happening::GivenBack,
    ]), 0..12)) {
        let mut one = pending();
        let mut charged = false;
        for happening in happenings {
            let is_pending = one.status == ReservationStatus::Pending;
            match happening {
                // The provider charges whether or not anybody still wants it, as long as it was not told to give back.
                Happening::Approved => {
                    charged |= matches!(state(&one), CardState::Pending | CardState::Voiding);
                    if is_pending { one = one.approved(NOW); }
                }
                Happening::Declined if is_pending && !charged => one = one.declined(NOW),
                Happening::Expired if is_pending => one = one.expired(NOW),
                Happening::Cancelled if one.status != ReservationStatus::Cancelled => one = one.cancel(CancelReason::Member, NOW).unwrap(),
                Happening::GivenBack if one.given_back().is_some() => {
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
    fn waits_grow_and_stay_within_what_a_queue_can_delay(lasted in -5_i64..100_000, fraction in 0.0..1.0) {
        let wait = wait_seconds(NOW, NOW.plus_seconds(lasted), fraction);
        prop_assert!((CARD_WAIT_MIN_SECONDS..=CARD_WAIT_MAX_SECONDS).contains(&wait));
        prop_assert!(wait_seconds(NOW, NOW.plus_seconds(lasted + 100), fraction) >= wait);
    }
}
