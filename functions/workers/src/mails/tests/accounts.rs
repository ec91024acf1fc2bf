//! Tests mails about accounts: verification codes and changed passwords.

use super::*;
use crate::mails::{password, verification};
use frontrow_domain::{ids::VerificationId, limits::VERIFICATION_SECONDS, verification::Verification};

fn verification(id: &str, language: Language) -> Verification {
    let id: VerificationId = id.parse().unwrap();
    Verification::new(
        id,
        EmailAddress::try_from("bob@example.com".to_owned()).unwrap(),
        language,
        Timestamp::from_millis(0),
    )
}

/// Returns the runs of at least six digits.
fn runs(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_numeric()).filter(|run| run.len() >= 6).collect()
}

#[test]
fn the_code_is_the_only_six_digit_run_in_its_mail() {
    assert_eq!(VERIFICATION_SECONDS, 600);
    for n in 0..500 {
        let language = if n % 2 == 0 { Language::Ko } else { Language::En };
        let verification = verification(&format!("0193f1b07c8a7d3fae52c1d1a5b{n:05}"), language);
        let code = codes().verification_code(&verification.verification_id);
        let raw = mime(&verification::email(&verification, &code));
        let (text, html, _) = take_apart(&raw);
        assert_eq!(runs(&text), [code.as_str()]);
        assert!(visible(&html).contains(&code));
        let life = if language == Language::Ko { "10분" } else { "10 minutes" };
        assert!(text.contains(life) && visible(&html).contains(life), "{text}");
        let message = parse(&raw);
        assert_eq!(message.to().unwrap().first().unwrap().address(), Some("bob@example.com"));
        assert!(!message.subject().unwrap().contains(&code));
    }
}

#[test]
fn a_password_change_mail_is_in_the_members_language() {
    for (language, subject, words) in [
        (Language::Ko, "[frontrow] 비밀번호가 변경되었습니다", "모든 기기에서 로그아웃되었습니다"),
        (Language::En, "[frontrow] Your password was changed", "logged out on all devices"),
    ] {
        let email = password::email(&verification("v1", language));
        let raw = mime(&email);
        assert_eq!(parse(&raw).subject(), Some(subject));
        assert_eq!(email.to_address(), "bob@example.com");
        let (text, page, pictures) = take_apart(&raw);
        assert!(text.contains(words) && page.contains(words), "{text}");
        assert!(pictures.is_empty());
    }
}
