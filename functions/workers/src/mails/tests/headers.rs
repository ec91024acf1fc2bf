//! Tests headers that contain user input.

use super::*;
use frontrow_domain::text::as_stored;

/// Mail clients decode encoded words (RFC 2047), so text that looks like one must itself be encoded.
#[test]
fn a_text_that_looks_encoded_is_shown_as_typed() {
    for typed in [
        "=?utf-8?Q?Free?=",
        "a =?utf-8?Q?Free?= b",
        "=?utf-8?B?RnJlZQ==?= =?utf-8?B?RnJlZQ==?=",
        "=?",
        "한글 =?utf-8?Q?Free?=",
        &"=?utf-8?Q?Free?= ".repeat(5),
        &format!("{}=?x?q?y?=", "가".repeat(80)),
    ] {
        let typed = typed.trim_end();
        let reservation = reservation(Language::En, typed, typed);
        for email in [ticket_email(&reservation), cancellation::email(&reservation)] {
            let raw = mime(&email);
            let message = parse(&raw);
            let subject = message.subject().unwrap();
            assert!(subject.ends_with(&format!(": {typed}")), "{subject:?}");
            let to = message.to().unwrap().first().unwrap();
            assert_eq!((to.name(), to.address()), (Some(typed), Some("alice@example.com")));
            assert_eq!(message.to().unwrap().iter().count(), 1);
            let head = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
            let head = std::str::from_utf8(&raw[..head]).unwrap();
            assert!(head.lines().all(|line| line.len() <= 78), "{head}");
            assert!(!head.contains("?Q?Free?="), "no mail client decodes the typed text: {head}");
        }
    }
}

/// Such names are rejected today, but older versions stored them.
#[test]
fn an_invisible_name_is_omitted_from_the_address() {
    let mut reservation = reservation(Language::En, ALICE, "Aida");
    reservation.buyer.name = as_stored(|| Name::try_from("\u{0}\r\n\u{202e}".to_owned())).unwrap();
    let raw = mime(&ticket_email(&reservation));
    assert_eq!(parse(&raw).header_raw("To").unwrap().trim(), "<alice@example.com>");
}
