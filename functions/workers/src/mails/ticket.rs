//! The tickets of a reservation: one mail, a QR code for each (T1).

use super::{
    Letter, Picture,
    letter::PICTURES_DOMAIN,
    words::{Labels, amount, labels, local_time, one_line},
};
use askama::Template;
use frontrow_domain::{hold::HeldSeat, ids::TicketId, mailing::Occasion, member::Language, reservation::Reservation};
use frontrow_edge::qr::qr_png;

struct Line {
    seat: String,
    grade: String,
    price: String,
    cid: String,
    alt: String,
}

impl Line {
    /// A place without a number is called by its grade, and told from others by which of all `tickets` it is: (1, 3) is the
    /// first of three.
    fn of(seat: &HeldSeat, tickets: (usize, usize), picture: &str, language: Language) -> Self {
        let grade = one_line(&seat.grade);
        let which = format!("{}/{}", tickets.0, tickets.1);
        let alt = match (&seat.seat_id, language) {
            (Some(seat_id), Language::Ko) => format!("{seat_id} 좌석 입장용 QR 코드"),
            (Some(seat_id), Language::En) => format!("QR code for seat {seat_id}"),
            (None, Language::Ko) => format!("{grade} {which} 입장용 QR 코드"),
            (None, Language::En) => format!("QR code for {grade} {which}"),
        };
        let (seat_name, grade) = match &seat.seat_id {
            Some(seat_id) => (seat_id.clone(), grade),
            None => (grade, format!("{} {which}", labels(language).unnumbered)),
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
    subject: &'static str,
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

/// The reservation's mail of that number, with the text of each ticket's QR code from `code_of`. No two mails share a
/// picture's name, because the same ticket has another code once it was reissued.
pub fn letter(
    reservation: &Reservation,
    number: u32,
    occasion: Occasion,
    code_of: impl Fn(&TicketId) -> String,
) -> Letter {
    let (buyer, language) = (&reservation.buyer, reservation.buyer.language);
    let (labels, facts) = (labels(language), Facts::of(reservation));
    let words = words(language, occasion, &one_line(buyer.name.as_str()));
    let numbered = |name: String| if number == 0 { name } else { format!("{name}.{number}") };
    let mut lines = Vec::new();
    let mut pictures = Vec::new();
    for (n, (ticket_id, seat)) in (1..).zip(reservation.tickets()) {
        let name = numbered(ticket_id.to_string());
        lines.push(Line::of(seat, (n, reservation.seats.len()), &name, language));
        pictures.push(Picture { name, png: qr_png(&code_of(&ticket_id)) });
    }
    let subject = format!("[frontrow] {}: {}", words.subject, facts.show);
    let html = Page { labels, words: &words, facts: &facts, lines: &lines };
    let text = Text { labels, words: &words, facts: &facts, lines: &lines };
    Letter {
        text: text.render().expect("the template takes any text"),
        html: html.render().expect("the template takes any text"),
        pictures,
        ..Letter::about(reservation, &numbered("ticket".to_owned()), subject)
    }
}

fn words(language: Language, occasion: Occasion, name: &str) -> Words {
    let (subject, heading, intro) = match (language, occasion) {
        (Language::Ko, Occasion::Payment) => {
            ("예매 완료", "예매가 완료되었습니다", "예매해 주셔서 감사합니다. 티켓을 보내 드립니다.")
        }
        (Language::Ko, Occasion::Request) => {
            ("티켓 재발송", "티켓을 다시 보내 드립니다", "요청하신 티켓을 다시 보내 드립니다.")
        }
        (Language::Ko, Occasion::Reissue) => (
            "티켓 재발급",
            "티켓이 재발급되었습니다",
            "새 티켓을 보내 드립니다. 재발급된 티켓의 이전 QR 코드로는 입장할 수 없습니다.",
        ),
        (Language::En, Occasion::Payment) => {
            ("Your tickets", "Your tickets", "Thank you for your booking. Here are your tickets.")
        }
        (Language::En, Occasion::Request) => {
            ("Your tickets again", "Your tickets again", "Here are your tickets again, as you asked.")
        }
        (Language::En, Occasion::Reissue) => (
            "Your new tickets",
            "Your new tickets",
            "Here are your tickets. The earlier QR code of the one that was reissued no longer opens the door.",
        ),
    };
    let (greeting, note, text_note) = match language {
        Language::Ko => (
            format!("{name}님, 안녕하세요."),
            "입장할 때 티켓별 QR 코드를 보여 주세요. QR 코드는 다른 사람에게 공유하지 마세요.",
            "입장용 QR 코드는 이 메일의 HTML 화면에 있습니다. 다른 사람에게 공유하지 마세요.",
        ),
        Language::En => (
            format!("Hello {name},"),
            "Show each ticket's QR code at the door, and share it with nobody else.",
            "The QR codes for the door are in the HTML view of this mail. Share them with nobody else.",
        ),
    };
    Words { subject, heading, greeting, intro, note, text_note }
}
