//! The mail with the code that proves an address. The code is the only run of six digits in its text.

use super::{
    Email,
    texts::{Labels, labels},
};
use askama::Template;
use frontrow_domain::{limits::VERIFICATION_SECONDS, member::Language, verification::Verification};

#[derive(Template)]
#[template(path = "verification.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "verification.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
    code: &'a str,
}

struct Words {
    subject: &'static str,
    heading: &'static str,
    intro: &'static str,
    life: String,
    note: &'static str,
}

/// Builds the mail with `code`.
pub fn email(verification: &Verification, code: &str) -> Email {
    let labels = labels(verification.language);
    let words = words(verification.language);
    let (id, subject) = (format!("code.{}", verification.verification_id), words.subject.to_owned());
    let email = Email::to(&verification.email, None, id, subject);
    email.with_content(&Text { labels, words: &words, code }, &Page { labels, words: &words, code })
}

fn words(language: Language) -> Words {
    let minutes = VERIFICATION_SECONDS / 60;
    match language {
        Language::Ko => Words {
            subject: "[frontrow] 이메일 인증 코드",
            heading: "이메일 인증 코드",
            intro: "아래 코드를 입력해 이메일 주소를 인증해 주세요.",
            life: format!("이 코드는 {minutes}분 동안 유효합니다."),
            note: "직접 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 인증 코드를 다른 사람에게 알려 주지 마세요.",
        },
        Language::En => Words {
            subject: "[frontrow] Your verification code",
            heading: "Your verification code",
            intro: "Enter this code to verify your email address.",
            life: format!("This code is valid for {minutes} minutes."),
            note: "If you did not request this code, you can ignore this email. Do not share the code with anyone.",
        },
    }
}
