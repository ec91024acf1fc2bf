//! Shows: how they are parsed, listed and found.

use super::*;
use crate::{money::Won, performance::Performance};
use serde_json::json;

#[test]
fn shows_are_parsed_completely_or_refused() {
    let parse = |json: &str| serde_json::from_str::<ShowDetails>(json);
    let show = parse(r#"{"title":"  Aida ","category":"musical","venue":"Blue Hall","timeZone":null}"#).unwrap();
    assert_eq!(show.title.as_str(), "Aida");
    for bad in [
        r#"{"title":" ","category":"musical","venue":"v"}"#,
        r#"{"title":"t","category":"opera","venue":"v"}"#,
        r#"{"title":"t","category":"play","venue":"v","timeZone":"Mars/Base"}"#,
        r#"{"title":"t","category":"play","venue":"v","posterUrl":"javascript:alert(1)"}"#,
        r#"{"title":"t","category":"play","venue":"v","runningMinutes":0}"#,
        r#"{"title":"t","category":"play","venue":"v","extra":1}"#,
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn first_and_last_start_decide_whether_a_show_plays_in_a_range() {
    let details = serde_json::from_str(r#"{"title":"Aida","category":"musical","venue":"Blue Hall"}"#).unwrap();
    let show = Show::new("s".parse().unwrap(), details, Timestamp::default());
    let at = Timestamp::from_millis;
    let between =
        |from: Option<i64>, to: Option<i64>| ShowFilter { from: from.map(at), to: to.map(at), ..ShowFilter::default() };
    assert_eq!(between(None, None).plays(&show), Plays::Certainly);
    assert_eq!(between(Some(0), None).plays(&show), Plays::Never);
    let show = show.playing(2, Some((at(10), at(20))), None);
    for (from, to, plays) in [
        (Some(10), None, Plays::Certainly),
        (Some(20), None, Plays::Certainly),
        (Some(21), None, Plays::Never),
        (None, Some(11), Plays::Certainly),
        (None, Some(10), Plays::Never),
        (Some(10), Some(11), Plays::Certainly),
        (Some(11), Some(20), Plays::Perhaps),
        (Some(11), Some(21), Plays::Certainly),
        (Some(1), Some(5), Plays::Never),
    ] {
        assert_eq!(between(from, to).plays(&show), plays, "{from:?} {to:?}");
    }
}

#[test]
fn keywords_match_title_venue_and_description() {
    let json = r#"{"title":"Aida 2","category":"musical","venue":"블루 Hall","description":"By\nVerdi"}"#;
    let show = Show::new("s".parse().unwrap(), serde_json::from_str(json).unwrap(), Timestamp::default());
    let finds = |keyword: &str| {
        let keyword = Some(Keyword::try_from(keyword.to_owned()).unwrap());
        ShowFilter { keyword, ..ShowFilter::default() }.describes(&show)
    };
    assert!(finds("aIDA") && finds("블루 hALL") && finds("verdi") && finds("a 2"));
    assert!(!finds("aida hall") && !finds("musical") && !finds("%"));
    assert!(finds("ＡＩＤＡ") && finds("블루\u{3000}\u{a0}hall") && finds("by verdi") && finds("ver\u{200b}di"));
    assert!(finds("\u{1107}\u{1173}\u{11af}\u{1105}\u{116e}"), "decomposed, as macOS types it");
    assert!(Keyword::try_from("\u{200b} \u{3164}".to_owned()).is_err());
}

#[test]
fn a_show_is_on_sale_from_the_first_opening_to_the_last_close() {
    let details = serde_json::from_value(json!({"title": "Aida", "category": "musical", "venue": "v"})).unwrap();
    let show = Show::new("s".parse().unwrap(), details, Timestamp::default());
    let performance = |price: u32, opens: &str, closes: &str| {
        let details = json!({"startsAt": closes, "salesOpenAt": opens, "seating": {"type": "general", "areas": [
            {"grade": "S", "price": price + 1, "capacity": 1}, {"grade": "R", "price": price, "capacity": 1}]}});
        let details = serde_json::from_value(details).unwrap();
        Performance::new("p".parse().unwrap(), show.show_id.clone(), details, Timestamp::default())
    };
    let (early, late) = (
        performance(300, "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"),
        performance(200, "2030-03-01T00:00:00Z", "2030-04-01T00:00:00Z"),
    );
    let mut cancelled = performance(100, "2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z");
    let reason = "Snow".to_owned().try_into().unwrap();
    cancelled.cancellation = Some(crate::performance::Cancellation { reason, cancelled_at: Timestamp::default() });
    let on_sale = OnSale::of([&late, &cancelled, &early]);
    assert_eq!(on_sale.price_from, Some(Won(200)));
    let starts = Some((early.starts_at, late.starts_at));
    let playing = show.playing(3, starts, Some(on_sale));
    let at = |text: &str| playing.sales_state(Timestamp::parse(text).unwrap());
    assert_eq!(at("2029-12-31T23:59:59Z"), SalesState::Upcoming);
    assert_eq!(at("2030-01-01T00:00:00Z"), SalesState::Open);
    assert_eq!(at("2030-03-31T23:59:59Z"), SalesState::Open);
    assert_eq!(at("2030-04-01T00:00:00Z"), SalesState::Closed);
    let now = early.starts_at;
    assert_eq!(show.sales_state(now), SalesState::Upcoming, "nothing is listed yet");
    assert_eq!(show.playing(1, starts, Some(OnSale::of([&cancelled]))).sales_state(now), SalesState::Cancelled);
    let old = show.playing(2, starts, None);
    assert_eq!([now, late.starts_at].map(|now| old.sales_state(now)), [SalesState::Open, SalesState::Closed]);
}

#[test]
fn lists_truncate_long_descriptions() {
    let show = |description: &str| {
        let details = json!({"title": "Aida", "category": "musical", "venue": "v", "description": description});
        Show::new("s".parse().unwrap(), serde_json::from_value(details).unwrap(), Timestamp::default())
    };
    let short = show(&"가".repeat(300));
    assert_eq!(short.listed(), (short.clone(), None));
    let long = show(&"가".repeat(301));
    let (listed, whole) = long.listed();
    assert_eq!((listed.details.description, whole), (short.details.description, long.details.description.clone()));
    let (listed, _) = long.listed();
    assert_eq!(listed.listed(), (listed.clone(), None), "once it was read nothing is cut off again");
    assert!(listed.playing(1, None, None).description_apart && !listed.described(long.details).description_apart);
}
