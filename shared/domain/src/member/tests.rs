use super::*;

#[test]
fn addresses_are_lowercased_and_invalid_ones_refused() {
    assert_eq!(EmailAddress::try_from(" Alice.B+x@Example.COM ".to_owned()).unwrap().as_str(), "alice.b+x@example.com");
    for bad in [
        "",
        "a",
        "a@b",
        "a@@b.c",
        "a b@c.de",
        "a@b..c",
        "a@-b.c",
        ".a@b.cd",
        "a@b.c\r\nBcc: x@y.z",
        "한글@example.com",
        "a@b.c.",
        "a@b_c.de",
        "a@b",
        "a@xn--a.com",
        "a@bü cher.example",
        "a@b.c\u{0}",
    ] {
        assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[test]
fn spellings_of_one_mailbox_are_equal() {
    for (address, mailbox) in [
        ("kim@example.com", "kim@example.com"),
        ("kim+a@example.com", "kim@example.com"),
        ("kim+a+b@example.com", "kim@example.com"),
        ("k.i.m@example.com", "k.i.m@example.com"),
        ("+kim@example.com", "+kim@example.com"),
        ("K.i.m+a@gmail.com", "kim@gmail.com"),
        ("kim@googlemail.com", "kim@gmail.com"),
        ("k.im@mail.gmail.com", "k.im@mail.gmail.com"),
    ] {
        assert_eq!(EmailAddress::try_from(address.to_owned()).unwrap().mailbox(), mailbox);
    }
}

#[test]
fn spellings_of_an_internationalized_domain_are_equal() {
    let email = |text: &str| EmailAddress::try_from(text.to_owned()).map(String::from);
    for (spelling, address) in [
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("Kim@BU\u{308}CHER.example", "kim@xn--bcher-kva.example"),
        ("kim@XN--BCHER-KVA.example", "kim@xn--bcher-kva.example"),
        ("kim@한국.com", "kim@xn--3e0b707e.com"),
        ("kim@\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}。com", "kim@xn--3e0b707e.com"),
        ("ｋｉｍ＠ｅｘａｍｐｌｅ．ｃｏｍ", "kim@example.com"),
        ("\u{feff}kim@example.com\u{200b}\u{a0}", "kim@example.com"),
        ("kim@r3---sn.example.com", "kim@r3---sn.example.com"),
    ] {
        assert_eq!(email(spelling).unwrap(), address, "{spelling}");
        assert_eq!(email(address).unwrap(), address);
    }
}

#[test]
fn password_length_is_that_of_the_hashed_form() {
    let password = |text: &str| Password::try_from(text.to_owned()).map(|password| password.reveal().to_owned());
    assert_eq!(password("cre\u{300}me bru\u{302}le\u{301}e 1").unwrap(), "crème brûlée 1");
    assert_eq!(password("ｐａｓｓ\u{3000}ｗｏｒｄ").unwrap(), "pass word");
    assert!(password("\u{1100}\u{1161}\u{11a8}".repeat(4).as_str()).is_err(), "four letters");
    assert!(password("\u{1100}\u{1161}\u{11a8}".repeat(128).as_str()).is_ok(), "128 letters");
}

#[test]
fn a_name_has_a_visible_character_and_stored_names_stay_unchanged() {
    let name = |text: &str| Name::try_from(text.to_owned()).map(String::from);
    assert_eq!(name(" \u{202e}Kim\r\nBcc: x\u{0} ").unwrap(), "Kim Bcc: x");
    assert!(name("\u{3164}\u{200b}").is_err() && name("").is_err() && name(&"n".repeat(101)).is_err());
    assert!(name(&"e\u{301}".repeat(100)).is_ok());
    let stored = |json: &str| text::as_stored(|| serde_json::from_str::<Name>(json)).unwrap();
    assert_eq!(stored("\"\u{200b}\"").renewed().as_str(), "\u{200b}");
    assert_eq!((stored("\"e\u{301}\"").as_str(), stored("\"e\u{301}\"").renewed().as_str()), ("e\u{301}", "é"));
}

#[test]
fn common_and_personal_passwords_are_refused() {
    let email = EmailAddress::try_from("dana.kim@example.com".to_owned()).unwrap();
    let password = |text: &str| Password::try_from(text.to_owned()).unwrap();
    for known in [
        "dana.kim@example.com",
        "Dana.Kim@Example.com",
        "dana.kim",
        "DANA.KIM1!",
        "1dana.kim",
        "frontrow",
        "Frontrow2026",
        "front row",
    ] {
        assert_eq!(password(known).check_for(&email).unwrap_err().field, "password", "{known}");
    }
    for own in ["correct horse", "dana.kim likes opera", "frontrow-demo", "3.14159265358"] {
        assert_eq!(password(own).check_for(&email), Ok(()), "{own}");
    }
    let international = EmailAddress::try_from("kim@한국.com".to_owned()).unwrap();
    for known in ["kim@한국.com", "KIM@한국.com", "kim@xn--3e0b707e.com", " kim@한국.com "] {
        assert!(password(known).check_for(&international).is_err(), "{known}");
    }
    let digits = EmailAddress::try_from("2026@example.com".to_owned()).unwrap();
    assert_eq!(password("27182818").check_for(&digits), Ok(()));
}

#[test]
fn the_most_preferred_language_is_chosen() {
    assert_eq!(Language::negotiate(None), Language::Ko);
    assert_eq!(Language::negotiate(Some("en-US,en;q=0.9,ko;q=0.8")), Language::En);
    assert_eq!(Language::negotiate(Some("fr, en;q=0.3, ko-KR;q=0.7")), Language::Ko);
    assert_eq!(Language::negotiate(Some("de")), Language::Ko);
    assert_eq!(Language::negotiate(Some("en;q=0")), Language::Ko);
}
