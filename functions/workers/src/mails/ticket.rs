//! The mail with the tickets of a reservation, one QR code per ticket.

use super::{
    Email, Links, Picture,
    email::PICTURES_DOMAIN,
    texts::{Labels, amount, labels, local_time, one_line, seat_name, unbroken},
};
use askama::Template;
use frontrow_domain::{
    hold::HeldSeat, ids::TicketId, mailing::Occasion, member::Language, reservation::Reservation, show::PosterUrl,
};
use frontrow_edge::qr::qr_png;

/// One ticket.
struct Line {
    /// Number of the ticket, such as `1/3`.
    which: String,
    seat: String,
    /// Seat name for the HTML page; lines break only between its parts.
    seat_shown: String,
    grade: String,
    price: String,
    cid: String,
    alt: String,
}

impl Line {
    /// General admission shows the grade instead of a seat; `which` distinguishes such tickets.
    fn of(seat: &HeldSeat, which: String, picture: &str, language: Language) -> Self {
        let grade = one_line(&seat.grade);
        let (seat_name, grade) = match seat_name(language, seat) {
            Some(seat_name) => (seat_name, grade),
            None => (grade, labels(language).unnumbered.to_owned()),
        };
        let alt = match language {
            Language::Ko => format!("{seat_name} 입장용 QR 코드 {which}"),
            Language::En => format!("QR code for {seat_name}, ticket {which}"),
        };
        let price = amount(language, seat.price);
        let seat_shown = unbroken(&seat_name);
        Self { which, seat_shown, seat: seat_name, grade, price, cid: format!("{picture}@{PICTURES_DOMAIN}"), alt }
    }
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    poster: Option<&'a str>,
    link: Option<&'a str>,
    lines: &'a [Line],
}

#[derive(Template)]
#[template(path = "ticket.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
    link: Option<&'a str>,
    lines: &'a [Line],
}

/// The words around the facts.
struct Words {
    subject: &'static str,
    greeting: String,
    intro: &'static str,
    link: &'static str,
    note: &'static str,
    text_note: &'static str,
}

/// The facts of the purchase, for the HTML page and the plain text.
pub(super) struct Facts {
    pub(super) show: String,
    pub(super) when: String,
    /// Time for the HTML page, without line breaks within the zone.
    pub(super) when_shown: String,
    pub(super) venue: String,
    pub(super) total: String,
    pub(super) reference: String,
}

impl Facts {
    pub(super) fn of(reservation: &Reservation) -> Self {
        let (sold, language) = (&reservation.sold, reservation.buyer.language);
        let when = local_time(language, sold.starts_at, &sold.time_zone);
        Self {
            show: one_line(&sold.show_title),
            when_shown: unbroken(&when),
            when,
            venue: one_line(&sold.venue),
            total: amount(language, reservation.total()),
            reference: reservation.reservation_id.booking_reference().to_string(),
        }
    }
}

/// Builds ticket mail `number` of the reservation; `code_of` returns the text of a ticket's QR code. Picture names differ
/// between mails, because a reissued ticket has a different code.
pub fn email(
    reservation: &Reservation,
    number: u32,
    occasion: Occasion,
    links: &Links,
    code_of: impl Fn(&TicketId) -> String,
) -> Email {
    let (buyer, language) = (&reservation.buyer, reservation.buyer.language);
    let (labels, facts) = (labels(language), Facts::of(reservation));
    let words = words(language, occasion, &one_line(buyer.name.as_str()));
    let numbered = |name: String| if number == 0 { name } else { format!("{name}.{number}") };
    let mut lines = Vec::new();
    let mut pictures = Vec::new();
    for (n, (ticket_id, seat)) in (1..).zip(reservation.tickets()) {
        let name = numbered(ticket_id.to_string());
        lines.push(Line::of(seat, format!("{n}/{}", reservation.seats.len()), &name, language));
        pictures.push(Picture { name, png: qr_png(&code_of(&ticket_id)) });
    }
    let subject = format!("[frontrow] {}: {}", words.subject, facts.show);
    let (link, poster) = (links.performance(&reservation.sold.performance_id), &reservation.sold.poster_url);
    let (link, poster) = (link.as_deref(), poster.as_ref().map(PosterUrl::as_str));
    let (words, facts, lines) = (&words, &facts, &lines[..]);
    let email = Email { pictures, ..Email::about(reservation, &numbered("ticket".to_owned()), subject) };
    email.with_content(&Text { labels, words, facts, link, lines }, &Page { labels, words, facts, poster, link, lines })
}

fn words(language: Language, occasion: Occasion, name: &str) -> Words {
    let (subject, intro) = match (language, occasion) {
        (Language::Ko, Occasion::Payment) => ("예매 완료", "예매해 주셔서 감사합니다. 티켓을 보내 드립니다."),
        (Language::Ko, Occasion::Request) => ("티켓 재발송", "요청하신 티켓을 다시 보내 드립니다."),
        (Language::Ko, Occasion::Reissue) => {
            ("티켓 재발급", "새 티켓을 보내 드립니다. 재발급된 티켓의 이전 QR 코드로는 입장할 수 없습니다.")
        }
        (Language::En, Occasion::Payment) => ("Your tickets", "Thank you for your booking. Here are your tickets."),
        (Language::En, Occasion::Request) => {
            ("Your tickets (resent)", "As you requested, here are your tickets again.")
        }
        (Language::En, Occasion::Reissue) => (
            "Your updated tickets",
            "Here are your updated tickets. The old QR code of the reissued ticket is no longer valid.",
        ),
    };
    match language {
        Language::Ko => Words {
            subject,
            greeting: format!("{name}님, 안녕하세요."),
            intro,
            link: "공연 정보 보기",
            note: "입장하실 때 티켓별 QR 코드를 보여 주세요. QR 코드는 다른 사람과 공유하지 마세요.",
            text_note: "입장용 QR 코드는 메일을 HTML 형식으로 여시면 확인하실 수 있습니다. 다른 사람과 공유하지 마세요.",
        },
        Language::En => Words {
            subject,
            greeting: format!("Hello {name},"),
            intro,
            link: "View performance details",
            note: "Show the QR code of each ticket at the entrance. Do not share your QR codes with anyone.",
            text_note: "To see your QR codes, open this email in HTML format. Do not share them with anyone.",
        },
    }
}
