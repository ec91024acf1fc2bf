//! Tests the mails about cancelled reservations.

use super::*;
use frontrow_domain::reservation::CancelReason;

#[test]
fn a_cancellation_mail_lists_the_seats_and_the_refund() {
    for (language, subject, facts) in [
        (
            Language::Ko,
            "[frontrow] 예매 취소: 아이다",
            [
                "환불 금액: 270,000원",
                "좌석: A구역 1열 7번 (VIP), A구역 1열 8번 (R)",
                "일시: 2026년",
                "예매 번호: 87MG-Z5FT",
            ],
        ),
        (
            Language::En,
            "[frontrow] Booking cancelled: 아이다",
            [
                "Refund: KRW 270,000",
                "Seats: Section A · Row 1 · Seat 7 (VIP), Section A · Row 1 · Seat 8 (R)",
                "Date: Thu, 24 December 2026, 19:30",
                "Booking reference: 87MG-Z5FT",
            ],
        ),
    ] {
        let raw = mime(&cancellation::email(&reservation(language, ALICE, "아이다")));
        assert_eq!(parse(&raw).subject(), Some(subject));
        let (text, html, pictures) = take_apart(&raw);
        assert!(pictures.is_empty());
        for fact in facts {
            assert!(text.contains(fact), "{fact} in {text}");
            assert!(visible(&html).contains(&fact.replace(": ", " ")), "{fact} in {html}");
        }
    }
}

#[test]
fn the_organizers_reason_is_shown_and_escaped() {
    for (language, subject, label) in [
        (Language::Ko, "[frontrow] 공연 취소: 아이다", "취소 사유"),
        (Language::En, "[frontrow] Performance cancelled: 아이다", "Reason"),
    ] {
        let mut cancelled = reservation(language, ALICE, "아이다");
        let reason = "<script>alert(1)</script> & rain\nSubject: forged".to_owned();
        cancelled.cancel_reason = Some(CancelReason::Organizer(reason.try_into().unwrap()));
        let raw = mime(&cancellation::email(&cancelled));
        assert_eq!(parse(&raw).subject(), Some(subject));
        let (text, html, _) = take_apart(&raw);
        assert!(text.contains(&format!("{label}: <script>alert(1)</script> & rain Subject: forged")), "{text}");
        assert!(!html.contains("<script>") && visible(&html).contains("rain Subject: forged"), "{html}");
        cancelled.cancel_reason = Some(CancelReason::Member);
        let (text, html, _) = take_apart(&mime(&cancellation::email(&cancelled)));
        assert!(!text.contains(label) && !visible(&html).contains(label), "{text}");
    }
}
