//! Ids, names, amounts and timestamps.

use super::{AFTER, BEFORE, MEMBER, NOW};
use crate::{
    Timestamp,
    ids::{HoldId, PerformanceId, RequestId},
    limits::{NAME_MAX_CHARS, PASSWORD_MAX_CHARS},
    member::{EmailAddress, Language, Member, Name, Password, Role},
    money::Won,
    show::Category,
    time::UtcTime,
};
use serde_json::json;
use uuid::Uuid;

/// Ids are stored and mailed: the same parts must always give the same id.
#[test]
fn id_formats_never_change() {
    let id = HoldId::new(Uuid::from_u128(7), &MEMBER, "demo".parse().unwrap(), NOW);
    assert_eq!(id.to_string(), "h-01a0c4506c0070008000000741e92b7f.demo");
    assert_eq!(MEMBER.to_string(), "0193f1b0-7c8a-7d3f-ae52-c1d1a5b0c005");
    assert_eq!(MEMBER.to_string().parse(), Ok(MEMBER));
    assert_eq!(id.purchase(1).payment().order(), id.to_string().replace("h-", "p-").replace(".demo", ""));
    assert_eq!(PerformanceId::new(MEMBER.0).as_str(), "0193f1b07c8a7d3fae52c1d1a5b0c005");
    assert!("x".repeat(64).parse::<PerformanceId>().is_ok() && "x".repeat(65).parse::<PerformanceId>().is_err());
    assert!("a_b-C9".parse::<PerformanceId>().is_ok());
    assert!(RequestId::try_from("x".repeat(64)).is_ok_and(|id| id.as_str().len() == 64));
    assert_eq!(String::from(RequestId::try_from("abc".to_owned()).unwrap()), "abc");
    assert_eq!(id.spread(1), 0);
    assert_eq!(id.spread(0), 0);
}

#[test]
fn names_passwords_and_addresses_have_length_limits() {
    let name = |length| Name::try_from("x".repeat(length));
    assert!(name(0).is_err() && name(1).is_ok() && name(NAME_MAX_CHARS).is_ok() && name(NAME_MAX_CHARS + 1).is_err());
    assert_eq!(name(2).unwrap().as_str(), "xx");
    assert!(Password::try_from("x".repeat(PASSWORD_MAX_CHARS + 1)).is_err());
    assert_eq!(format!("{:?}", Password::try_from("correct horse".to_owned()).unwrap()), "Password(…)");
    let email = |text: String| EmailAddress::try_from(text);
    assert!(email(format!("{}@example.com", "x".repeat(64))).is_ok());
    assert!(email(format!("{}@example.com", "x".repeat(65))).is_err());
    let label = "x".repeat(60);
    let domain = [label.as_str(); 4].join(".");
    assert!(email(format!("{}@{domain}", "x".repeat(10))).is_ok(), "254 characters");
    assert!(email(format!("{}@{domain}", "x".repeat(11))).is_err());
    for odd in ["a.@b.cd", "a..b@c.de", "@b.cd", "a@b-.cd", "a@.cd", "a@b_c.de"] {
        assert!(email(odd.to_owned()).is_err(), "{odd}");
    }
    let address = email("alice@example.com".to_owned()).unwrap();
    assert_eq!(
        (address.to_string(), String::from(address.clone())),
        (address.as_str().to_owned(), address.to_string())
    );
}

#[test]
fn repeated_categories_collapse() {
    let member = Member {
        member_id: MEMBER,
        email: EmailAddress::try_from("alice@example.com".to_owned()).unwrap(),
        name: Name::try_from("Alice".to_owned()).unwrap(),
        role: Role::Member,
        language: Language::Ko,
        alerts: vec![Category::Movie],
        created_at: NOW,
    };
    let alerts = member.alerted_of(vec![Category::Play, Category::Musical, Category::Play]).alerts;
    assert_eq!(alerts, [Category::Play, Category::Musical]);
    let words = Category::ALL.map(|category| (json!(category), json!(category.as_str())));
    assert!(words.iter().all(|(stored, word)| stored == word), "{words:?}");
}

#[test]
fn amounts_add_up() {
    assert_eq!((Won(7).times(3), Won(7) - Won(9), -Won(7)), (Won(21), Won(-2), Won(-7)));
    assert_eq!([Won(1), Won(2)].into_iter().sum::<Won>(), Won(3));
    assert_eq!((Won(1_000).to_string(), Won(-1).to_string()), ("1,000".to_owned(), "-1".to_owned()));
}

#[test]
fn timestamps_compare_in_milliseconds_and_print_in_seconds() {
    assert_eq!((AFTER.seconds_since(NOW), NOW.seconds_since(AFTER), NOW.seconds_since(NOW)), (1, 0, 0));
    assert_eq!((NOW.plus_seconds(2).seconds_since(NOW), NOW.plus_seconds(2).seconds_since(BEFORE)), (2, 3));
    assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z"), Ok(Timestamp::default()));
    assert!(Timestamp::parse("1969-12-31T23:59:59.999Z").is_err());
    assert_eq!(Timestamp::parse(&Timestamp::MAX.to_string()), Ok(Timestamp::MAX));
    assert!(Timestamp::parse("9998-12-31T23:59:59.001Z").is_err());
    let read: UtcTime = serde_json::from_value(json!("2026-12-24T19:30:00.999+09:00")).unwrap();
    assert_eq!((read.0.millis() % 1_000, json!(read)), (0, json!("2026-12-24T10:30:00Z")));
    assert_eq!(UtcTime::from(NOW).0, NOW);
}
