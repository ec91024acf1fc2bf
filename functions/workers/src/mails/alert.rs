//! The mail about a new show in a category that the member chose.

use super::{
    Email, Links,
    texts::{Labels, labels, one_line},
};
use askama::Template;
use frontrow_domain::{
    member::{Language, Member},
    show::{Category, Show},
};

#[derive(Template)]
#[template(path = "alert.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
}

#[derive(Template)]
#[template(path = "alert.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    facts: &'a Facts,
}

struct Words {
    heading: String,
    greeting: String,
    intro: String,
    link: &'static str,
    note: String,
    unsubscribe: &'static str,
}

struct Facts {
    show: String,
    category_label: &'static str,
    category: &'static str,
    venue: String,
    show_url: Option<String>,
    unsubscribe_url: Option<String>,
}

/// Builds the mail to `member` about `show`. Its unsubscribe link contains `unsubscribe_token`.
pub fn email(member: &Member, show: &Show, links: &Links, unsubscribe_token: &str) -> Email {
    let (language, category) = (member.language, show.details.category);
    let (labels, words) = (labels(language), words(language, category, &one_line(member.name.as_str())));
    let facts = Facts {
        show: one_line(show.details.title.as_str()),
        category_label: match language {
            Language::Ko => "장르",
            Language::En => "Category",
        },
        category: word(language, category),
        venue: one_line(show.details.venue.as_str()),
        show_url: links.show(&show.show_id),
        unsubscribe_url: links.unsubscribe(unsubscribe_token),
    };
    let subject = match language {
        // Korean law requires this word at the start of the subject of an advertisement.
        Language::Ko => format!("(광고) [frontrow] 새 {}: {}", facts.category, facts.show),
        Language::En => format!("[frontrow] New {}: {}", facts.category, facts.show),
    };
    let id = format!("alert.{}.{}", show.show_id, member.member_id);
    let email = Email::to(&member.email, Some(&member.name), id, subject);
    let email = Email { unsubscribe_url: facts.unsubscribe_url.clone(), ..email };
    email.with_content(&Text { labels, words: &words, facts: &facts }, &Page { labels, words: &words, facts: &facts })
}

fn word(language: Language, category: Category) -> &'static str {
    match (language, category) {
        (Language::Ko, Category::Concert) => "콘서트",
        (Language::Ko, Category::Musical) => "뮤지컬",
        (Language::Ko, Category::Movie) => "영화",
        (Language::Ko, Category::Play) => "연극",
        (Language::En, category) => category.as_str(),
    }
}

fn words(language: Language, category: Category, name: &str) -> Words {
    let category = word(language, category);
    match language {
        Language::Ko => Words {
            heading: format!("새 {category} 소식"),
            greeting: format!("{name}님, 안녕하세요."),
            intro: format!("신청하신 대로 새 {category} 소식을 알려 드립니다."),
            link: "공연 정보 보기",
            note: format!("이 메일은 새 {category} 알림을 신청하신 회원님께 보내 드립니다."),
            unsubscribe: "알림 메일 수신 거부",
        },
        Language::En => Words {
            heading: format!("New {category}"),
            greeting: format!("Hello {name},"),
            intro: format!("A new {category} has just been announced."),
            link: "View show details",
            note: format!("You are receiving this email because you signed up for alerts about new {category}s."),
            unsubscribe: "Unsubscribe from all alerts",
        },
    }
}
