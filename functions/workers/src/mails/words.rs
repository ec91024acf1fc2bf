//! The words that all mails share, in both languages.

use frontrow_domain::{Timestamp, member::Language, money::Won, show::TimeZone, text::clean_line};

/// Labels of the facts that a mail states.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) lang: &'static str,
    pub(super) show: &'static str,
    pub(super) when: &'static str,
    pub(super) venue: &'static str,
    pub(super) seats: &'static str,
    pub(super) unnumbered: &'static str,
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
    total: "결제 금액",
    reservation: "예매 번호",
    reason: "취소 사유",
    footer: "이 메일은 발신 전용입니다.",
};

const EN: Labels = Labels {
    lang: "en",
    show: "Show",
    when: "Date",
    venue: "Venue",
    seats: "Seats",
    unnumbered: "general admission",
    total: "Total paid",
    reservation: "Reservation",
    reason: "Reason",
    footer: "This mail was sent automatically; replies are not read.",
};

pub(super) fn labels(language: Language) -> &'static Labels {
    match language {
        Language::Ko => &KO,
        Language::En => &EN,
    }
}

/// An amount as its readers write it.
pub(super) fn amount(language: Language, amount: Won) -> String {
    match language {
        Language::Ko => format!("{amount}원"),
        Language::En => format!("KRW {amount}"),
    }
}

/// A moment on the clocks of the show's own zone, with the zone (T4).
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
    format!("{clock} ({})", zone.as_str())
}

/// `text` on one line, so that nothing adds a header or a line, or turns the direction of what follows. New texts are one line
/// already; those of an older version may not be.
pub(super) fn one_line(text: &str) -> String {
    clean_line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_shows_own_in_the_readers_words() {
        let moment = Timestamp::parse("2026-12-24T10:30:00Z").unwrap();
        let seoul = TimeZone::default();
        assert_eq!(local_time(Language::Ko, moment, &seoul), "2026년 12월 24일 (목) 19:30 (Asia/Seoul)");
        assert_eq!(local_time(Language::En, moment, &seoul), "Thu, 24 December 2026, 19:30 (Asia/Seoul)");
        let new_york = TimeZone::try_from("America/New_York".to_owned()).unwrap();
        let sunday = Timestamp::parse("2027-07-05T02:05:00Z").unwrap();
        assert_eq!(local_time(Language::En, sunday, &new_york), "Sun, 4 July 2027, 22:05 (America/New_York)");
        assert_eq!(local_time(Language::Ko, sunday, &new_york), "2027년 7월 4일 (일) 22:05 (America/New_York)");
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        assert_eq!(one_line(" Kim\r\nBcc: x@y.z\u{0}\t\u{2028}\u{202e}Min "), "Kim Bcc: x@y.z Min");
    }
}
