//! That there is a new show of a category that the member chose (C2).

use super::{
    Letter,
    words::{Labels, labels, one_line},
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
    intro: &'static str,
    note: String,
}

struct Facts {
    show: String,
    category_label: &'static str,
    category: &'static str,
    venue: String,
}

/// The mail to `member` about `show`.
pub fn letter(member: &Member, show: &Show) -> Letter {
    let (language, category) = (member.language, word(member.language, show.details.category));
    let (labels, words) = (labels(language), words(language, category, &one_line(member.name.as_str())));
    let facts = Facts {
        show: one_line(show.details.title.as_str()),
        category_label: match language {
            Language::Ko => "분류",
            Language::En => "Category",
        },
        category,
        venue: one_line(show.details.venue.as_str()),
    };
    let subject = match language {
        Language::Ko => format!("[frontrow] 새 {category}: {}", facts.show),
        Language::En => format!("[frontrow] New {category}: {}", facts.show),
    };
    let (html, text) = (Page { labels, words: &words, facts: &facts }, Text { labels, words: &words, facts: &facts });
    Letter {
        id: format!("alert.{}.{}", show.show_id, member.member_id),
        reservation_id: None,
        to_name: Some(member.name.as_str().to_owned()),
        to: member.email.clone(),
        subject,
        text: text.render().expect("the template takes any text"),
        html: html.render().expect("the template takes any text"),
        pictures: Vec::new(),
    }
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

fn words(language: Language, category: &str, name: &str) -> Words {
    match language {
        Language::Ko => Words {
            heading: format!("새 {category} 공연이 등록되었습니다"),
            greeting: format!("{name}님, 안녕하세요."),
            intro: "알림을 신청하신 분류의 새 공연을 알려 드립니다.",
            note: format!(
                "{category} 알림을 신청하셔서 보내 드린 메일입니다. 그만 받으시려면 회원 알림 설정(PUT /members/me/alerts)에서 \
                 이 분류를 빼 주세요."
            ),
        },
        Language::En => Words {
            heading: format!("A new {category} is listed"),
            greeting: format!("Hello {name},"),
            intro: "You asked to be told of new shows of this category.",
            note: format!(
                "You get this mail because you chose alerts for the category \"{category}\". To stop them, take it off your \
                 alerts (PUT /members/me/alerts)."
            ),
        },
    }
}
