//! That a reservation was cancelled, and what was refunded.

use super::{
    Letter,
    ticket::Facts,
    words::{Labels, labels, one_line},
};
use askama::Template;
use frontrow_domain::{member::Language, reservation::Reservation};

#[derive(Template)]
#[template(path = "cancellation.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    seats: &'a str,
}

#[derive(Template)]
#[template(path = "cancellation.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    seats: &'a str,
}

struct Words {
    heading: &'static str,
    greeting: String,
    intro: &'static str,
    note: &'static str,
}

/// The mail.
pub fn letter(reservation: &Reservation) -> Letter {
    let (buyer, language) = (&reservation.buyer, reservation.buyer.language);
    let (labels, facts) = (labels(language), Facts::of(reservation));
    let words = words(language, &one_line(buyer.name.as_str()));
    let seats = seats(reservation);
    let subject = match language {
        Language::Ko => format!("[frontrow] 예매 취소: {}", facts.show),
        Language::En => format!("[frontrow] Reservation cancelled: {}", facts.show),
    };
    let html = Page { labels, words: &words, facts: &facts, seats: &seats };
    let text = Text { labels, words: &words, facts: &facts, seats: &seats };
    Letter {
        text: text.render().expect("the template takes any text"),
        html: html.render().expect("the template takes any text"),
        ..Letter::about(reservation, "cancellation", subject)
    }
}

/// The seats, each with its grade; of places that are only counted the grade and how many.
fn seats(reservation: &Reservation) -> String {
    let mut named: Vec<(String, u32)> = Vec::new();
    for seat in &reservation.seats {
        let grade = one_line(&seat.grade);
        let name = seat.seat_id.as_ref().map_or_else(|| grade.clone(), |seat_id| format!("{seat_id} ({grade})"));
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => named.push((name, 1)),
        }
    }
    let words = |(name, count): (String, u32)| if count == 1 { name } else { format!("{name} × {count}") };
    named.into_iter().map(words).collect::<Vec<_>>().join(", ")
}

fn words(language: Language, name: &str) -> Words {
    match language {
        Language::Ko => Words {
            heading: "예매가 취소되었습니다",
            greeting: format!("{name}님, 안녕하세요."),
            intro: "아래 예매가 취소되고 결제 금액이 포인트로 환불되었습니다.",
            note: "취소된 티켓의 QR 코드로는 입장할 수 없습니다.",
        },
        Language::En => Words {
            heading: "Reservation cancelled",
            greeting: format!("Hello {name},"),
            intro: "The reservation below was cancelled, and what you paid went back to your points.",
            note: "The QR codes of its tickets no longer open the door.",
        },
    }
}
