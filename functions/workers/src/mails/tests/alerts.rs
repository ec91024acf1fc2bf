//! Tests new-show mails, and the links in mails.

use super::*;
use crate::mails::alert;
use frontrow_domain::{
    member::{Member, Role},
    show::Show,
};
use serde_json::json;

fn member(language: Language) -> Member {
    Member {
        member_id: "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005".parse().unwrap(),
        email: EmailAddress::try_from("alice@example.com".to_owned()).unwrap(),
        name: Name::try_from(ALICE.to_owned()).unwrap(),
        role: Role::Member,
        language,
        alerts: Vec::new(),
        created_at: Timestamp::from_millis(0),
    }
}

fn show(title: &str) -> Show {
    let details = json!({"title": title, "category": "musical", "venue": "블루스퀘어"});
    Show::new("show".parse().unwrap(), serde_json::from_value(details).unwrap(), Timestamp::from_millis(0))
}

pub(super) fn alert_to(language: Language, links: &Links) -> Email {
    alert::email(&member(language), &show("아이다"), links, "token")
}

#[test]
fn an_alert_has_one_click_unsubscribe_and_links_to_the_show() {
    for (language, subject, leave) in [
        (Language::Ko, "(광고) [frontrow] 새 뮤지컬: 아이다", "알림 메일 수신 거부"),
        (Language::En, "[frontrow] New musical: 아이다", "Unsubscribe from all alerts"),
    ] {
        let raw = mime(&alert_to(language, &links()));
        let message = parse(&raw);
        assert_eq!(message.subject(), Some(subject));
        let url = "https://api.example.com/unsubscribe?token=token";
        assert_eq!(message.header_raw("List-Unsubscribe").unwrap().trim(), format!("<{url}>"));
        assert_eq!(message.header_raw("List-Unsubscribe-Post").unwrap().trim(), "List-Unsubscribe=One-Click");
        let (text, html, _) = take_apart(&raw);
        assert!(text.contains(&format!("{leave}: {url}")), "{text}");
        assert!(html.contains(&format!("<a href=\"{url}\"")) && visible(&html).contains(leave), "{html}");
        assert!(text.contains("https://tickets.example.com/#/shows/show"), "{text}");
        assert!(html.contains("<a href=\"https://tickets.example.com/#/shows/show\""), "{html}");
        assert!(!text.contains("/members/me") && !html.contains("/members/me"), "mails contain no API paths");
    }
}

/// A deployment without public addresses.
#[test]
fn without_addresses_there_are_no_links() {
    for language in [Language::Ko, Language::En] {
        let raw = mime(&alert_to(language, &Links::default()));
        let message = parse(&raw);
        assert!(
            message.header_raw("List-Unsubscribe").is_none() && message.header_raw("List-Unsubscribe-Post").is_none()
        );
        let (text, html, _) = take_apart(&raw);
        assert!(!text.contains("http") && !html.contains("<a "), "{text}");
    }
}

#[test]
fn only_bulk_mail_has_an_unsubscribe_header() {
    let reservation = reservation(Language::Ko, ALICE, "아이다");
    for email in [ticket_email(&reservation), cancellation::email(&reservation)] {
        assert!(parse(&mime(&email)).header_raw("List-Unsubscribe").is_none());
    }
}

#[test]
fn a_ticket_mail_links_to_its_performance_if_there_is_a_website() {
    for (language, word) in [(Language::Ko, "공연 정보 보기"), (Language::En, "View performance details")] {
        let mut reservation = reservation(language, ALICE, "아이다");
        reservation.sold.poster_url = Some("https://img.example.com/a.jpg?a=1&b=2".to_owned().try_into().unwrap());
        let email = ticket::email(&reservation, 0, Occasion::Payment, &links(), |_| "code".to_owned());
        let (text, html, _) = take_apart(&mime(&email));
        let url = "https://tickets.example.com/#/performances/demo";
        assert!(text.contains(&format!("{word}: {url}")), "{text}");
        assert!(html.contains(&format!("<a href=\"{url}\"")) && visible(&html).contains(word), "{html}");
        assert!(html.contains("src=\"https://img.example.com/a.jpg?a=1&#38;b=2\""), "{html}");
        let (text, html, _) = take_apart(&mime(&ticket_email(&reservation)));
        assert!(!text.contains("http") && !html.contains("<a "), "{text}");
    }
}
