//! The tickets of a reservation: one mail, a QR code for each (T1).

use super::{
    Letter, Picture,
    letter::PICTURES_DOMAIN,
    words::{Labels, amount, labels, local_time, one_line},
};
use askama::Template;
use frontrow_domain::{hold::HeldSeat, ids::TicketId, member::Language, reservation::Reservation};
use frontrow_edge::qr::qr_png;

struct Line {
    seat: String,
    grade: String,
    price: String,
    cid: String,
    alt: String,
}

impl Line {
    /// A place without a number is called by its grade.
    fn of(seat: &HeldSeat, picture: &str, language: Language) -> Self {
        let grade = one_line(&seat.grade);
        let alt = match (&seat.seat_id, language) {
            (Some(seat_id), Language::Ko) => format!("{seat_id} 좌석 입장용 QR 코드"),
            (Some(seat_id), Language::En) => format!("QR code for seat {seat_id}"),
            (None, Language::Ko) => format!("{grade} 입장용 QR 코드"),
            (None, Language::En) => format!("QR code for {grade}"),
        };
        let (seat_name, grade) = match &seat.seat_id {
            Some(seat_id) => (seat_id.clone(), grade),
            None => (grade, labels(language).unnumbered.to_owned()),
        };
        let price = amount(language, seat.price);
        Self { seat: seat_name, grade, price, cid: format!("{picture}@{PICTURES_DOMAIN}"), alt }
    }
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    lines: &'a [Line],
}

#[derive(Template)]
#[template(path = "ticket.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    lines: &'a [Line],
}

/// What the mail says around the facts.
struct Words {
    heading: &'static str,
    greeting: String,
    intro: &'static str,
    note: &'static str,
    text_note: &'static str,
}

/// What was bought, as both the page and the text state it.
pub(super) struct Facts {
    pub(super) show: String,
    pub(super) when: String,
    pub(super) venue: String,
    pub(super) total: String,
    pub(super) reservation: String,
}

impl Facts {
    pub(super) fn of(reservation: &Reservation) -> Self {
        let (sold, language) = (&reservation.sold, reservation.buyer.language);
        Self {
            show: one_line(&sold.show_title),
            when: local_time(language, sold.starts_at, &sold.time_zone),
            venue: one_line(&sold.venue),
            total: amount(language, reservation.total()),
            reservation: reservation.reservation_id.to_string(),
        }
    }
}

/// The mail, with the text of each ticket's QR code from `code_of`.
pub fn letter(reservation: &Reservation, code_of: impl Fn(&TicketId) -> String) -> Letter {
    let (buyer, language) = (&reservation.buyer, reservation.buyer.language);
    let (labels, facts) = (labels(language), Facts::of(reservation));
    let words = words(language, &one_line(buyer.name.as_str()));
    let mut lines = Vec::new();
    let mut pictures = Vec::new();
    for (ticket_id, seat) in reservation.tickets() {
        let name = ticket_id.to_string();
        lines.push(Line::of(seat, &name, language));
        pictures.push(Picture { name, png: qr_png(&code_of(&ticket_id)) });
    }
    let subject = match language {
        Language::Ko => format!("[frontrow] 예매 완료: {}", facts.show),
        Language::En => format!("[frontrow] Your tickets: {}", facts.show),
    };
    let html = Page { labels, words: &words, facts: &facts, lines: &lines };
    let text = Text { labels, words: &words, facts: &facts, lines: &lines };
    Letter {
        text: text.render().expect("the template takes any text"),
        html: html.render().expect("the template takes any text"),
        pictures,
        ..Letter::about(reservation, "ticket", subject)
    }
}

fn words(language: Language, name: &str) -> Words {
    match language {
        Language::Ko => Words {
            heading: "예매가 완료되었습니다",
            greeting: format!("{name}님, 안녕하세요."),
            intro: "예매해 주셔서 감사합니다. 티켓을 보내 드립니다.",
            note: "입장할 때 티켓별 QR 코드를 보여 주세요. QR 코드는 다른 사람에게 공유하지 마세요.",
            text_note: "입장용 QR 코드는 이 메일의 HTML 화면에 있습니다. 다른 사람에게 공유하지 마세요.",
        },
        Language::En => Words {
            heading: "Your tickets",
            greeting: format!("Hello {name},"),
            intro: "Thank you for your booking. Here are your tickets.",
            note: "Show each ticket's QR code at the door, and share it with nobody else.",
            text_note: "The QR codes for the door are in the HTML view of this mail. Share them with nobody else.",
        },
    }
}
