//! Shows, performances, houses and their maps.

use super::{AFTER, BEFORE, NOW, details, general, house, listing, numbered};
use crate::{
    Error, Timestamp,
    general_admission::Shard,
    limits::{
        ADMISSION_MAX_SECONDS, EXPECTED_ARRIVALS_MAX, HOLD_MAX_SECONDS, POSTER_URL_MAX_CHARS, PRICE_MAX_WON,
        ROOM_RATE_MAX, RUNNING_MAX_MINUTES, SEATS_PER_MEMBER_MAX,
    },
    money::Won,
    performance::{Performance, PerformanceDetails},
    price::Price,
    seat_map::{SeatMap, SeatState},
    seating::{Numbered, Seating},
    show::{PosterUrl, RunningMinutes, Show, ShowDetails, TimeZone},
    waiting_room::policy::WaitingRoomPolicy,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn general_admission_has_grades_and_shards() {
    let Seating::General(house) = serde_json::from_value(general()).unwrap() else { panic!("it is general") };
    let grades: Vec<_> = house.grades().into_iter().map(|it| (it.grade, it.price, it.total)).collect();
    assert_eq!(grades, [("Standing".to_owned(), Won(100), 700), ("Lawn".to_owned(), Won(50), 5)]);
    let (area, shares) = house.find("Lawn").unwrap();
    assert_eq!((area.capacity, shares[0].shard, shares[0].places), (5, 2, 5));
    let seating = Seating::General(house);
    assert_eq!((seating.places(), seating.grades().len()), (705, 2));
}

#[test]
fn policies_are_within_bounds() {
    let policy = |fields: Value| serde_json::from_value::<WaitingRoomPolicy>(fields);
    for field in ["maxActive", "admitPerMinute"] {
        assert!(policy(json!({field: 1})).is_ok() && policy(json!({field: ROOM_RATE_MAX})).is_ok(), "{field}");
        assert!(policy(json!({field: 0})).is_err() && policy(json!({field: ROOM_RATE_MAX + 1})).is_err(), "{field}");
    }
    assert!(policy(json!({})).is_err());
    let lasting = |seconds: i64| policy(json!({"maxActive": 1, "admissionSeconds": seconds}));
    assert!(lasting(0).is_err() && lasting(ADMISSION_MAX_SECONDS + 1).is_err());
    assert_eq!(lasting(1).unwrap().admission_seconds, 1);
    assert_eq!(lasting(ADMISSION_MAX_SECONDS).unwrap().admission_seconds, ADMISSION_MAX_SECONDS);
    assert!(!lasting(1).unwrap().paused && policy(json!({"maxActive": 1, "paused": true})).unwrap().paused);
    let expecting = |arrivals: u32| {
        details(numbered(), json!({"waitingRoom": {"maxActive": 1, "expectedArrivalsPerMinute": arrivals}}))
    };
    assert!(expecting(0).is_err() && expecting(EXPECTED_ARRIVALS_MAX + 1).is_err());
    assert_eq!(expecting(1).unwrap().shards, 1);
    assert_eq!(expecting(30_001).unwrap().shards, 2);
    assert_eq!(details(numbered(), json!({"waitingRoom": {"maxActive": 1}})).unwrap().shards, 1);
}

#[test]
fn performances_are_within_bounds() {
    let with = |more: Value| details(numbered(), more);
    let at = |seconds: i64| NOW.plus_seconds(seconds).to_string();
    assert_eq!(with(json!({})).unwrap().sales_close_at, NOW.plus_seconds(1_000));
    assert!(with(json!({"salesCloseAt": at(1_000)})).is_ok() && with(json!({"salesCloseAt": at(1_001)})).is_err());
    assert!(with(json!({"salesOpenAt": at(999)})).is_ok() && with(json!({"salesOpenAt": at(1_000)})).is_err());
    for (field, most) in [("maxSeatsPerMember", i64::from(SEATS_PER_MEMBER_MAX)), ("holdSeconds", HOLD_MAX_SECONDS)] {
        assert!(with(json!({field: 1})).is_ok() && with(json!({field: most})).is_ok(), "{field}");
        assert!(with(json!({field: 0})).is_err() && with(json!({field: most + 1})).is_err(), "{field}");
    }
    let area = |number: usize| json!({"grade": number.to_string(), "price": 1, "capacity": 1});
    let areas = |count: usize| json!({"type": "general", "areas": (0..count).map(area).collect::<Vec<_>>()});
    assert!(details(areas(40), json!({})).is_ok() && details(areas(41), json!({})).is_err());
    let price = |won: i64| Price::try_from(won).map(|price| (price.won(), i64::from(price)));
    assert_eq!(price(PRICE_MAX_WON), Ok((Won(PRICE_MAX_WON), PRICE_MAX_WON)));
    assert!(price(0).is_err() && price(1).is_ok() && price(PRICE_MAX_WON + 1).is_err());
}

#[test]
fn a_performance_is_on_sale_from_opening_to_close() {
    let performance = Performance { sales_open_at: Some(NOW), ..listing(numbered()).performance };
    let close = performance.sales_close_at;
    let just_before = Timestamp::from_millis(close.millis() - 1);
    assert_eq!(performance.check_on_sale(BEFORE), Err(Error::SalesClosed));
    assert_eq!((performance.check_on_sale(NOW), performance.check_on_sale(just_before)), (Ok(()), Ok(())));
    assert_eq!(performance.check_on_sale(close), Err(Error::SalesClosed));
    assert_eq!(
        (performance.check_sales_not_over(BEFORE), performance.check_sales_not_over(close)),
        (Ok(()), Err(Error::SalesClosed))
    );
    let reason = || "Rain".to_owned().try_into().unwrap();
    let cancellation = performance.cancel(reason(), just_before).unwrap();
    assert_eq!((cancellation.reason.as_str(), cancellation.cancelled_at), ("Rain", just_before));
    assert_eq!(performance.cancel(reason(), close), Err(Error::PerformanceStarted));
    let cancelled = Performance { cancellation: Some(cancellation.clone()), ..performance.clone() };
    assert_eq!(cancelled.check_sales_not_over(NOW), Err(Error::SalesClosed));
    assert_eq!(cancelled.cancel("Snow".to_owned().try_into().unwrap(), close), Ok(cancellation));
    assert!(performance.check_not_frozen().is_ok());
    let frozen = Performance { frozen_until: Some(NOW), ..performance };
    assert_eq!(frozen.check_not_frozen(), Err(Error::Busy));
}

#[test]
fn an_edit_increments_the_revision_and_new_seating_the_layout() {
    let performance = listing(numbered()).performance;
    let (same, other) = (details(numbered(), json!({})).unwrap(), details(general(), json!({})).unwrap());
    assert!(!performance.is_upset_by(&same) && performance.is_upset_by(&other));
    let later = PerformanceDetails { starts_at: AFTER, ..same.clone() };
    assert!(performance.is_upset_by(&later));
    let edited = |details: PerformanceDetails| {
        let edited = performance.edited(details);
        (edited.revision, edited.layout)
    };
    assert_eq!((performance.revision, performance.layout), (1, 1));
    assert_eq!((edited(same), edited(other)), ((2, 1), (2, 2)));
    assert!(performance.edited(later).numbered().is_some());
    let frozen = Performance { frozen_until: Some(NOW), ..performance.clone() };
    let waiting = details(numbered(), json!({"waitingRoom": {"maxActive": 1}})).unwrap();
    let edited = frozen.edited(waiting);
    assert_eq!((edited.has_waiting_room, edited.frozen_until), (true, None));
    assert!(!performance.has_waiting_room);
    assert!(listing(general()).performance.numbered().is_none());
}

#[test]
fn a_grade_maps_to_the_blocks_of_its_seats() {
    let section =
        |name: &str, grade: &str| json!({"name": name, "grade": grade, "price": 1, "rows": 12, "seatsPerRow": 50});
    let sections = json!([section("A", "R"), section("B", "S"), section("C", "T")]);
    let house = Numbered::new(serde_json::from_value(sections).unwrap()).unwrap();
    let blocks = ["R", "S", "T", "U"].map(|grade| house.blocks_of(grade));
    assert_eq!(blocks, [vec![0], vec![0, 1], vec![1], vec![]]);
}

#[test]
fn only_multi_line_texts_accept_line_breaks() {
    let described = |title: &str, description: &str| {
        let show = json!({"title": title, "category": "play", "venue": "v", "description": description});
        serde_json::from_value::<ShowDetails>(show)
    };
    assert!(described("Aida", "by\r\n\tVerdi").is_ok_and(|it| it.description.unwrap().as_str() == "by\n\tVerdi"));
    assert!(described("Ai\nda", "by Verdi").is_err() && described("Aida", "by\u{7}Verdi").is_err());
    assert!(described(&"x".repeat(200), "x").is_ok() && described(&"x".repeat(201), "x").is_err());
}

#[test]
fn a_map_counts_free_seats_by_grade() {
    let listing = listing(numbered());
    let (house, seating) = (house(&listing), &listing.performance.seating);
    let mut map = SeatMap::all_free(seating, NOW);
    assert_eq!(map.available(seating, NOW), [4, 6]);
    map.set_seat(house, "A-1-1", SeatState::Held(AFTER));
    map.set_seat(house, "A-1-2", SeatState::Sold);
    map.set_seat(house, "B-2-3", SeatState::Sold);
    map.set_seat(house, "Z-1-1", SeatState::Sold);
    assert_eq!((map.available(seating, NOW), map.available(seating, AFTER)), (vec![2, 5], vec![3, 5]));
    assert_eq!(map.seats()[..3], [SeatState::Held(AFTER), SeatState::Sold, SeatState::Free]);
    assert_eq!((map.block(0).len(), map.block(1).len()), (10, 0));
    let seating = serde_json::from_value(general()).unwrap();
    let mut map = SeatMap::all_free(&seating, NOW);
    map.set_shards(BTreeMap::from([(1, Shard { taken: 300, ..Shard::default() })]));
    assert_eq!(map.available(&seating, NOW), [400, 5]);
}

#[test]
fn a_show_counts_its_edits_and_can_be_frozen() {
    let show = listing(numbered()).show;
    let playing = show.playing(2, Some((NOW, AFTER)), None);
    assert_eq!((show.edition, playing.edition, playing.performances), (1, 2, 2));
    assert_eq!((playing.first_starts_at, playing.last_starts_at), (Some(NOW), Some(AFTER)));
    let described = playing.described(show.details.clone());
    assert_eq!((described.edition, described.performances), (3, 2));
    let frozen = Show { frozen_until: Some(NOW), ..show.clone() };
    assert_eq!((frozen.playing(1, None, None).frozen_until, frozen.described(show.details).frozen_until), (None, None));
    assert_eq!((frozen.check_not_frozen(BEFORE), frozen.check_not_frozen(NOW)), (Err(Error::Busy), Ok(())));
    assert_eq!(frozen.time_zone().as_str(), "Asia/Seoul");
    let zone = TimeZone::try_from("Europe/Vienna".to_owned()).unwrap();
    assert_eq!(zone.local(NOW).hour(), 16);
    assert_eq!(String::from(zone), "Europe/Vienna");
}

#[test]
fn show_fields_are_within_bounds() {
    let minutes = |minutes: u32| RunningMinutes::try_from(minutes).map(u32::from);
    assert_eq!(RUNNING_MAX_MINUTES, 1_440);
    assert_eq!((minutes(1), minutes(RUNNING_MAX_MINUTES)), (Ok(1), Ok(1_440)));
    assert!(minutes(0).is_err() && minutes(RUNNING_MAX_MINUTES + 1).is_err());
    let poster = |text: String| PosterUrl::try_from(text).map(String::from);
    let most = format!("https://example.com/{}", "x".repeat(POSTER_URL_MAX_CHARS - 20));
    assert_eq!(poster(most.clone()), Ok(most.clone()));
    assert!(poster(format!("{most}x")).is_err() && poster("http://a".to_owned()).is_ok());
    for odd in ["https://", "https:///a", "ftp://a", "https://a b", "https://a\"b", "https://a<b", "https://é"] {
        assert!(poster(odd.to_owned()).is_err(), "{odd}");
    }
}
