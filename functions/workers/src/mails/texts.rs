//! Words that all mails share, in Korean and English.

use base64::{Engine, engine::general_purpose::STANDARD};
use frontrow_domain::{Timestamp, hold::HeldSeat, member::Language, money::Won, show::TimeZone, text::clean_line};
use jiff::Zoned;

/// Labels of the facts in a mail.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) lang: &'static str,
    pub(super) show: &'static str,
    pub(super) when: &'static str,
    pub(super) venue: &'static str,
    pub(super) seats: &'static str,
    pub(super) unnumbered: &'static str,
    pub(super) ticket: &'static str,
    pub(super) total: &'static str,
    pub(super) reservation: &'static str,
    pub(super) reason: &'static str,
    pub(super) footer: &'static str,
}

const KO: Labels = Labels {
    lang: "ko",
    show: "공연",
    when: "일시",
    venue: "장소",
    seats: "좌석",
    unnumbered: "자유석",
    ticket: "티켓",
    total: "결제 금액",
    reservation: "예매 번호",
    reason: "취소 사유",
    footer: "이 메일은 발신 전용이므로 회신하실 수 없습니다.",
};

const EN: Labels = Labels {
    lang: "en",
    show: "Show",
    when: "Date",
    venue: "Venue",
    seats: "Seats",
    unnumbered: "General admission",
    ticket: "Ticket",
    total: "Total paid",
    reservation: "Booking reference",
    reason: "Reason",
    footer: "This is an automated email. Please do not reply.",
};

pub(super) fn labels(language: Language) -> &'static Labels {
    match language {
        Language::Ko => &KO,
        Language::En => &EN,
    }
}

/// Formats an amount for the language.
pub(super) fn amount(language: Language, amount: Won) -> String {
    match language {
        Language::Ko => format!("{amount}원"),
        Language::En => format!("KRW {amount}"),
    }
}

/// Formats `moment` in the show's time zone, with the zone's abbreviation and offset. Without the offset, the hour that
/// repeats when clocks go back is ambiguous.
pub(super) fn local_time(language: Language, moment: Timestamp, zone: &TimeZone) -> String {
    let local = zone.local(moment);
    let clock = match language {
        Language::Ko => {
            let days = ["월", "화", "수", "목", "금", "토", "일"];
            let day = days[usize::from(local.weekday().to_monday_zero_offset().unsigned_abs())];
            local.strftime(&format!("%Y년 %-m월 %-d일 ({day}) %H:%M")).to_string()
        }
        Language::En => local.strftime("%a, %-d %B %Y, %H:%M").to_string(),
    };
    format!("{clock} ({})", zone_name(&local))
}

/// `KST, GMT+9`; only the offset, such as `GMT+5:45`, if the zone has no alphabetic abbreviation.
fn zone_name(local: &Zoned) -> String {
    let minutes = local.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = match (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60) {
        (0, 0) => "GMT".to_owned(),
        (hours, 0) => format!("GMT{sign}{hours}"),
        (hours, minutes) => format!("GMT{sign}{hours}:{minutes:02}"),
    };
    let name = local.strftime("%Z").to_string();
    match &*name {
        "GMT" | "UTC" => name,
        _ if name.bytes().all(|byte| byte.is_ascii_alphabetic()) => format!("{name}, {offset}"),
        _ => offset,
    }
}

/// Endings of section names that need no `구역` suffix.
const SECTION_ENDS: [&str; 7] = ["구역", "블록", "블럭", "층", "석", "존", "관"];

/// Formats a numbered seat, such as `Section A · Row 2 · Seat 5` or `A구역 2열 5번`; `None` for general admission.
pub(super) fn seat_name(language: Language, seat: &HeldSeat) -> Option<String> {
    let (section, row, number) = seat.position()?;
    let section = one_line(section);
    Some(match language {
        Language::Ko if SECTION_ENDS.iter().any(|end| section.ends_with(end)) => {
            format!("{section} {row}열 {number}번")
        }
        Language::Ko => format!("{section}구역 {row}열 {number}번"),
        Language::En if section.to_lowercase().starts_with("section") => {
            format!("{section} · Row {row} · Seat {number}")
        }
        Language::En => format!("Section {section} · Row {row} · Seat {number}"),
    })
}

/// Replaces spaces within the parts of a seat name or time, and before the dots between them, with no-break spaces.
pub(super) fn unbroken(text: &str) -> String {
    [" ·", "Row ", "Seat ", ", GMT"]
        .iter()
        .fold(text.to_owned(), |text, part| text.replace(part, &part.replace(' ', "\u{a0}")))
}

/// Joins `text` into one line, so that it cannot add a header or a line, or change the direction of the text after it. New
/// texts are already one line; texts stored by older versions may not be.
pub(super) fn one_line(text: &str) -> String {
    clean_line(text)
}

/// Bytes of text per encoded word (RFC 2047), so that a line with `Subject: ` stays within 76 characters.
const ENCODED_WORD_BYTES: usize = 39;

/// Returns `text` as encoded words if mail clients would decode part of it, such as `=?utf-8?Q?Free?=`; otherwise `None`.
pub(super) fn encoded_words(text: &str) -> Option<String> {
    if !text.contains("=?") {
        return None;
    }
    let mut parts = vec![String::new()];
    for character in text.chars() {
        let part = parts.last_mut().expect("parts is never empty");
        if part.len() + character.len_utf8() > ENCODED_WORD_BYTES {
            parts.push(character.to_string());
        } else {
            part.push(character);
        }
    }
    let words = parts.iter().map(|part| format!("=?utf-8?B?{}?=", STANDARD.encode(part)));
    Some(words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontrow_domain::hold::Taken;

    #[test]
    fn times_are_in_the_shows_zone_and_the_readers_language() {
        let time = |language, moment: &str, zone: &str| {
            let zone = TimeZone::try_from(zone.to_owned()).unwrap();
            local_time(language, Timestamp::parse(moment).unwrap(), &zone)
        };
        for (moment, zone, ko, en) in [
            (
                "2026-12-24T10:30:00Z",
                "Asia/Seoul",
                "2026년 12월 24일 (목) 19:30 (KST, GMT+9)",
                "Thu, 24 December 2026, 19:30 (KST, GMT+9)",
            ),
            (
                "2027-07-05T02:05:00Z",
                "America/New_York",
                "2027년 7월 4일 (일) 22:05 (EDT, GMT-4)",
                "Sun, 4 July 2027, 22:05 (EDT, GMT-4)",
            ),
            (
                "2027-07-05T02:05:00Z",
                "Asia/Kathmandu",
                "2027년 7월 5일 (월) 07:50 (GMT+5:45)",
                "Mon, 5 July 2027, 07:50 (GMT+5:45)",
            ),
            ("2027-01-05T02:05:00Z", "UTC", "2027년 1월 5일 (화) 02:05 (UTC)", "Tue, 5 January 2027, 02:05 (UTC)"),
            (
                "2027-01-05T02:05:00Z",
                "Europe/London",
                "2027년 1월 5일 (화) 02:05 (GMT)",
                "Tue, 5 January 2027, 02:05 (GMT)",
            ),
        ] {
            assert_eq!(time(Language::Ko, moment, zone), ko);
            assert_eq!(time(Language::En, moment, zone), en);
        }
    }

    /// Clocks go back at two o'clock, so the hour from one to two occurs twice.
    #[test]
    fn a_repeated_hour_is_unambiguous() {
        let zone = TimeZone::try_from("America/New_York".to_owned()).unwrap();
        let times = ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]
            .map(|moment| local_time(Language::En, Timestamp::parse(moment).unwrap(), &zone));
        assert_eq!(times, ["Sun, 1 November 2026, 01:30 (EDT, GMT-4)", "Sun, 1 November 2026, 01:30 (EST, GMT-5)"]);
    }

    #[test]
    fn seats_are_named_as_people_say_them() {
        for (seat_id, ko, en) in [
            ("A-2-5", "A구역 2열 5번", "Section A · Row 2 · Seat 5"),
            ("1층-2-15", "1층 2열 15번", "Section 1층 · Row 2 · Seat 15"),
            ("가구역-1-1", "가구역 1열 1번", "Section 가구역 · Row 1 · Seat 1"),
            ("Section B-1-1", "Section B구역 1열 1번", "Section B · Row 1 · Seat 1"),
        ] {
            let taken = Taken::Seat { seat_id: seat_id.to_owned(), block: 0 };
            let seat = HeldSeat { taken, grade: "VIP".to_owned(), price: Won(1) };
            assert_eq!(seat_name(Language::Ko, &seat).as_deref(), Some(ko));
            assert_eq!(seat_name(Language::En, &seat).as_deref(), Some(en));
            assert_eq!(seat_name(Language::En, &HeldSeat { taken: Taken::Place { shard: 0 }, ..seat }), None);
        }
    }

    #[test]
    fn lines_break_between_parts() {
        assert_eq!(unbroken("Section A · Row 2 · Seat 5"), "Section A\u{a0}· Row\u{a0}2\u{a0}· Seat\u{a0}5");
        assert_eq!(unbroken("19:30 (KST, GMT+9)"), "19:30 (KST,\u{a0}GMT+9)");
        assert_eq!(unbroken("A구역 2열 5번"), "A구역 2열 5번");
    }

    #[test]
    fn text_stays_on_one_line() {
        assert_eq!(one_line(" Kim\r\nBcc: x@y.z\u{0}\t\u{2028}\u{202e}Min "), "Kim Bcc: x@y.z Min");
        assert_eq!(one_line("Kim \u{202e}nimdA\u{202c} \u{2067}x\u{2069}"), "Kim nimdA x");
    }
}
