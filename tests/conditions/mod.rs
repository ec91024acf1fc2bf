//! Each clause of each condition matters. A guard is a test that passes on the unchanged system and fails when a
//! clause is removed from a condition: in an `AND` it then counts as true, in an `OR` as false. `guards!` below maps
//! guards to the clauses they need, and [`every_clause_has_a_guard`] fails if a clause has none. `cargo test -p
//! frontrow-tests conditions -- --nocapture` lists condition → clause → guard, and what the guard found without the
//! clause.

mod accounts;
mod booking;
mod cards;
mod catalogue;
mod clauses;
mod door;
mod general;
pub(crate) mod interlude;
pub(crate) mod machine;
mod mails;
mod members;
mod projections;
mod room;
mod room_missed;
mod room_turns;
mod trial;

use crate::harness::World;
use clauses::{WHOLE, weakenings};
use frontrow_store::conditions::{self, ALL, Condition};
use std::{collections::BTreeSet, fmt::Write as _, pin::Pin};
use trial::try_guard;

/// The result of a guard: `Err` describes how the system failed.
type GuardResult = Result<(), String>;
/// A guard: a test that needs clauses of a condition.
type Guard = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = GuardResult> + 'a>>;

/// A guard with the clauses without which it fails.
struct Proof {
    condition: &'static Condition,
    guard: &'static str,
    clauses: &'static [&'static str],
}

/// Condition → guard → clauses. Each guard of a condition becomes a separate test.
macro_rules! guards {
    ($($condition:ident { $($module:ident::$guard:ident => [$($clause:expr),+];)+ })*) => {
        const PROOFS: &[Proof] = &[$($(Proof {
            condition: &conditions::$condition,
            guard: concat!(stringify!($module), "::", stringify!($guard)),
            clauses: &[$($clause),+],
        }),+),*];

        $(
            #[allow(non_snake_case, reason = "named after the condition")]
            mod $condition {
                $(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $guard() {
                        let guard = concat!(stringify!($module), "::", stringify!($guard));
                        super::prove(stringify!($condition), guard, |world| Box::pin(super::$module::$guard(world))).await;
                    }
                )+
            }
        )*
    };
}

guards! {
    NO_RECEIPT {
        booking::a_key_tops_up_once => [WHOLE, "attribute_not_exists(#pk)"];
        booking::a_key_is_free_again_after_a_day => ["#expires_at <= :now"];
    }
    EMAIL_IS_FREE {
        members::an_address_can_sign_up_once => [WHOLE];
    }
    VERIFICATION_IS_OPEN {
        members::a_verification_is_used_once => ["attribute_not_exists(#used_by)"];
        members::wrong_codes_void_a_verification => ["#attempts < :attempts_max"];
    }
    MEMBER_EXISTS {
        accounts::a_rename_recreates_no_account => [WHOLE];
        accounts::alerts_recreate_no_account => [WHOLE];
        accounts::a_new_password_recreates_no_account => [WHOLE];
    }
    PASSWORD_UNCHANGED {
        accounts::a_replaced_password_deletes_nothing => [WHOLE];
    }
    BUYER_UNCHANGED {
        projections::a_late_update_keeps_former_names => [WHOLE];
    }
    DOOR_ROW_STANDS {
        projections::a_row_is_moved_by_one_projector => [WHOLE];
    }
    SESSION_UNCHANGED {
        members::a_refresh_does_not_revive_a_session => [WHOLE];
    }
    SESSIONS_OF_EDITION {
        accounts::a_log_out_recreates_no_account => ["attribute_exists(#email)"];
        members::a_late_end_of_all_sessions_ends_no_newer_one => [
            "attribute_not_exists(#sessions_edition) OR #sessions_edition = :edition"
        ];
        members::sessions_of_a_member_without_an_edition_end => ["attribute_not_exists(#sessions_edition)"];
        members::all_sessions_end => ["#sessions_edition = :edition"];
    }
    ATTEMPTS_ARE_LEFT {
        members::guesses_are_checked_up_to_the_limit => [WHOLE];
    }
    RATE_IS_BELOW {
        members::an_address_gets_codes_up_to_its_hourly_limit => [WHOLE, "attribute_not_exists(#count)", "#count < :limit"];
    }
    PERFORMANCE_IS_NEW {
        catalogue::a_performance_is_not_replaced => [WHOLE];
    }
    SLOT_IS_FREE {
        catalogue::a_venue_has_one_performance_at_a_time => [WHOLE, "attribute_not_exists(#performance_id)"];
        catalogue::a_show_moves_back_to_the_slots_it_left_behind => ["#performance_id = :performance_id"];
    }
    SHOW_UNCHANGED {
        catalogue::two_performances_at_once_are_both_counted => [WHOLE];
    }
    PERFORMANCE_UNCHANGED {
        catalogue::a_slow_delete_does_not_take_a_held_seat_away => [WHOLE];
    }
    SLOT_NAMES {
        catalogue::a_slow_move_leaves_a_slot_to_its_new_owner => [WHOLE];
    }
    HOLD_LAPSED {
        catalogue::a_seat_sold_by_a_slow_clock_keeps_its_house => [WHOLE];
    }
    TAKE_SEAT {
        booking::a_held_seat_is_not_taken => [WHOLE, "attribute_not_exists(#pk)"];
        booking::a_lapsed_seat_is_taken => ["#hold_expires_at <= :now"];
    }
    SELL_SEAT {
        booking::a_seat_lost_to_another_clock_is_not_sold => [WHOLE];
    }
    FREE_SEAT {
        booking::a_seat_lost_to_another_clock_is_not_freed => [WHOLE];
    }
    TAKE_PLACES {
        general::no_more_places_are_held_than_there_are => [WHOLE, "attribute_not_exists(#taken)", "#taken <= :room"];
        general::places_are_held_beside_others => ["#taken <= :room AND #unswept < :unswept_max"];
        general::a_shard_is_checked_for_expired_places_periodically => ["#unswept < :unswept_max"];
    }
    SHARD_UNCHANGED {
        general::lapsed_places_are_given_back_once => [WHOLE];
    }
    SELL_PLACES {
        general::places_lost_to_another_clock_are_not_sold => [WHOLE];
    }
    FREE_PLACES {
        general::places_lost_to_another_clock_are_not_freed => [WHOLE];
    }
    PROLONG_SEAT {
        cards::a_seat_lost_to_another_clock_is_not_kept => [WHOLE];
    }
    PROLONG_PLACES {
        cards::places_lost_to_another_clock_are_not_kept => [WHOLE];
    }
    STAKE_HAS_ROOM {
        booking::a_second_hold_is_refused => ["attribute_not_exists(#hold_until) OR #hold_until <= :now"];
        booking::a_member_holds_one_seat_after_another => [
            "attribute_not_exists(#hold_until)", "#hold_until <= :now",
            "attribute_not_exists(#paid_seats)", "#paid_seats <= :paid_max", "attribute_not_exists(#unpaid_first)"
        ];
        booking::paid_seats_count => ["attribute_not_exists(#paid_seats) OR #paid_seats <= :paid_max"];
        booking::unpaid_holds_count => [
            "attribute_not_exists(#unpaid_first) OR #unpaid_first <= :hour_ago OR #unpaid_first <= #cleared_until"
        ];
        booking::a_payment_clears_unpaid_holds => ["#unpaid_first <= #cleared_until"];
        booking::an_unpaid_hold_is_forgotten_after_an_hour => ["#unpaid_first <= :hour_ago"];
        cards::a_pending_purchase_prevents_another_hold => ["attribute_not_exists(#pending_hold_id)"];
    }
    STAKE_IS_LIVE {
        cards::a_prolonged_hold_is_paid_where_it_is_kept => ["#hold_until = :hold_until_read"];
        general::a_released_hold_is_not_paid_with_a_newer_one => ["#hold.#hold_id = :hold_id"];
        cards::a_declined_purchase_is_not_paid_again => [
            "attribute_not_exists(#hold.#attempt) OR #hold.#attempt = :attempt"
        ];
        cards::a_hold_is_paid_at_the_first_attempt_and_at_the_next => [
            "attribute_not_exists(#hold.#attempt)", "#hold.#attempt = :attempt"
        ];
    }
    STAKE_NAMES_HOLD {
        cards::a_prolonged_hold_is_released_where_it_is_kept => ["#hold_until = :hold_until_read"];
        general::a_late_release_leaves_a_hold_of_the_same_moment => ["#hold.#hold_id = :hold_id"];
    }
    WALLET_UNCHANGED {
        accounts::a_payment_meanwhile_keeps_the_account => [WHOLE];
    }
    WALLET_IS_OPEN {
        booking::top_ups_between_read_and_write_are_kept => ["#seq = :seq"];
        accounts::a_closed_wallet_takes_no_top_up => ["attribute_not_exists(#closed_at)"];
    }
    NOT_YET_CANCELLED {
        projections::the_first_reason_stands => ["attribute_not_exists(#cancellation)"];
        projections::a_performance_is_cancelled_where_it_was_moved_to => ["#starts_at = :starts_at"];
    }
    DOOR_ROW_UNCHANGED {
        projections::a_slow_projector_undoes_nothing => [WHOLE];
        projections::a_reservation_is_shown_and_shown_anew => ["#seq = :seen", "attribute_not_exists(#seq)"];
    }
    RESERVATION_CONFIRMED {
        door::the_organizer_refunds_once => [WHOLE];
    }
    RESERVATION_UNUSED {
        booking::two_cancellations_refund_once => ["#status = :confirmed"];
        door::a_ticket_used_meanwhile_is_not_refunded => ["size(#door.#check_ins) = :zero"];
    }
    TICKET_IS_GOOD {
        door::a_ticket_lets_in_once => ["attribute_not_exists(#door.#check_ins.#ticket)"];
        door::a_cancelled_ticket_lets_nobody_in => ["#status = :confirmed"];
        door::a_void_code_lets_nobody_in => [
            "attribute_not_exists(#door.#generations.#ticket) OR #door.#generations.#ticket <= :generation"
        ];
        door::each_code_of_a_ticket_lets_in => [
            "attribute_not_exists(#door.#generations.#ticket)", "#door.#generations.#ticket <= :generation"
        ];
    }
    TICKET_IS_REISSUABLE {
        door::a_ticket_used_meanwhile_is_not_reissued => ["attribute_not_exists(#door.#check_ins.#ticket)"];
        door::a_ticket_cancelled_meanwhile_is_not_reissued => ["#status = :confirmed"];
        door::two_reissues_at_once_have_two_mails => ["#mailing.#number = :seen"];
    }
    TICKETS_ARE_MAILABLE {
        door::tickets_cancelled_meanwhile_are_not_mailed => ["#status = :confirmed"];
        door::a_late_request_takes_no_number_back => ["#mailing.#number = :seen"];
    }
    RESERVATION_PENDING {
        cards::a_cancelled_purchase_is_not_declined => [WHOLE];
    }
    BREAKER_UNCHANGED {
        cards::a_late_count_does_not_close_the_breaker => [WHOLE];
        cards::calls_are_counted_together => ["attribute_not_exists(#epoch)", "#epoch = :seen"];
    }
    ADMISSION_IS_LIVE {
        room::a_lapsed_admission_holds_nothing => ["#expires_at > :now"];
        room::the_admission_of_another_holds_nothing => ["#member = :member"];
    }
    ADMISSION_IS_MINE {
        room::a_spent_admission_pays_nothing_more => [WHOLE];
    }
    ADMISSION_IS_PARKED {
        cards::a_place_given_up_does_not_come_back => [WHOLE];
    }
    DRAWN_ONCE {
        room::joining_twice_at_once_draws_from_the_line_once => [WHOLE];
        room::a_member_who_left_can_rejoin => ["#drawer <> :drawer"];
    }
    PLACE_UNCHANGED {
        room::joining_twice_at_once_draws_one_place => [WHOLE, "attribute_not_exists(#pk)"];
        room::a_member_who_left_can_rejoin => ["#draws = :seen_draws"];
    }
    PLACE_IS_HELD {
        room::leaving_again_completes_a_crashed_leave => [WHOLE];
    }
    TURNSTILE_IS_FREE {
        room_turns::two_concurrent_turns_admit_one => ["#lease_until <= :now"];
        room_turns::the_turnstile_turns_once_a_second => ["#next_tick_at <= :now"];
    }
    TURN_IS_MINE {
        room_turns::a_turn_that_lost_its_lease_writes_nothing => [WHOLE];
    }
    ROOM_EXISTS {
        room::a_deleted_room_gets_no_policy => [WHOLE];
    }
    NOT_YET_ADMITTED {
        room_turns::a_late_insert_does_not_undo_a_claim => [WHOLE];
        room_missed::returning_twice_at_once_keeps_the_place => [WHOLE];
    }
    ADMISSION_UNCLAIMED {
        room::a_claim_begins_once => [WHOLE];
    }
    ADMISSION_UNANSWERED {
        room_turns::a_place_claimed_in_time_is_not_taken_back => ["#state = :granted"];
        room_missed::a_place_called_again_is_not_taken_back => ["#claim_until = :claim_until_read"];
    }
    MISSED_REMEMBERED {
        room_missed::a_spent_place_does_not_come_back => [WHOLE];
    }
    PLACE_IS_MINE {
        room_missed::a_place_given_up_is_not_returned_to => ["#i = :index"];
        room_missed::the_missed_place_of_another_stays_theirs => ["#s = :shard"];
    }
    ADMISSION_RETURNED {
        room_missed::a_member_who_left_is_not_called_again => [WHOLE];
    }
    ADMISSION_UNEXTENDED {
        room_turns::a_hold_taken_in_time_keeps_its_admission => [WHOLE];
    }
    ADMISSION_PROLONGED {
        room::a_release_revives_no_admission => [WHOLE];
    }
    ADMISSION_WITHOUT_HOLD {
        room::leaving_releases_the_hold => [WHOLE, "#hold_until <= :hold_until"];
        room::a_called_place_can_be_given_up => ["attribute_not_exists(#hold_until)"];
    }
    MAP_ROW_UNCHANGED {
        projections::a_slow_projector_shows_nothing_old => [WHOLE];
        projections::a_part_is_shown_and_shown_anew => ["attribute_not_exists(#seq)", "#seq = :seen_seq"];
    }
    MAIL_FREE {
        mails::a_redelivered_message_sends_no_mail => [
            "attribute_not_exists(#mail) OR (#mail.#status <> :sent AND #mail.#lease_until <= :now)"
        ];
        mails::a_mail_has_one_sender_at_a_time => ["#mail.#lease_until <= :now"];
        mails::a_mail_without_an_item_is_dropped => ["attribute_exists(#pk)"];
        mails::a_mail_is_claimed_again_until_it_was_sent => [
            "attribute_not_exists(#mail)", "#mail.#status <> :sent AND #mail.#lease_until <= :now", "#mail.#status <> :sent"
        ];
    }
    ALERT_FREE {
        mails::a_member_is_alerted_of_a_show_once => [WHOLE];
        mails::an_alert_is_claimed_again_until_it_was_sent => [
            "attribute_not_exists(#mail)", "#mail.#status <> :sent AND #mail.#lease_until <= :now",
            "#mail.#status <> :sent", "#mail.#lease_until <= :now"
        ];
    }
    MAIL_MINE {
        mails::a_sender_that_lost_its_lease_changes_nothing => [WHOLE];
    }
    MAIL_UNSENT {
        mails::a_sent_mail_has_not_failed => [WHOLE];
    }
}

/// Fails with `why` unless `holds`.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> GuardResult {
    if holds { Ok(()) } else { Err(why()) }
}

/// Fails unless `guard` passes on the unchanged system and fails without each of its clauses.
async fn prove(condition: &'static str, guard_name: &'static str, guard: Guard) {
    let found = PROOFS.iter().find(|proof| proof.condition.name == condition && proof.guard == guard_name);
    let Proof { condition, clauses, .. } = found.expect("it derives from that");
    if let (Err(why), _) = try_guard(None, guard).await {
        panic!("{guard_name} fails as the system is: {why}");
    }
    let mut table = format!("{}: {}\n    → {guard_name}", condition.name, condition.expression);
    let mut survived = false;
    for (clause, weakened) in weakenings(condition).into_iter().filter(|(clause, _)| clauses.contains(clause)) {
        let verdict = match try_guard(Some(weakened), guard).await {
            (_, 0) => "SURVIVED: the guard never asks it".to_owned(),
            (Ok(()), _) => "SURVIVED".to_owned(),
            (Err(why), _) => format!("fails: {why}"),
        };
        survived |= verdict.starts_with("SURVIVED");
        let clause = if clause == WHOLE { "the condition" } else { clause };
        let _ = write!(table, "\n      without {clause}\n        {verdict}");
    }
    println!("{table}");
    assert!(!survived, "{table}");
}

/// Clauses that no test can prove necessary, with the reason for keeping them.
const UNPROVEN: &[(&str, &str, &str)] = &[(
    "DRAWN_ONCE",
    "attribute_not_exists(#drawer)",
    "the engine says that an attribute that is not there differs from each value; DynamoDB's documentation does not",
)];

/// A new clause requires a new guard: a test in a file beside this one, and its line in `guards!`.
#[test]
fn every_clause_has_a_guard() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for condition in ALL {
        let clauses: BTreeSet<_> = weakenings(condition).into_iter().map(|(clause, _)| clause).collect();
        let guards = PROOFS.iter().filter(|proof| proof.condition.name == condition.name);
        let unproven = UNPROVEN.iter().filter(|(name, ..)| *name == condition.name).map(|(_, clause, _)| *clause);
        let guarded: BTreeSet<_> = guards.flat_map(|proof| proof.clauses).copied().chain(unproven).collect();
        count += clauses.len();
        let named = |clause: &str| format!("{}: {clause:?}", condition.name);
        wrong.extend(clauses.difference(&guarded).map(|clause| format!("{} has no guard", named(clause))));
        wrong.extend(guarded.difference(&clauses).map(|clause| format!("{} is no clause of it", named(clause))));
    }
    for (name, clause, why) in UNPROVEN {
        println!("{name}: {clause} is kept without a guard: {why}");
    }
    println!("{} conditions, {count} clauses, {} guards, {} without a guard", ALL.len(), PROOFS.len(), wrong.len());
    assert!(wrong.is_empty(), "`guards!` in tests/conditions/mod.rs: {wrong:#?}");
}
