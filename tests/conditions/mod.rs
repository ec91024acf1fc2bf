//! Each condition matters: for every condition expression there is a guard, which passes as the system is and fails when
//! that condition is taken out. `cargo test -p frontrow-tests conditions -- --nocapture` lists expression → guard and says
//! which mutations survive.

mod accounts;
mod booking;
mod cards;
mod catalogue;
mod door;
mod general;
pub(crate) mod interlude;
pub(crate) mod machine;
mod mails;
mod members;
mod projections;
mod room;
mod room_turns;

use crate::harness::{Expected, NEVER, World};
use frontrow_local::Options;
use frontrow_store::conditions::{self, ALL, Condition};
use futures_util::FutureExt;
use std::{fmt::Write as _, panic::AssertUnwindSafe, pin::Pin, time::Duration};

/// A guard that has found nothing after so long does not end without its condition.
const HUNG: Duration = Duration::from_secs(300);

/// What a guard found: `Err` says how the system went wrong.
type Found = Result<(), String>;
/// A guard: a test that needs its condition.
type Guard = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = Found> + 'a>>;

/// Condition → guard.
macro_rules! guards {
    ($($condition:ident => $guard:path,)*) => {
        const GUARDS: &[(&Condition, &str, Guard)] =
            &[$((&conditions::$condition, stringify!($guard), |world| Box::pin($guard(world)))),*];
    };
}

guards! {
    NO_RECEIPT => booking::a_key_tops_up_once,
    EMAIL_IS_FREE => members::an_address_signs_up_once,
    VERIFICATION_IS_OPEN => members::a_verification_is_used_once,
    VERIFICATION_IS_OPEN => members::wrong_codes_kill_a_verification,
    MEMBER_EXISTS => accounts::a_rename_recreates_no_account,
    MEMBER_EXISTS => accounts::alerts_recreate_no_account,
    MEMBER_EXISTS => accounts::a_new_password_recreates_no_account,
    PASSWORD_UNCHANGED => accounts::a_replaced_password_deletes_nothing,
    BUYER_UNCHANGED => projections::a_late_follower_forgets_no_name,
    DOOR_ROW_STANDS => projections::a_row_is_moved_by_one_projector,
    SESSION_UNCHANGED => members::a_refresh_does_not_revive_a_session,
    SESSIONS_OF_EDITION => members::a_late_end_of_all_sessions_ends_no_newer_one,
    ATTEMPTS_ARE_LEFT => members::no_more_guesses_are_judged_than_allowed,
    RATE_IS_BELOW => members::an_address_gets_its_codes_of_an_hour,
    PERFORMANCE_IS_NEW => catalogue::a_performance_is_not_replaced,
    SLOT_IS_FREE => catalogue::a_venue_has_one_performance_at_a_time,
    SHOW_UNCHANGED => catalogue::two_performances_at_once_are_both_counted,
    PERFORMANCE_UNCHANGED => catalogue::a_slow_delete_does_not_take_a_held_seat_away,
    SLOT_NAMES => catalogue::a_slow_move_leaves_a_slot_to_its_new_owner,
    HOLD_LAPSED => catalogue::a_seat_sold_by_a_slow_clock_keeps_its_house,
    TAKE_SEAT => booking::a_held_seat_is_not_taken,
    SELL_SEAT => booking::a_seat_lost_to_another_clock_is_not_sold,
    FREE_SEAT => booking::a_seat_lost_to_another_clock_is_not_freed,
    TAKE_PLACES => general::no_more_places_are_held_than_there_are,
    STRIPE_UNCHANGED => general::lapsed_places_are_given_back_once,
    SELL_PLACES => general::places_lost_to_another_clock_are_not_sold,
    FREE_PLACES => general::places_lost_to_another_clock_are_not_freed,
    STAKE_HAS_ROOM => booking::a_second_hold_is_refused,
    STAKE_HAS_ROOM => booking::paid_seats_count,
    STAKE_HAS_ROOM => booking::unpaid_holds_count,
    STAKE_HAS_ROOM => cards::a_pending_purchase_keeps_from_another_hold,
    PROLONG_SEAT => cards::a_seat_lost_to_another_clock_is_not_kept,
    PROLONG_PLACES => cards::places_lost_to_another_clock_are_not_kept,
    STAKE_IS_LIVE => cards::a_prolonged_hold_is_paid_where_it_is_kept,
    STAKE_IS_LIVE => cards::a_declined_purchase_is_not_paid_again,
    ADMISSION_IS_PARKED => cards::a_place_given_up_does_not_come_back,
    RESERVATION_PENDING => cards::a_cancelled_purchase_is_not_declined,
    BREAKER_UNCHANGED => cards::a_late_count_does_not_close_the_breaker,
    ADMISSION_PROLONGED => room::a_release_revives_no_admission,
    STAKE_IS_LIVE => booking::a_stale_read_does_not_hide_a_payment,
    STAKE_NAMES_HOLD => booking::a_late_release_leaves_a_newer_hold,
    WALLET_UNCHANGED => accounts::a_payment_meanwhile_keeps_the_account,
    WALLET_IS_OPEN => booking::top_ups_between_read_and_write_are_kept,
    WALLET_IS_OPEN => accounts::a_closed_wallet_takes_no_top_up,
    DOOR_ROW_UNCHANGED => projections::a_slow_projector_undoes_nothing,
    NOT_YET_CANCELLED => projections::the_first_reason_stands,
    RESERVATION_CONFIRMED => door::the_organizer_refunds_once,
    RESERVATION_UNUSED => booking::two_cancellations_refund_once,
    RESERVATION_UNUSED => door::a_ticket_used_meanwhile_is_not_refunded,
    TICKET_IS_GOOD => door::a_ticket_lets_in_once,
    TICKET_IS_GOOD => door::a_cancelled_ticket_lets_nobody_in,
    TICKET_IS_GOOD => door::a_void_code_lets_nobody_in,
    TICKET_IS_REISSUABLE => door::a_ticket_used_meanwhile_is_not_reissued,
    TICKET_IS_REISSUABLE => door::a_ticket_cancelled_meanwhile_is_not_reissued,
    TICKET_IS_REISSUABLE => door::two_reissues_at_once_have_two_mails,
    TICKETS_ARE_MAILABLE => door::tickets_cancelled_meanwhile_are_not_mailed,
    TICKETS_ARE_MAILABLE => door::a_late_request_takes_no_number_back,
    ADMISSION_IS_LIVE => room::a_lapsed_admission_holds_nothing,
    ADMISSION_IS_MINE => room::a_spent_admission_pays_nothing_more,
    DRAWN_ONCE => room::joining_twice_at_once_draws_from_the_line_once,
    PLACE_UNCHANGED => room::joining_twice_at_once_draws_one_place,
    PLACE_IS_HELD => room::leaving_again_does_what_a_crash_left_undone,
    TURNSTILE_IS_FREE => room_turns::two_turns_at_once_let_in_no_more_than_one,
    TURNSTILE_IS_FREE => room_turns::the_turnstile_turns_once_a_second,
    TURN_IS_MINE => room_turns::a_turn_that_lost_the_turnstile_tells_nothing,
    ROOM_EXISTS => room::a_deleted_room_gets_no_policy,
    NOT_YET_ADMITTED => room_turns::a_late_insert_does_not_undo_a_claim,
    ADMISSION_UNCLAIMED => room::a_claim_begins_once,
    ADMISSION_UNCLAIMED => room_turns::a_place_claimed_in_time_is_not_taken_back,
    ADMISSION_UNEXTENDED => room_turns::a_hold_taken_in_time_keeps_its_admission,
    ADMISSION_WITHOUT_HOLD => room::leaving_releases_the_hold,
    MAP_ROW_UNCHANGED => projections::a_slow_projector_shows_nothing_old,
    MAIL_FREE => mails::a_message_that_comes_again_is_not_mailed_again,
    MAIL_FREE => mails::a_mail_has_one_sender_at_a_time,
    MAIL_FREE => mails::a_mail_about_nothing_needs_no_sending,
    ALERT_FREE => mails::a_member_is_told_of_a_show_once,
    MAIL_MINE => mails::who_lost_a_mail_says_nothing_about_it,
    MAIL_UNSENT => mails::a_sent_mail_has_not_failed,
}

/// An error where `holds` does not.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err(why()) }
}

/// What `guard` finds in a world without `removed`. One that panics has found something, too.
async fn try_guard(removed: Option<&'static Condition>, guard: Guard) -> Found {
    let world = World::start(Options { demo: false, ..Options::default() }).await;
    let _expected = removed.is_some().then(Expected::begin);
    let most = if removed.is_some() { HUNG } else { NEVER };
    world.wire.remove(removed);
    let found = AssertUnwindSafe(tokio::time::timeout(most, guard(&world))).catch_unwind().await;
    world.wire.remove(None);
    world.wire.meddle(None);
    match found {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err("it never ends".to_owned()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(text.unwrap_or_else(|| "a panic without words".to_owned()))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_condition_has_a_guard_that_needs_it() {
    let mut table = String::new();
    let mut survivors = Vec::new();
    for condition in ALL {
        let mut guards = GUARDS.iter().filter(|(guarded, ..)| guarded.name == condition.name).peekable();
        if guards.peek().is_none() {
            survivors.push(format!("{} has no guard", condition.name));
        }
        let _ = writeln!(table, "{}: {}", condition.name, condition.expression);
        for (_, name, guard) in guards {
            if let Err(why) = try_guard(None, *guard).await {
                survivors.push(format!("{name} fails though nothing was taken out: {why}"));
            }
            let verdict = match try_guard(Some(condition), *guard).await {
                Err(why) => format!("without it: {why}"),
                Ok(()) => {
                    survivors.push(format!("without {} {name} still passes", condition.name));
                    "SURVIVED".to_owned()
                }
            };
            let _ = writeln!(table, "    → {name}\n      {verdict}");
        }
    }
    println!("{table}\n{} conditions, {} guards, survivors: {survivors:?}", ALL.len(), GUARDS.len());
    assert!(survivors.is_empty(), "{survivors:#?}");
}

/// The wire takes a condition out by its text, so no two may share one.
#[test]
fn condition_texts_are_all_different() {
    let mut texts: Vec<_> = ALL.iter().map(|condition| condition.expression).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), ALL.len());
}
