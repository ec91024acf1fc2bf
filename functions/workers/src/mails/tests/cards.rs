//! Tests the mails about card payments.

use super::{ALICE, mime, reservation, take_apart, visible};
use crate::mails::cancellation;
use frontrow_domain::{
    Timestamp,
    card::{CardPayment, CardState, DeclineReason},
    member::Language,
    reservation::{CancelReason, Reservation, ReservationStatus},
};

/// Card payers read nothing about points, and members who were never charged read nothing about a refund.
#[test]
fn a_cancellation_mail_states_what_happens_to_a_card_payment() {
    let now = Timestamp::parse("2026-12-02T00:00:00Z").unwrap();
    let pending = |language| {
        let deadline = now.plus_seconds(600);
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
        Reservation {
            card: Some(card), status: ReservationStatus::Pending, ..reservation(language, ALICE, "아이다")
        }
    };
    let by_member = |one: Reservation| one.cancel(CancelReason::Member, now).unwrap();
    let returned = |one: Reservation| {
        let card = one.card.clone().map(|card| CardPayment { returned_until: Some(now), ..card });
        Reservation { card, ..one }
    };
    for (language, [refund, declined, held, late, not_taken]) in [
        (
            Language::Ko,
            [
                "카드로 환불됩니다",
                "카드 결제가 승인되지 않아 아래",
                "다른 카드로 다시 결제해 주세요",
                "제한 시간 안에 확인되지 않아",
                "결제가 완료되기 전에",
            ],
        ),
        (
            Language::En,
            [
                "will be refunded to your card",
                "Your card was declined, so",
                "pay again with another card",
                "not confirmed in time",
                "before your payment was completed",
            ],
        ),
    ] {
        for (words, reservation) in [
            (refund, by_member(pending(language).approved(now))),
            (declined, pending(language).declined(DeclineReason::Other, now)),
            (held, returned(pending(language).declined(DeclineReason::Other, now))),
            (late, pending(language).expired(now)),
            (not_taken, by_member(pending(language))),
        ] {
            let (text, html, _) = take_apart(&mime(&cancellation::email(&reservation)));
            assert!(text.contains(words) && visible(&html).contains(words), "{words}: {text}");
            assert!(!text.contains("포인트") && !text.contains("points"), "{text}");
            let refunded = text.contains("환불 금액") || text.contains("Refund:");
            assert_eq!(refunded, words == refund, "{text}");
        }
    }
}
