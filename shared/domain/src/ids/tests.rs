use super::*;

const MEMBER: MemberId = MemberId(Uuid::from_u128(0x0193_f1b0_7c8a_7d3f_ae52_c1d1_a5b0_c005));
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn hold(performance: &str) -> HoldId {
    HoldId::new(Uuid::from_u128(7), &MEMBER, performance.parse().unwrap(), NOW)
}

#[test]
fn a_hold_id_proves_its_member_for_a_day() {
    let id = hold("demo");
    assert!(id.is_of(&MEMBER));
    assert!(!id.is_of(&MemberId(Uuid::from_u128(8))));
    assert!(!id.is_forgotten(NOW.plus_seconds(HOLD_REMEMBERED_SECONDS - 1)));
    assert!(id.is_forgotten(NOW.plus_seconds(HOLD_REMEMBERED_SECONDS)));
    assert_eq!(id.0.uuid.get_version_num(), 7);
    assert!(!"h-0193f1b07c8a7d3fae52c1d1a5b0c006.demo".parse::<HoldId>().unwrap().is_of(&MEMBER));
}

#[test]
fn ids_of_simultaneous_holds_start_differently() {
    let spread = |n: u128| HoldId::new(Uuid::from_u128(n), &MEMBER, "demo".parse().unwrap(), NOW).spread(32);
    let mut held = [0; 32];
    (0..3_200).for_each(|n| held[spread(n * 0x9e37_79b9_7f4a_7c15)] += 1);
    assert!(held.iter().all(|count| (50..150).contains(count)), "{held:?}");
}

#[test]
fn the_purchase_id_derives_from_the_hold_id() {
    let hold = hold("demo-queue");
    assert_eq!(hold.to_string().parse::<HoldId>().unwrap(), hold);
    assert_eq!(hold.performance().as_str(), "demo-queue");
    let reservation = hold.purchase(1);
    assert_eq!(reservation.key(), hold.key());
    assert_eq!(reservation.hold(), hold);
    assert_eq!(reservation.payment().reservation(), reservation);
    let ticket: TicketId = reservation.ticket(3).to_string().parse().unwrap();
    assert_eq!((ticket.reservation(), ticket.index()), (&reservation, 3));
}

#[test]
fn later_attempts_have_later_purchase_ids() {
    let hold = hold("demo_2");
    let mut last = hold.purchase(1);
    for attempt in 2..=PAYMENT_ATTEMPTS_MAX {
        let next = hold.purchase(attempt);
        assert!(next.key() > last.key() && next.payment().order() != last.payment().order());
        assert_eq!((next.hold(), next.attempt()), (hold.clone(), attempt));
        assert_eq!(next.to_string().parse::<ReservationId>().unwrap(), next);
        assert_eq!(next.ticket(1).to_string().parse::<TicketId>().unwrap().reservation(), &next);
        assert!((6..=64).contains(&next.payment().order().len()));
        last = next;
    }
    let text = hold.to_string();
    for odd in ["_1.", "_0.", "_02.", "_+2.", "_.", "_2_2.", "_10."] {
        assert!(text.replacen("h-", "r-", 1).replacen('.', odd, 1).parse::<ReservationId>().is_err(), "{odd}");
    }
    assert!(text.replacen('.', "_2.", 1).parse::<HoldId>().is_err(), "a hold has no attempts");
}

#[test]
fn kinds_of_ids_differ_and_have_one_spelling() {
    let hold = hold("demo");
    assert!(hold.to_string().parse::<ReservationId>().is_err());
    assert!(hold.to_string().to_uppercase().parse::<HoldId>().is_err());
    assert!(format!("{}.03", hold.to_string().replace("h-", "t-")).parse::<TicketId>().is_err());
    assert!("a/b".parse::<PerformanceId>().is_err());
    assert!("".parse::<ShowId>().is_err());
    assert!(RequestId::try_from("JKJaXmPLvHcESHA=".to_owned()).is_ok());
    for odd in ["", "a b", "a\r\nb", &"x".repeat(65)] {
        assert!(RequestId::try_from(odd.to_owned()).is_err(), "{odd}");
    }
}
