//! An executable model of the waiting room, version 2: every run of a small line is explored, with two processes,
//! lost responses, stalls, deaths and clocks that differ. The arithmetic is the domain's own; the steps and their
//! conditions are [`rules`].
//!
//! Checked in every state: no more members inside than `maxActive`, unique positions, no finished position comes
//! back, order within a shard, no called place is lost, nobody loses a place that they may still claim. From every
//! state, the run without further faults admits every member who has not left.
//!
//! `MODEL=deep cargo test -p frontrow-tests model -- --nocapture` explores larger lines, for minutes.

mod action;
mod bounds;
mod members;
mod rules;
mod search;
mod state;
mod turn;

use bounds::Bounds;
use rules::{RULES, Rule, Rules};
use search::explore;

/// More states than any of these models has.
const STATES_MAX: usize = 20_000_000;

const NO_SHOW: Bounds =
    Bounds { name: "a no-show", members: 2, shards: 1, max_active: 1, in_line: true, lapses: 1, leaves: 0 };
const LEAVER: Bounds = Bounds { name: "a leaver", lapses: 0, leaves: 1, ..NO_SHOW };
const ALONE: Bounds = Bounds { name: "a no-show who leaves", members: 1, leaves: 1, ..NO_SHOW };
const TWICE: Bounds = Bounds { name: "a no-show twice, who leaves", lapses: 2, ..ALONE };
const BOTH: Bounds = Bounds { name: "two no-shows", lapses: 2, ..NO_SHOW };
const JOINS: Bounds = Bounds { name: "joins", in_line: false, lapses: 0, ..NO_SHOW };
const SHARDS: Bounds = Bounds { name: "a no-show in two shards", shards: 2, ..NO_SHOW };

/// Explored by `MODEL=deep` alone.
const DEEP: &[Bounds] = &[
    Bounds { name: "a no-show and a leaver", leaves: 1, ..NO_SHOW },
    BOTH,
    Bounds { name: "three members, two inside", members: 3, max_active: 2, lapses: 0, ..NO_SHOW },
    Bounds { name: "two shards, two inside", max_active: 2, ..SHARDS },
    Bounds { name: "three members and a no-show", members: 3, ..NO_SHOW },
    Bounds { name: "joins and a no-show", in_line: false, ..NO_SHOW },
    Bounds { name: "two no-shows and a leaver", lapses: 2, leaves: 1, ..NO_SHOW },
    Bounds { name: "three members, a no-show and a leaver", members: 3, leaves: 1, ..NO_SHOW },
];

/// The conditions that the others imply. They stay as a second line of defence, or for tidiness.
const IMPLIED: &[Rule] = &[
    // Only turns insert above `serving`, and only the owner of the lease does.
    Rule::GrantIfAbsent,
    // Nobody claims, takes back or leaves a place above `serving`.
    Rule::AdoptIfGranted,
    // MISSED and ADM never exist at the same time.
    Rule::ReturnIfAbsent,
    // Without a PLACE, MISSED is of no use.
    Rule::LeaveDeletesMissed,
    Rule::LeaveAtOnce,
];

fn is_deep() -> bool {
    #[allow(clippy::disallowed_methods, reason = "the size is chosen by hand")]
    std::env::var("MODEL").is_ok_and(|model| model == "deep")
}

/// Explores a model in which every check must hold.
fn holds(bounds: &Bounds, rules: Rules) {
    let found = explore(bounds, rules, STATES_MAX);
    println!("{}: {} states, {} steps", bounds.name, found.states, found.steps);
    if let Some(failure) = found.failure {
        panic!("{}: {}\n{}", bounds.name, failure.what, failure.trace);
    }
}

#[test]
fn a_no_show_and_their_successor_are_admitted() {
    holds(&NO_SHOW, Rules::ALL);
    holds(&TWICE, Rules::ALL);
}

#[test]
fn a_leaver_is_skipped() {
    holds(&LEAVER, Rules::ALL);
}

#[test]
fn joins_get_positions_in_order() {
    holds(&JOINS, Rules::ALL);
}

#[test]
fn shards_are_served_in_turn() {
    holds(&SHARDS, Rules::ALL);
}

#[test]
fn larger_lines_hold_as_well() {
    if is_deep() {
        DEEP.iter().for_each(|bounds| holds(bounds, Rules::ALL));
        IMPLIED.iter().for_each(|rule| holds(&NO_SHOW, Rules::ALL.without(*rule)));
    }
}

/// Which check fails without each condition, in which model. Prints the shortest run that shows it.
#[test]
fn every_condition_is_needed() {
    for (rule, text) in RULES.iter().filter(|(rule, _)| !IMPLIED.contains(rule)) {
        let (bounds, expected) = match rule {
            Rule::DrawIsAtomic => (&JOINS, "two members have one position"),
            Rule::LeaseAtRecall => (&NO_SHOW, "more members are inside than maxActive allows"),
            Rule::LeaseKeptForRecall => (&BOTH, "more members are inside than maxActive allows"),
            Rule::TakeBackIfGranted => (&NO_SHOW, "a member inside loses the admission"),
            Rule::TakeBackIfAsRead => (&NO_SHOW, "a called member loses the place before the time to claim is over"),
            Rule::TakeBackWritesMissed | Rule::ServingStopsAtFailure => (&NO_SHOW, "a called place is lost"),
            Rule::RecallReturned | Rule::ReturnedUsesNoSlot => (&NO_SHOW, "a present member is never admitted"),
            Rule::LostIfNeither => (&NO_SHOW, "a poll calls a place lost that is not"),
            _ => (&ALONE, "a finished position is back"),
        };
        let found = explore(bounds, Rules::ALL.without(*rule), STATES_MAX);
        let failure = found.failure.unwrap_or_else(|| panic!("nothing fails without {rule:?}"));
        println!("without \"{}\", after {} states: {}\n{}", text.trim(), found.states, failure.what, failure.trace);
        assert_eq!(failure.what, expected, "without {rule:?}");
    }
}

#[test]
fn implied_conditions_are_a_second_line() {
    for rule in IMPLIED {
        holds(&Bounds { leaves: 0, ..ALONE }, Rules::ALL.without(*rule));
    }
    // MISSED is deleted for a token that RETURN would not refuse.
    let found = explore(&ALONE, Rules::ALL.without(Rule::ReturnIfHeld).without(Rule::LeaveDeletesMissed), STATES_MAX);
    assert_eq!(found.failure.map(|failure| failure.what), Some("a finished position is back"));
}
