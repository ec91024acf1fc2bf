//! Tests mails the way a mail client parses them.

mod accounts;
mod alerts;
mod cancellations;
mod cards;
mod headers;
mod layout;

use super::{Email, Links, cancellation, ticket};
use frontrow_domain::{
    Timestamp,
    door::Door,
    hold::{HeldSeat, Taken},
    ids::{HoldId, TicketId},
    mailing::{Mailing, Occasion},
    member::{EmailAddress, Language, Name},
    money::Won,
    reservation::{Buyer, PaymentMethod, Reservation, ReservationStatus, Sold},
    show::TimeZone,
};
use frontrow_edge::{codes::Codes, keys::KeyRing};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::collections::HashSet;

const FROM: &str = "frontrow <tickets@example.com>";
const ALICE: &str = "김앨리스";
/// The booking reference of every reservation in these tests.
const REFERENCE: &str = "87MG-Z5FT";

fn codes() -> Codes {
    Codes::new(&KeyRing::parse(r#"{"current":"a","a":"00000000000000000000000000000000"}"#).unwrap())
}

fn reservation(language: Language, name: &str, title: &str) -> Reservation {
    let performance_id: frontrow_domain::ids::PerformanceId = "demo".parse().unwrap();
    let hold_id: HoldId = "h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo".parse().unwrap();
    let seat = |seat_id: &str, grade: &str, price| HeldSeat {
        taken: Taken::Seat { seat_id: seat_id.to_owned(), block: 0 },
        grade: grade.to_owned(),
        price: Won(price),
    };
    Reservation {
        reservation_id: hold_id.purchase(1),
        buyer: Buyer {
            member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
            email: EmailAddress::try_from("alice@example.com".to_owned()).unwrap(),
            name: Name::try_from(name.to_owned()).unwrap(),
            language,
            former_names: Vec::new(),
        },
        sold: Sold {
            show_id: "show".parse().unwrap(),
            show_title: title.to_owned(),
            poster_url: None,
            venue: "블루스퀘어 <1층>".to_owned(),
            time_zone: TimeZone::default(),
            performance_id,
            starts_at: Timestamp::parse("2026-12-24T10:30:00Z").unwrap(),
        },
        layout: 1,
        seats: vec![seat("A-1-7", "VIP", 150_000), seat("A-1-8", "R", 120_000)],
        status: ReservationStatus::Confirmed,
        method: PaymentMethod::Points,
        created_at: Timestamp::parse("2026-12-01T00:00:00Z").unwrap(),
        cancelled_at: None,
        cancel_reason: None,
        door: Door::default(),
        mailing: Mailing::default(),
        card: None,
    }
}

fn ticket_email(reservation: &Reservation) -> Email {
    ticket_email_again(reservation, 0, Occasion::Payment)
}

fn ticket_email_again(reservation: &Reservation, number: u32, occasion: Occasion) -> Email {
    let code_of = |ticket_id: &TicketId| codes().ticket_code(&reservation.claim(ticket_id));
    ticket::email(reservation, number, occasion, &Links::default(), code_of)
}

/// The links of a deployment with all addresses configured.
fn links() -> Links {
    Links {
        site_url: Some("https://tickets.example.com".to_owned()),
        api_url: Some("https://api.example.com".to_owned()),
    }
}

fn mime(email: &Email) -> Vec<u8> {
    email.to_mime(FROM, Timestamp::parse("2026-12-01T00:00:01Z").unwrap(), None)
}

fn parse(raw: &[u8]) -> Message<'_> {
    MessageParser::new().parse(raw).unwrap()
}

fn media_type(part: &MessagePart<'_>) -> String {
    let content_type = part.content_type().unwrap();
    format!("{}/{}", content_type.ctype(), content_type.subtype().unwrap())
}

fn children<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> Vec<&'a MessagePart<'a>> {
    part.sub_parts().unwrap().iter().map(|id| message.part(*id).unwrap()).collect()
}

/// Returns text, page, and pictures by Content-ID. Panics if the message does not have the common structure.
fn take_apart(raw: &[u8]) -> (String, String, Vec<(String, Vec<u8>)>) {
    let message = parse(raw);
    assert_eq!(media_type(message.root_part()), "multipart/alternative");
    let [text, page] = children(&message, message.root_part())[..] else { panic!("text, then page") };
    assert_eq!(media_type(text), "text/plain");
    let mut pictures = Vec::new();
    let html = if media_type(page) == "multipart/related" {
        assert_eq!(page.content_type().unwrap().attribute("type"), Some("text/html"));
        let parts = children(&message, page);
        for picture in &parts[1..] {
            assert_eq!(media_type(picture), "image/png");
            assert_eq!(picture.content_disposition().unwrap().ctype(), "inline");
            pictures.push((picture.content_id().unwrap().to_owned(), picture.contents().to_vec()));
        }
        parts[0]
    } else {
        page
    };
    assert_eq!(media_type(html), "text/html");
    let PartType::Html(html) = &html.body else { panic!("a page") };
    (text.text_contents().unwrap().replace("\r\n", "\n"), html.to_string(), pictures)
}

/// The visible text of the page, without tags, on one line.
fn visible(html: &str) -> String {
    let body = &html[html.find("<body").unwrap()..];
    let words = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    words.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ").replace('\u{a0}', " ")
}

fn read_qr(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).unwrap().into_luma8();
    rqrr::PreparedImage::prepare(picture).detect_grids()[0].decode().unwrap().1
}

#[test]
fn every_ticket_has_its_own_inline_qr_code() {
    let reservation = reservation(Language::Ko, ALICE, "아이다");
    let raw = mime(&ticket_email(&reservation));
    let (_, html, pictures) = take_apart(&raw);
    assert_eq!(pictures.len(), 2);
    assert!(!html.contains("data:"));
    for ((ticket_id, seat), (content_id, png)) in reservation.tickets().zip(&pictures) {
        assert_eq!(codes().open_ticket(&read_qr(png)), Some(reservation.claim(&ticket_id)));
        let shown = html.split(&format!("src=\"cid:{content_id}\"")).collect::<Vec<_>>();
        assert_eq!(shown.len(), 2, "each picture is shown once");
        let seat_above = shown[0].rfind("font-size:24px").unwrap();
        let number = seat.position().unwrap().2;
        let expected = format!("<bdi>A구역 1열 {number}번");
        assert!(shown[0][seat_above..].split_once('>').unwrap().1.starts_with(&expected));
    }
}

#[test]
fn a_korean_ticket_mail_is_complete_as_text_and_as_html() {
    let raw = mime(&ticket_email(&reservation(Language::Ko, ALICE, "아이다")));
    let message = parse(&raw);
    assert_eq!(message.subject(), Some("[frontrow] 예매 완료: 아이다"));
    let (text, html, _) = take_apart(&raw);
    assert!(html.contains("<html lang=\"ko\">"));
    for fact in [
        "아이다",
        "2026년 12월 24일 (목) 19:30 (KST, GMT+9)",
        "예매 번호",
        REFERENCE,
        "김앨리스님",
        "티켓 1/2",
        "A구역 1열 7번",
        "VIP",
        "150,000원",
        "티켓 2/2",
        "A구역 1열 8번",
        "120,000원",
        "결제 금액",
        "270,000원",
    ] {
        assert!(text.contains(fact), "{fact} in {text}");
        assert!(visible(&html).contains(fact), "{fact} in {html}");
    }
    assert!(text.contains("블루스퀘어 <1층>"), "plain text is not escaped: {text}");
    let tickets =
        "티켓 1/2: A구역 1열 7번 (VIP) 150,000원\n티켓 2/2: A구역 1열 8번 (R) 120,000원\n\n결제 금액: 270,000원\n";
    assert!(text.contains(tickets), "{text}");
    assert!(
        text.starts_with("아이다\n2026년") && visible(&html).starts_with("frontrow 아이다 2026년"),
        "the show comes first"
    );
    assert!(!text.contains("r-0193f1b0") && !visible(&html).contains("r-0193f1b0"), "readers do not see the long id");
}

#[test]
fn an_english_ticket_mail_is_complete_as_text_and_as_html() {
    let raw = mime(&ticket_email(&reservation(Language::En, "Alice Kim", "Aida")));
    let message = parse(&raw);
    assert_eq!(message.subject(), Some("[frontrow] Your tickets: Aida"));
    let (text, html, _) = take_apart(&raw);
    assert!(html.contains("<html lang=\"en\">"));
    let time = "Thu, 24 December 2026, 19:30 (KST, GMT+9)";
    let seat = "Section A · Row 1 · Seat 7";
    for fact in ["Hello Alice Kim,", "Aida", time, "Booking reference", REFERENCE, seat, "KRW 150,000", "KRW 270,000"] {
        assert!(text.contains(fact), "{fact} in {text}");
        assert!(visible(&html).contains(fact), "{fact} in {html}");
    }
    let korean =
        |text: &str| text.replace("블루스퀘어", "").replace("1층", "").chars().any(|c| ('가'..='힣').contains(&c));
    assert!(!korean(&text) && !korean(&visible(&html)));
}

#[test]
fn data_is_escaped_in_html_text_and_attributes() {
    let evil = "<script>alert(\"1\")</script>'&\"";
    for language in [Language::Ko, Language::En] {
        let mut reservation = reservation(language, evil, evil);
        reservation.seats[0].grade = evil.to_owned();
        for email in [ticket_email(&reservation), cancellation::email(&reservation)] {
            let (_, html, _) = take_apart(&mime(&email));
            assert!(!html.contains("<script") && !html.contains("alert(\""), "{html}");
            assert!(html.contains("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#39;&#38;&#34;"), "{html}");
            assert!(!html.contains("<1층>"));
        }
    }
}

#[test]
fn names_and_titles_in_any_script_are_preserved_and_add_no_header() {
    let reservation = reservation(Language::En, "Eve\r\nBcc: eve@example.com\r\n\r\nHi", "Aida\nX-Evil: 1 \u{1f3ad}");
    for email in [ticket_email(&reservation), cancellation::email(&reservation)] {
        let raw = mime(&email);
        let message = parse(&raw);
        let names: HashSet<_> = message.headers().iter().map(|header| header.name().to_lowercase()).collect();
        assert!(!names.contains("bcc") && !names.contains("x-evil"), "{names:?}");
        assert!(message.subject().unwrap().ends_with("Aida X-Evil: 1 \u{1f3ad}"));
        let to = message.to().unwrap().first().unwrap();
        assert_eq!(to.name(), Some("Eve Bcc: eve@example.com Hi"));
        assert_eq!(to.address(), Some("alice@example.com"));
        take_apart(&raw);
        let head = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        assert!(raw[..head].is_ascii(), "headers are encoded");
    }
    for name in [ALICE, "Zoë \"Z\" O'Hara, Jr.", "علي", "Иван <ivan@example.com>", "😀"] {
        let raw = mime(&ticket_email(&self::reservation(Language::Ko, name, "아이다")));
        let message = parse(&raw);
        assert_eq!(message.to().unwrap().iter().count(), 1);
        let to = message.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some(name), Some("alice@example.com")));
    }
}

#[test]
fn duplicates_share_a_message_id_and_headers_name_the_reservation() {
    let reservation = reservation(Language::Ko, ALICE, "아이다");
    let ids = [ticket_email(&reservation), ticket_email(&reservation), cancellation::email(&reservation)].map(|it| {
        let raw = mime(&it);
        let message = parse(&raw);
        let from = message.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("frontrow"), Some("tickets@example.com")));
        let named = message.header_raw("X-Frontrow-Reservation-Id").unwrap().trim().to_owned();
        assert_eq!(named, reservation.reservation_id.to_string());
        assert_eq!(message.date().unwrap().to_rfc3339(), "2026-12-01T00:00:01Z");
        message.message_id().unwrap().to_owned()
    });
    assert_eq!(ids[0], "ticket.r-0193f1b07c8a7d3fae52c1d1a5b0c006.demo@example.com");
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn two_reservations_share_no_picture_name() {
    let one = reservation(Language::Ko, ALICE, "아이다");
    let mut other = one.clone();
    other.reservation_id = "r-0193f1b07c8a7d3fae52c1d1a5b0c007.demo".parse().unwrap();
    let names = |reservation| take_apart(&mime(&ticket_email(reservation))).2.into_iter().map(|(name, _)| name);
    assert_eq!(names(&one).chain(names(&other)).collect::<HashSet<_>>().len(), 4);
}

#[test]
fn each_ticket_mail_states_its_occasion_and_has_unique_names() {
    let mut names = HashSet::new();
    let mut ids = HashSet::new();
    for (number, (language, occasion, subject, words)) in (0..).zip([
        (Language::Ko, Occasion::Payment, "예매 완료", "예매해 주셔서 감사합니다"),
        (Language::Ko, Occasion::Request, "티켓 재발송", "다시 보내 드립니다"),
        (Language::Ko, Occasion::Reissue, "티켓 재발급", "이전 QR 코드로는 입장할 수 없습니다"),
        (Language::En, Occasion::Request, "Your tickets (resent)", "here are your tickets again"),
        (Language::En, Occasion::Reissue, "Your updated tickets", "is no longer valid"),
    ]) {
        let raw = mime(&ticket_email_again(&reservation(language, ALICE, "아이다"), number, occasion));
        assert_eq!(parse(&raw).subject(), Some(format!("[frontrow] {subject}: 아이다").as_str()));
        let (text, html, pictures) = take_apart(&raw);
        assert!(visible(&html).contains(words) && text.contains(words), "{text}");
        names.extend(pictures.into_iter().map(|(name, _)| name));
        ids.insert(parse(&raw).message_id().unwrap().to_owned());
    }
    assert_eq!((names.len(), ids.len()), (10, 5));
}

#[test]
fn general_admission_tickets_show_their_grade() {
    for (language, lines, cancelled) in [
        (Language::Ko, "티켓 1/2: VIP (자유석) 150,000원\n티켓 2/2: VIP (자유석) 150,000원\n\n결제", "좌석: VIP × 2\n"),
        (
            Language::En,
            "Ticket 1/2: VIP (General admission) KRW 150,000\nTicket 2/2: VIP (General admission) KRW 150,000\n\nTotal",
            "Seats: VIP × 2\n",
        ),
    ] {
        let mut reservation = reservation(language, ALICE, "아이다");
        reservation.seats[0].taken = Taken::Place { shard: 0 };
        reservation.seats[1] = reservation.seats[0].clone();
        let (text, html, pictures) = take_apart(&mime(&ticket_email(&reservation)));
        assert!(text.contains(lines), "{text}");
        assert_eq!((pictures.len(), visible(&html).matches("VIP").count()), (2, 2));
        let (text, html, _) = take_apart(&mime(&cancellation::email(&reservation)));
        assert!(text.contains(cancelled) && visible(&html).contains("VIP × 2"), "{text}");
    }
}

#[test]
fn lines_end_with_crlf() {
    for language in [Language::Ko, Language::En] {
        let raw = mime(&ticket_email(&reservation(language, ALICE, "Aida")));
        let message = parse(&raw);
        let text = message.text_part(0).unwrap().text_contents().unwrap();
        assert!(text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(!text.contains("\r\r"));
    }
}

#[test]
fn a_sender_without_a_name_is_a_bare_address() {
    let email = ticket_email(&reservation(Language::Ko, ALICE, "아이다"));
    let raw = email.to_mime("tickets@mail.example.com", Timestamp::from_millis(0), None);
    let message = parse(&raw);
    let from = message.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (None, Some("tickets@mail.example.com")));
    assert!(message.message_id().unwrap().ends_with("@mail.example.com"));
}

/// Ticket ids, from which QR codes and Content-IDs derive.
#[test]
fn each_ticket_id_gets_its_own_code() {
    let reservation = reservation(Language::Ko, ALICE, "아이다");
    let asked = std::cell::RefCell::new(Vec::<TicketId>::new());
    ticket::email(&reservation, 0, Occasion::Payment, &Links::default(), |ticket_id| {
        asked.borrow_mut().push(ticket_id.clone());
        "code".to_owned()
    });
    assert_eq!(asked.into_inner(), reservation.tickets().map(|(ticket_id, _)| ticket_id).collect::<Vec<_>>());
}
