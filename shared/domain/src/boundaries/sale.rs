//! Choosing, holding, paying and cancelling; the door, the wallet and the payment provider.

use super::{AFTER, BEFORE, MEMBER, NOW, bought, general, held, listing, moment_after, numbered};
use crate::{
    Error, Timestamp,
    best_available::choose,
    breaker::{Breaker, Counts, Phase},
    card,
    door::Door,
    door_list::DoorRow,
    general_admission::{Shard, bucket_end},
    hold::{HeldSeat, Hold, Stake, Taken, taken},
    ids::HoldId,
    limits::{
        BALANCE_MAX_WON, BREAKER_OPEN_SECONDS, BUCKET_GRACE_SECONDS, CARD_DEADLINE_SECONDS, CARD_WAIT_MAX_SECONDS,
        CARD_WAIT_MIN_SECONDS, TOP_UP_MAX_WON,
    },
    money::Won,
    performance::Performance,
    reservation::{
        CancelReason, PaymentMethod, ReservationStatus,
        settlement::{self, Step},
    },
    seating::{Numbered, Seating},
    waiting_room::Admission,
    wallet::{Change, EntryKind, TopUpAmount, Wallet},
};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

#[test]
fn the_fewest_pieces_win_among_equally_near_runs() {
    let sections = json!([{"name": "A", "grade": "R", "price": 1, "rows": 3, "seatsPerRow": 6}]);
    let house = Numbered::new(serde_json::from_value(sections).unwrap()).unwrap();
    // Runs of four, five and five.
    let missing = ["A-1-5", "A-1-6", "A-2-6", "A-3-6"];
    let free: Vec<_> = house.places().filter(|place| !missing.contains(&place.seat_id().as_str())).collect();
    let rows: Vec<u32> = choose(&free, 10, 0.0, 0.0).unwrap().iter().map(|place| place.row).collect();
    assert_eq!(rows, [[2; 5], [3; 5]].concat());
    assert_eq!(choose(&free, 0, 0.0, 0.0), None);
    assert_eq!(choose(&free, 14, 0.0, 0.0).unwrap().len(), 14);
}

#[test]
fn a_used_ticket_counts_and_a_replaced_code_is_void() {
    let mut reservation = bought(&["A-1-1", "A-1-2"]);
    let (first, second) = (reservation.reservation_id.ticket(0), reservation.reservation_id.ticket(1));
    assert_eq!((Door::name(&first), Door::name(&second)), ("0".to_owned(), "1".to_owned()));
    assert!(reservation.has_valid(&second) && !reservation.has_valid(&reservation.reservation_id.ticket(2)));
    let claim = reservation.claim(&first);
    assert_eq!((claim.member_id, &claim.ticket_id, claim.generation), (MEMBER, &first, 0));
    assert_eq!(reservation.refusal(&claim), Error::InvalidTicket);
    assert_eq!(reservation.next_generation(&first), Ok(1));

    reservation.door = serde_json::from_value(json!({
        "check_ins": {"0": {"at": AFTER.millis(), "scan": "b"}, "1": {"at": NOW.millis(), "scan": "a"}},
        "generations": {"0": 2},
    }))
    .unwrap();
    assert_eq!((reservation.door.used(), reservation.door.first_check_in_at()), (2, Some(NOW)));
    assert_eq!((reservation.door.generation(&first), reservation.door.generation(&second)), (2, 0));
    assert_eq!(reservation.door.check_in(&first).map(|check_in| check_in.at), Some(AFTER));
    assert_eq!(reservation.claim(&first).generation, 2);
    assert_eq!(reservation.refusal(&claim), Error::TicketReissued);
    let current = reservation.claim(&first);
    assert_eq!(reservation.refusal(&current), Error::AlreadyCheckedIn { checked_in_at: AFTER });
    assert_eq!(reservation.next_generation(&second), Err(Error::AlreadyCheckedIn { checked_in_at: NOW }));
    assert_eq!(reservation.next_generation(&reservation.reservation_id.ticket(2)), Err(Error::NotFound));
    reservation.status = ReservationStatus::Cancelled;
    assert_eq!(reservation.refusal(&current), Error::ReservationCancelled);
    assert!(!reservation.has_valid(&first));
}

#[test]
fn places_of_a_bucket_become_free_after_its_grace_period() {
    let shard = Shard { version: 4, unswept: 9, taken: 10, buckets: BTreeMap::from([(NOW, 3)]) };
    let last = NOW.plus_seconds(BUCKET_GRACE_SECONDS);
    assert!(!shard.has_lapsed(last) && shard.has_lapsed(moment_after(last)));
    assert_eq!((shard.free(12, last), shard.free(12, moment_after(last))), (2, 5));
    assert_eq!(shard.free(3, last), 0);
    let swept = shard.swept_and_taken(2, AFTER, moment_after(last));
    assert_eq!(swept, Shard { version: 5, unswept: 1, taken: 9, buckets: BTreeMap::from([(AFTER, 2)]) });
    assert_eq!(shard.swept(last), shard);
    // A holder whose bucket has expired holds nothing any more; sold places stay.
    assert!(shard.is_taken(BEFORE) && shard.is_taken(NOW));
    let held = Shard { taken: 3, ..shard };
    assert!(held.is_taken(BEFORE) && !held.is_taken(NOW));
    let empty = Shard { taken: 0, buckets: BTreeMap::from([(AFTER, 0)]), ..held };
    assert!(!empty.is_taken(NOW));
    assert_eq!(empty.swept(NOW).buckets, BTreeMap::new());
}

#[test]
fn a_bucket_lasts_a_tenth_of_a_hold_and_at_least_a_second() {
    let end = |millis, seconds| bucket_end(Timestamp::from_millis(millis), seconds).millis();
    assert_eq!(
        (end(60_000, 300), end(60_001, 300), end(89_999, 300), end(90_000, 300)),
        (60_000, 90_000, 90_000, 90_000)
    );
    assert_eq!((end(60_001, 10), end(60_001, 5), end(60_001, 20)), (61_000, 61_000, 62_000));
}

#[test]
fn a_hold_contains_known_seats_at_their_prices() {
    let listing = listing(numbered());
    let hold = held(&listing, &["A-1-4", "B-2-1"]);
    assert_eq!((hold.quantity(), hold.total(), hold.grade()), (2, Won(800), None));
    assert_eq!(held(&listing, &["B-1-1", "B-2-1"]).grade(), Some("R"));
    assert_eq!(hold.performance_id().as_str(), "demo");
    assert_eq!(hold.expires_at, NOW.plus_seconds(60));
    assert!(hold.is_live(NOW.plus_seconds(59)) && !hold.is_live(NOW.plus_seconds(60)));
    let wanted = ["A-1-4", "A-1-5", "C-1-1"].map(str::to_owned);
    let unknown = Hold::place(&listing, &wanted, &MEMBER, Uuid::from_u128(7), NOW);
    assert_eq!(unknown, Err(Error::SeatNotFound { seat_ids: vec!["A-1-5".to_owned(), "C-1-1".to_owned()] }));
    let late = Hold::open(&listing, &MEMBER, Uuid::from_u128(7), NOW.plus_seconds(1_000));
    assert_eq!(late, Err(Error::SalesClosed));
    let last = Hold::open(&listing, &MEMBER, Uuid::from_u128(7), NOW.plus_seconds(990)).unwrap();
    assert_eq!(last.expires_at, NOW.plus_seconds(1_000), "never past the close of sales");
}

#[test]
fn general_admission_places_are_in_the_bucket_of_their_hold() {
    let listing = listing(general());
    let Seating::General(house) = &listing.performance.seating else { panic!("it is general") };
    let hold = Hold::open(&listing, &MEMBER, Uuid::from_u128(7), NOW).unwrap();
    let hold = hold.of_places(house.find("Standing").unwrap().0, &[(0, 2), (1, 1)], &listing.performance);
    let place = |shard| HeldSeat { taken: Taken::Place { shard }, grade: "Standing".to_owned(), price: Won(100) };
    assert_eq!(hold.seats, [place(0), place(0), place(1)]);
    let places = taken(&hold.seats).collect::<Vec<_>>();
    assert_eq!(places, [(&Taken::Place { shard: 0 }, 2), (&Taken::Place { shard: 1 }, 1)]);
    assert_eq!(hold.bucket_end, Some(bucket_end(NOW.plus_seconds(60), 60)));
    let later = hold.prolonged(NOW.plus_seconds(95), &listing.performance);
    assert_eq!(
        (later.expires_at, later.bucket_end),
        (NOW.plus_seconds(95), Some(bucket_end(NOW.plus_seconds(95), 60)))
    );
    let seats = held(&super::listing(numbered()), &["A-1-1"]).prolonged(AFTER, &listing.performance);
    assert_eq!((seats.expires_at, seats.bucket_end), (AFTER, None));
}

#[test]
fn a_hold_extends_an_admission_that_ends_before_it() {
    let hold = || held(&listing(numbered()), &["A-1-1"]);
    let admission =
        |ends_at| Admission { performance_id: "demo".parse().unwrap(), position: 5, member_id: MEMBER, ends_at };
    let prolongs = |ends_at| hold().under(Some(&admission(ends_at))).prolongs;
    let end = hold().expires_at;
    assert_eq!((prolongs(end), prolongs(moment_after(end))), (Some(5), None));
    assert_eq!(hold().under(None).prolongs, None);
}

#[test]
fn a_hold_is_extended_to_at_most_three_times_its_length_and_never_past_the_close() {
    let listing = listing(numbered());
    let kept = |hold: &Hold| hold.kept_until(&listing.performance);
    let mut hold = held(&listing, &["A-1-1"]);
    for lives in [2, 3] {
        assert_eq!(kept(&hold), Some(NOW.plus_seconds(60 * lives)));
        hold = hold.prolonged(NOW.plus_seconds(60 * lives), &listing.performance);
    }
    assert_eq!(kept(&hold), None, "the hold is already at its latest expiry");
    let closing = Performance { sales_close_at: NOW.plus_seconds(70), ..listing.performance.clone() };
    assert_eq!(held(&listing, &["A-1-1"]).kept_until(&closing), Some(NOW.plus_seconds(70)));
    let closed = Performance { sales_close_at: NOW.plus_seconds(60), ..closing };
    assert_eq!(held(&listing, &["A-1-1"]).kept_until(&closed), None);
}

#[test]
fn a_stake_has_room_up_to_the_seat_limit() {
    let hold = held(&listing(numbered()), &["A-1-1"]);
    let room = |stake: &Stake, quantity| stake.check_room_for(quantity, 4, NOW);
    let paid = Stake { paid_seats: 2, ..Stake::default() };
    assert_eq!((room(&paid, 2), room(&paid, 3)), (Ok(()), Err(Error::TooManySeats { max: 4 })));
    let pending = Stake { pending_hold_id: Some(hold.hold_id.clone()), ..Stake::default() };
    assert_eq!(room(&pending, 1), Err(Error::HoldExists { hold_id: hold.hold_id.clone() }));
    let live = Stake { hold: Some(hold.clone()), hold_until: hold.expires_at, ..Stake::default() };
    assert_eq!(room(&live, 1), Err(Error::HoldExists { hold_id: hold.hold_id.clone() }));
    assert_eq!(live.check_room_for(4, 4, hold.expires_at), Ok(()));
    assert_eq!(live.live_hold(NOW), Some(&hold));
    assert_eq!(live.live_hold_of(&hold.hold_id, NOW), Ok(&hold));
    assert_eq!(live.live_hold_of(&hold.hold_id, hold.expires_at), Err(Error::HoldExpired));
    let other = HoldId::new(Uuid::from_u128(8), &MEMBER, "demo".parse().unwrap(), NOW);
    assert_eq!(live.live_hold_of(&other, NOW), Err(Error::HoldExpired));
}

#[test]
fn a_wallet_stays_between_zero_and_its_limit() {
    let amount = |won: i64| TopUpAmount::try_from(won).map(TopUpAmount::won);
    assert_eq!((amount(1), amount(TOP_UP_MAX_WON)), (Ok(Won(1)), Ok(Won(TOP_UP_MAX_WON))));
    assert!(amount(0).is_err() && amount(TOP_UP_MAX_WON + 1).is_err());
    let change = |kind, amount| Change {
        entry_id: "e".parse().unwrap(),
        kind,
        amount: Won(amount),
        reservation_id: None,
        created_at: NOW,
    };
    let wallet = Wallet { balance: Won(100), seq: 3, closed_at: None };
    let spent = wallet.book(&change(EntryKind::Payment, -100)).unwrap();
    assert_eq!((spent.balance, spent.seq, spent.amount), (Won(0), 4, Won(-100)));
    let missing = Error::InsufficientPoints { balance: Won(100), required: Won(101) };
    assert_eq!(wallet.book(&change(EntryKind::Payment, -101)), Err(missing));
    let full = change(EntryKind::TopUp, BALANCE_MAX_WON - 100);
    assert_eq!(wallet.book(&full).unwrap().balance, Won(BALANCE_MAX_WON));
    let more = BALANCE_MAX_WON - 99;
    assert_eq!(wallet.book(&change(EntryKind::TopUp, more)), Err(Error::BalanceLimit { balance: Won(100) }));
    assert!(wallet.book(&change(EntryKind::Refund, more)).is_ok(), "a refund is never refused");
    let closed = Wallet { closed_at: Some(NOW), ..wallet };
    assert_eq!((wallet.check_open(), closed.check_open()), (Ok(()), Err(Error::Unauthenticated)));
    for refused in [change(EntryKind::TopUp, 1), change(EntryKind::Payment, -1)] {
        assert_eq!(closed.book(&refused), Err(Error::Unauthenticated));
    }
    assert_eq!(closed.book(&change(EntryKind::Refund, 1)).unwrap().balance, Won(101));
}

#[test]
fn an_open_breaker_refuses_until_it_expires() {
    let until = |until| {
        let mut breaker = Breaker::default();
        breaker.phase = Phase::Open { until };
        breaker
    };
    let breaker = until(NOW);
    assert_eq!((breaker.refuses_for_seconds(BEFORE), breaker.refuses_for_seconds(NOW)), (Some(1), None));
    let whole = until(NOW.plus_seconds(BREAKER_OPEN_SECONDS));
    assert_eq!(whole.refuses_for_seconds(NOW), Some(BREAKER_OPEN_SECONDS));
    let one = Counts::of_one(true, false);
    assert_eq!(one.plus(Counts::of_one(false, true)), Counts { calls: 2, failed: 1, slow: 1 });
}

#[test]
fn retries_at_the_provider_back_off() {
    let wait = |lasted: i64, fraction| card::wait_seconds(NOW, NOW.plus_seconds(lasted), fraction);
    assert_eq!((wait(0, 0.0), wait(0, 0.99), wait(24, 0.0)), (CARD_WAIT_MIN_SECONDS, CARD_WAIT_MIN_SECONDS, 3));
    assert_eq!((wait(800, 0.0), wait(800, 0.5)), (100, 125));
    assert_eq!(wait(1_000_000, 0.9), CARD_WAIT_MAX_SECONDS);
    let mut reservation = bought(&["A-1-1"]);
    assert_eq!(settlement::next_step(&reservation, NOW), Step::Nothing);
    assert_eq!(settlement::asked_since(&reservation), NOW);
    (reservation.status, reservation.method) = (ReservationStatus::Pending, PaymentMethod::Card);
    let deadline = card::deadline(NOW);
    assert_eq!(deadline, NOW.plus_seconds(CARD_DEADLINE_SECONDS));
    let card = serde_json::from_value(json!({"state": "pending", "deadline": deadline.millis()})).unwrap();
    reservation.card = Some(card);
    assert_eq!(settlement::next_step(&reservation, NOW), Step::Expire, "it cannot be confirmed without a token");
    let expired = reservation.expired(AFTER);
    assert_eq!((settlement::asked_since(&expired), settlement::next_step(&expired, AFTER)), (AFTER, Step::GiveBack));
    assert_eq!(expired.refunded(), Won(0));
}

#[test]
fn members_cancel_before_the_start_and_organizers_at_any_time() {
    let starts_at = bought(&["A-1-1"]).sold.starts_at;
    let just_before = Timestamp::from_millis(starts_at.millis() - 1);
    let cancelled = bought(&["A-1-1"]).cancel(CancelReason::Member, just_before).unwrap();
    assert!(DoorRow::of(&bought(&["A-1-1"])).is_live() && !DoorRow::of(&cancelled).is_live());
    assert_eq!(
        (cancelled.cancelled_at, cancelled.refunded(), cancelled.total()),
        (Some(just_before), Won(500), Won(500))
    );
    assert_eq!(bought(&["A-1-1"]).cancel(CancelReason::Member, starts_at), Err(Error::PerformanceStarted));
    let organizer = || CancelReason::Organizer("Rain".to_owned().try_into().unwrap());
    assert!(bought(&["A-1-1"]).cancel(organizer(), starts_at).is_ok());
    let mut used = bought(&["A-1-1"]);
    used.door =
        serde_json::from_value(json!({"check_ins": {"0": {"at": NOW.millis(), "scan": "a"}}, "generations": {}}))
            .unwrap();
    assert_eq!(used.clone().cancel(CancelReason::Member, NOW), Err(Error::AlreadyCheckedIn { checked_in_at: NOW }));
    assert!(used.cancel(organizer(), NOW).is_ok());
    let words = [CancelReason::Member, CancelReason::PaymentDeclined, CancelReason::PaymentExpired, organizer()];
    let words: Vec<_> = words.iter().map(CancelReason::text).collect();
    assert_eq!(words, ["member", "payment_declined", "payment_expired", "Rain"]);
}
