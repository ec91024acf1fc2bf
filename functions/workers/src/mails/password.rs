//! The notice about a changed password, sent to the owner of the address whoever changed it.

use super::{
    Email,
    texts::{Labels, labels},
};
use askama::Template;
use frontrow_domain::{member::Language, verification::Verification};

#[derive(Template)]
#[template(path = "password.html")]
struct Page<'a> {
    labels: &'static Labels,
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "password.txt")]
struct Text<'a> {
    labels: &'static Labels,
    words: &'a Words,
}

struct Words {
    subject: &'static str,
    heading: &'static str,
    intro: &'static str,
    sessions: &'static str,
    note: &'static str,
}

/// Builds the mail about the password change confirmed by `verification`.
pub fn email(verification: &Verification) -> Email {
    let (labels, words) = (labels(verification.language), words(verification.language));
    let (id, subject) = (format!("password.{}", verification.verification_id), words.subject.to_owned());
    let email = Email::to(&verification.email, None, id, subject);
    email.with_content(&Text { labels, words: &words }, &Page { labels, words: &words })
}

fn words(language: Language) -> Words {
    match language {
        Language::Ko => Words {
            subject: "[frontrow] 비밀번호가 변경되었습니다",
            heading: "비밀번호가 변경되었습니다",
            intro: "이 이메일 주소로 보내 드린 인증 코드로 회원님의 비밀번호가 변경되었습니다.",
            sessions: "모든 기기에서 로그아웃되었습니다. 새 비밀번호로 다시 로그인해 주세요.",
            note: "직접 변경하지 않으셨다면 다른 사람이 이 메일함에 접근했을 수 있습니다. 먼저 메일 계정의 보안을 강화하신 뒤, \
                   새 인증 코드를 받아 비밀번호를 다시 변경해 주세요.",
        },
        Language::En => Words {
            subject: "[frontrow] Your password was changed",
            heading: "Your password was changed",
            intro: "Your password was changed using a verification code sent to this email address.",
            sessions: "You have been logged out on all devices. Log in again with your new password.",
            note: "If you did not make this change, someone else may have access to your mailbox. Secure your email account first, \
                   then request a new code and change your password again.",
        },
    }
}
