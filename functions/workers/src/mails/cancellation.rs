//! The mail about a cancelled reservation or a failed payment, with the refund.

use super::{
    Email,
    texts::{Labels, labels, one_line, seat_name},
    ticket::Facts,
};
use askama::Template;
use frontrow_domain::{
    card::CardState,
    member::Language,
    reservation::{CancelReason, Reservation},
};

#[derive(Template)]
#[template(path = "cancellation.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    seats: &'a str,
    reason: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "cancellation.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    seats: &'a str,
    reason: Option<&'a str>,
}

struct Words {
    subject: &'static str,
    heading: &'static str,
    greeting: String,
    intro: &'static str,
    amount: &'static str,
    note: &'static str,
}

/// How the payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Money {
    /// Refunded to the member's points.
    BackToPoints,
    /// Refunded to the member's card.
    BackToCard,
    /// Never charged, or refunded: the purchase was cancelled before the provider responded.
    NotTaken,
    /// The card was declined.
    Declined,
    /// The card was declined, and the seats are back in their hold.
    DeclinedAndHeld,
    /// The provider did not respond in time.
    Late,
}

impl Money {
    fn of(reservation: &Reservation) -> Self {
        match (&reservation.cancel_reason, &reservation.card) {
            (Some(CancelReason::PaymentDeclined), Some(card)) if card.returned_until.is_some() => Self::DeclinedAndHeld,
            (Some(CancelReason::PaymentDeclined), _) => Self::Declined,
            (Some(CancelReason::PaymentExpired), _) => Self::Late,
            (_, None) => Self::BackToPoints,
            (_, Some(card)) if matches!(card.state, CardState::Voiding | CardState::Voided) => Self::NotTaken,
            (_, Some(_)) => Self::BackToCard,
        }
    }
}

/// Builds the mail.
pub fn email(reservation: &Reservation) -> Email {
    let (buyer, language) = (&reservation.buyer, reservation.buyer.language);
    let (labels, facts) = (labels(language), Facts::of(reservation));
    let words = words(language, Money::of(reservation), &one_line(buyer.name.as_str()));
    let seats = seats(reservation);
    let reason = organizers_words(reservation);
    let words = if reason.is_some() { words.about_the_performance(language) } else { words };
    let subject = format!("[frontrow] {}: {}", words.subject, facts.show);
    let (reason, words, facts, seats) = (reason.as_deref(), &words, &facts, &*seats);
    let email = Email::about(reservation, "cancellation", subject);
    email.with_content(&Text { labels, words, facts, seats, reason }, &Page { labels, words, facts, seats, reason })
}

/// The reason given by the organizer; `None` if the organizer did not cancel.
fn organizers_words(reservation: &Reservation) -> Option<String> {
    match &reservation.cancel_reason {
        Some(CancelReason::Organizer(reason)) => Some(one_line(reason.as_str())),
        _ => None,
    }
}

impl Words {
    /// The words for a cancelled performance.
    fn about_the_performance(self, language: Language) -> Self {
        match language {
            Language::Ko => Self { subject: "공연 취소", heading: "공연이 취소되었습니다", ..self },
            Language::En => {
                Self { subject: "Performance cancelled", heading: "Your performance has been cancelled", ..self }
            }
        }
    }
}

/// The seats with their grades; for general admission, grades and quantities.
fn seats(reservation: &Reservation) -> String {
    let language = reservation.buyer.language;
    let mut named: Vec<(String, u32)> = Vec::new();
    for seat in &reservation.seats {
        let grade = one_line(&seat.grade);
        let name = seat_name(language, seat).map_or_else(|| grade.clone(), |name| format!("{name} ({grade})"));
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => named.push((name, 1)),
        }
    }
    let words = |(name, count): (String, u32)| if count == 1 { name } else { format!("{name} × {count}") };
    named.into_iter().map(words).collect::<Vec<_>>().join(", ")
}

fn words(language: Language, money: Money, name: &str) -> Words {
    match language {
        Language::Ko => korean(money, format!("{name}님, 안녕하세요.")),
        Language::En => english(money, format!("Hello {name},")),
    }
}

fn korean(money: Money, greeting: String) -> Words {
    let cancelled = Words {
        subject: "예매 취소",
        heading: "예매가 취소되었습니다",
        greeting,
        intro: "아래 예매가 취소되었습니다. 결제 금액은 포인트로 환불되었습니다.",
        amount: "환불 금액",
        note: "취소된 티켓의 QR 코드로는 입장할 수 없습니다.",
    };
    match money {
        Money::BackToPoints => cancelled,
        Money::BackToCard => Words {
            intro: "아래 예매가 취소되었습니다. 결제 금액은 결제하신 카드로 환불됩니다.",
            ..cancelled
        },
        Money::NotTaken => Words {
            intro: "결제가 완료되기 전에 아래 예매가 취소되었습니다.",
            amount: "금액",
            note: "이미 승인된 금액이 있는 경우 결제하신 카드로 환불됩니다.",
            ..cancelled
        },
        Money::Declined => Words {
            subject: "카드 승인 거절",
            heading: "카드 결제가 승인되지 않았습니다",
            intro: "카드 결제가 승인되지 않아 아래 예매가 취소되고 좌석 선점이 해제되었습니다.",
            amount: "금액",
            note: "결제된 금액은 없습니다.",
            ..cancelled
        },
        Money::DeclinedAndHeld => Words {
            intro: "카드 결제가 승인되지 않았습니다. 선택하신 좌석은 잠시 유지되니 다른 카드로 다시 결제해 주세요.",
            ..korean(Money::Declined, cancelled.greeting)
        },
        Money::Late => Words {
            subject: "결제 실패",
            heading: "결제를 완료하지 못했습니다",
            intro: "카드 결제가 제한 시간 안에 확인되지 않아 아래 예매가 취소되고 좌석 선점이 해제되었습니다.",
            amount: "금액",
            note: "이미 승인된 금액이 있는 경우 결제하신 카드로 환불됩니다.",
            ..cancelled
        },
    }
}

fn english(money: Money, greeting: String) -> Words {
    let cancelled = Words {
        subject: "Booking cancelled",
        heading: "Your booking has been cancelled",
        greeting,
        intro: "The booking below has been cancelled. The amount you paid has been refunded to your points.",
        amount: "Refund",
        note: "The QR codes of the cancelled tickets are no longer valid.",
    };
    match money {
        Money::BackToPoints => cancelled,
        Money::BackToCard => Words {
            intro: "The booking below has been cancelled. The amount you paid will be refunded to your card.",
            ..cancelled
        },
        Money::NotTaken => Words {
            intro: "The booking below was cancelled before your payment was completed.",
            amount: "Amount",
            note: "If your card was charged, the amount will be refunded to it.",
            ..cancelled
        },
        Money::Declined => Words {
            subject: "Card declined",
            heading: "Your card was declined",
            intro: "Your card was declined, so the booking below was cancelled and the seats were released.",
            amount: "Amount",
            note: "You have not been charged.",
            ..cancelled
        },
        Money::DeclinedAndHeld => Words {
            intro: "Your card was declined. Your seats are still held for you for a short time: please pay again with another card.",
            ..english(Money::Declined, cancelled.greeting)
        },
        Money::Late => Words {
            subject: "Payment failed",
            heading: "Your payment did not go through",
            intro: "Your card payment was not confirmed in time, so the booking below was cancelled and the seats were released.",
            amount: "Amount",
            note: "If your card was charged, the amount will be refunded to it.",
            ..cancelled
        },
    }
}
