//! Each condition matters: for every condition expression there is a guard, which passes as the system is and fails when
//! that condition is taken out. `cargo test --test frontrow conditions -- --nocapture` lists expression → guard and says
//! which mutations survive.

mod booking;
mod catalogue;
mod interlude;
mod mails;
mod members;
mod room;

use crate::harness::World;
use frontrow_local::Options;
use frontrow_store::conditions::{self, ALL, Condition};
use std::{fmt::Write as _, pin::Pin};

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
    TAKE_SEAT => booking::a_held_seat_is_not_taken,
    SELL_SEAT => booking::a_seat_lost_to_another_clock_is_not_sold,
    FREE_SEAT => booking::a_seat_lost_to_another_clock_is_not_freed,
    STAKE_HAS_ROOM => booking::a_second_hold_is_refused,
    STAKE_IS_LIVE => booking::a_stale_read_does_not_hide_a_payment,
    STAKE_NAMES_HOLD => booking::a_late_release_leaves_a_newer_hold,
    WALLET_UNCHANGED => booking::top_ups_between_read_and_write_are_kept,
    RESERVATION_CONFIRMED => booking::two_cancellations_refund_once,
}

/// An error where `holds` does not.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err(why()) }
}

async fn try_guard(removed: Option<&'static Condition>, guard: Guard) -> Found {
    let world = World::start(Options { demo: false, ..Options::default() }).await;
    world.wire.remove(removed);
    let found = guard(&world).await;
    world.wire.remove(None);
    world.wire.meddle(None);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_condition_has_a_guard_that_needs_it() {
    let mut table = String::new();
    let mut survivors = Vec::new();
    for condition in ALL {
        let Some((_, name, guard)) = GUARDS.iter().find(|(guarded, ..)| guarded.name == condition.name) else {
            survivors.push(format!("{} has no guard", condition.name));
            continue;
        };
        if let Err(why) = try_guard(None, *guard).await {
            survivors.push(format!("{name} fails though nothing was taken out: {why}"));
        }
        let verdict = match try_guard(Some(condition), *guard).await {
            Err(why) => format!("caught: {why}"),
            Ok(()) => {
                survivors.push(format!("without {} {name} still passes", condition.name));
                "SURVIVED".to_owned()
            }
        };
        let _ = writeln!(table, "{:<24} {}\n    → {name}\n    {verdict}", condition.name, condition.expression);
    }
    println!("{table}\n{} conditions, survivors: {survivors:?}", ALL.len());
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
