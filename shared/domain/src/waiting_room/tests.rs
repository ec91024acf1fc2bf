//! Positions, turns and waits.

mod polls;
mod recalls;

use super::{
    AdmissionState, LinePosition, Room,
    given_up::GivenUp,
    inside::Inside,
    turn::{Plan, Snapshot, Step, TurnInput},
    wait::Pace,
};
use crate::{
    Timestamp,
    ids::MemberId,
    limits::{
        CLAIM_SECONDS, FAR_COPY_MAX_AGE_MILLIS, LEFT_BLOCK_POSITIONS, LEFT_NEAR_BLOCKS, POLL_FAR_AHEAD, TURN_MAX_GRANTS,
    },
    waiting_room::policy::WaitingRoomPolicy,
};
use proptest::prelude::*;
use std::collections::HashSet;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn policy(max_active: Option<u32>, admit_per_minute: Option<u32>) -> WaitingRoomPolicy {
    WaitingRoomPolicy { max_active, admit_per_minute, admission_seconds: 600, paused: false }
}

fn room(max_active: Option<u32>, admit_per_minute: Option<u32>, serving: &[u64]) -> Room {
    let shards = u32::try_from(serving.len()).unwrap();
    Room { serving: serving.to_vec(), ..Room::new(policy(max_active, admit_per_minute), shards) }
}

fn plan(room: &Room, drawn: &[u64], admitted: &[u64], left: &[u64], live: u64) -> Plan {
    let (admitted, left) = (admitted.iter().copied().collect(), left.iter().copied().collect());
    let input = TurnInput { admitted: &admitted, left: &left, live, available: None, returned: &[], recalled: 0 };
    room.plan(&room.candidates(drawn, u64::MAX), input, NOW)
}

fn steps(plan: &Plan, shards: u32) -> Vec<(u64, Step)> {
    plan.0.iter().map(|(place, step)| (place.position(shards), *step)).collect()
}

#[test]
fn positions_are_called_in_order_while_there_is_room() {
    let room = room(Some(3), None, &[4]);
    let plan = plan(&room, &[100], &[], &[], 1);
    assert_eq!(steps(&plan, 1), [(5, Step::Grant), (6, Step::Grant)]);
    let turned = room.after(&plan, &HashSet::new(), None, NOW);
    assert_eq!((turned.serving, turned.used), (vec![6], 2));
    assert_eq!(turned.next_tick_at, NOW.plus_seconds(1));
}

/// However fast the line moves, nobody is called whose process relies on a stale copy.
#[test]
fn far_members_are_not_called_before_their_cached_room_expires() {
    let room = room(None, None, &[100]);
    let place = |index| LinePosition { shard: 0, index };
    assert!(!room.is_far(place(100 + POLL_FAR_AHEAD)) && room.is_far(place(102 + POLL_FAR_AHEAD)));
    let called = u64::from(TURN_MAX_GRANTS) * (FAR_COPY_MAX_AGE_MILLIS as u64 / 1_000);
    assert_eq!(POLL_FAR_AHEAD, 2 * called);
}

#[test]
fn positions_of_all_shards_are_called_in_order() {
    let room = room(Some(4), None, &[2, 0, 0]);
    let plan = plan(&room, &[9, 2, 1], &[], &[], 0);
    assert_eq!(steps(&plan, 3).iter().map(|(position, _)| *position).collect::<Vec<_>>(), [2, 3, 5, 7]);
    assert_eq!(room.after(&plan, &HashSet::new(), None, NOW).serving, [3, 2, 1]);
}

#[test]
fn given_up_places_are_skipped_at_no_cost() {
    let room = room(Some(1), Some(1), &[0]);
    let plan = plan(&room, &[3], &[], &[1, 2], 0);
    assert_eq!(steps(&plan, 1), [(1, Step::Skip), (2, Step::Skip), (3, Step::Grant)]);
    let turned = room.after(&plan, &HashSet::new(), None, NOW);
    assert_eq!((turned.serving, turned.used), (vec![3], 1));
}

#[test]
fn admissions_of_a_crashed_turn_are_adopted_and_count_for_the_minute() {
    let full = room(Some(2), None, &[0]);
    let adopted = plan(&full, &[9], &[1, 2], &[], 2);
    assert_eq!(steps(&adopted, 1), [(1, Step::Adopt), (2, Step::Adopt)]);
    assert_eq!(full.after(&adopted, &HashSet::new(), None, NOW).used, 2);
    let slow = room(Some(9), Some(1), &[0]);
    assert_eq!(steps(&plan(&slow, &[9], &[1, 2], &[], 2), 1), [(1, Step::Adopt)]);
}

#[test]
fn a_paused_plan_admits_nobody() {
    let mut paused = room(Some(9), None, &[0]);
    paused.policy.paused = true;
    assert_eq!(plan(&paused, &[9], &[1], &[2], 0), Plan::default());
}

#[test]
fn the_minutes_allowance_holds_across_skewed_clocks() {
    let mut room = room(None, Some(5), &[0]);
    let first = room.after(&plan(&room, &[3], &[], &[], 0), &HashSet::new(), None, NOW);
    (room.serving, room.minute, room.used) = (first.serving, first.minute, first.used);
    assert_eq!(room.allowance(NOW.plus_seconds(59)), 2, "NOW is the first moment of its minute");
    assert_eq!(room.allowance(NOW.plus_seconds(60)), 5);
    assert_eq!(room.allowance(NOW.plus_seconds(-1)), 2, "a clock just behind");
    assert_eq!(
        room.allowance(NOW.plus_seconds(-120)),
        5,
        "a clock that was far ahead does not stop admission for long"
    );
    room.used = 9;
    assert_eq!(room.allowance(NOW), 0, "lowered below what was used");
}

#[test]
fn a_shard_advances_up_to_its_first_failure() {
    let room = room(Some(9), None, &[0, 0]);
    let plan = plan(&room, &[3, 3], &[], &[], 0);
    let failed = HashSet::from([LinePosition { shard: 0, index: 2 }]);
    let turned = room.after(&plan, &failed, None, NOW);
    assert_eq!((turned.serving, turned.used), (vec![1, 3], 4));
}

#[test]
fn an_admission_expires_a_grace_period_after_its_hold() {
    let (owner, other) = (MemberId(Uuid::from_u128(1)), MemberId(Uuid::from_u128(2)));
    let held = AdmissionState::Active { member: owner, expires_at: NOW, hold_until: NOW.plus_seconds(9) };
    assert_eq!(held.live_end_for(&owner, NOW), Some(NOW.plus_seconds(9)));
    assert_eq!(held.live_end_for(&owner, NOW.plus_seconds(9)), None);
    assert_eq!(held.live_end_for(&other, NOW), None);
    assert!(held.is_live(NOW.plus_seconds(8)) && !held.is_live(NOW.plus_seconds(9)));
    assert!(!held.has_lapsed(NOW.plus_seconds(14)) && held.has_lapsed(NOW.plus_seconds(15)));
    let called = AdmissionState::Granted { claim_until: NOW };
    assert_eq!(called.live_end_for(&owner, NOW), None);
    assert!(called.is_live(NOW) && !called.is_live(NOW.plus_seconds(1)));
}

#[test]
fn the_pace_covers_at_most_two_windows() {
    let pace = Pace::default().after(40, NOW);
    assert_eq!(pace.recent(NOW), 40);
    assert_eq!(pace.recent(NOW.plus_seconds(30)), 20, "half of the window before");
    assert_eq!(pace.recent(NOW.plus_seconds(60)), 0);
    assert_eq!(pace.after(1, NOW.plus_seconds(-20)).recent(NOW), 41, "a clock behind counts too");
}

fn waits(room: &Room, index: u64, now: Timestamp) -> (Option<u64>, Option<u64>) {
    let outlook = room.outlook(LinePosition { shard: 0, index }, None, 300, now, 0.0);
    (outlook.wait_seconds, outlook.at_most_seconds)
}

fn inside(count: u64, first_in: i64, last_in: i64) -> Inside {
    Inside { count, first_leaves_at: NOW.plus_seconds(first_in), last_leaves_at: NOW.plus_seconds(last_in) }
}

/// One member is inside for ten minutes: the first in line waits for that place, and does not see a wait of zero.
#[test]
fn the_first_in_line_also_has_a_wait() {
    let mut room = room(Some(1), None, &[1]);
    assert_eq!(room.outlook(LinePosition { shard: 0, index: 2 }, None, 300, NOW, 0.0).ahead, 0);
    assert_eq!(waits(&room, 2, NOW).0, Some(0), "no members are inside");
    room.inside = inside(1, 600, 600);
    assert_eq!(waits(&room, 2, NOW), (Some(600), Some(600 + 20 + 90 + 305 + 5)));
    assert_eq!(waits(&room, 2, NOW.plus_seconds(300)).0, Some(300));
    assert_eq!(waits(&room, 2, NOW.plus_seconds(600)).0, Some(1), "they are about to leave");
    assert_eq!(waits(&room, 3, NOW).0, Some(1_200));
    assert_eq!(waits(&room, 4, NOW.plus_seconds(100)).0, Some(500 + 2 * 600));
    // One left within the last twenty seconds, and the next may do so, too; but nobody sees more than the time of
    // those inside.
    room.pace = Pace::default().after(1, NOW);
    assert_eq!((waits(&room, 2, NOW).0, waits(&room, 3, NOW).0), (Some(20), Some(40)));
    assert_eq!(waits(&room, 2, NOW.plus_seconds(590)).0, Some(10));
}

#[test]
fn departures_are_assumed_evenly_spaced() {
    let mut room = room(Some(11), None, &[0]);
    room.inside = inside(11, 100, 600);
    assert_eq!([1, 2, 11].map(|index| waits(&room, index, NOW).0), [Some(100), Some(150), Some(600)]);
    assert_eq!(waits(&room, 12, NOW).0, Some(700), "after the first of the next round");
    room.inside = inside(3, 100, 600);
    assert_eq!([8, 9, 12].map(|index| waits(&room, index, NOW).0), [Some(0), Some(100), Some(600)]);
    assert_eq!(waits(&room, 11, NOW).0, Some(600), "by then, a member admitted now has left");
    room.policy.max_active = Some(1);
    assert_eq!(
        waits(&room, 1, NOW).0,
        Some(600),
        "of a limit that was lowered below those inside, all of them leave first"
    );
}

#[test]
fn the_slowest_limit_sets_the_wait() {
    let mut room = room(Some(10), None, &[0]);
    assert_eq!(waits(&room, 101, NOW).0, Some(6_000));
    room.policy.admit_per_minute = Some(60);
    assert_eq!(waits(&room, 101, NOW).0, Some(6_000), "turnover is slower than the minute");
    room.policy.max_active = None;
    assert_eq!([60, 61, 101, 121].map(|index| waits(&room, index, NOW).0), [Some(0), Some(60), Some(60), Some(120)]);
    room.used = 60;
    room.minute = NOW.millis() / 60_000;
    assert_eq!(waits(&room, 1, NOW.plus_seconds(13)).0, Some(47), "the minute is used up");
    room.policy.admit_per_minute = Some(100_000);
    assert_eq!(waits(&room, 12_001, NOW).0, Some(10), "that is the number of turns");
    let opens = room.outlook(LinePosition { shard: 0, index: 1 }, Some(NOW.plus_seconds(30)), 300, NOW, 0.0);
    assert_eq!((opens.wait_seconds, opens.at_most_seconds), (Some(30), Some(35)));
    room.policy.paused = true;
    let outlook = room.outlook(LinePosition { shard: 0, index: 101 }, None, 300, NOW, 0.0);
    assert_eq!((outlook.wait_seconds, outlook.at_most_seconds, outlook.poll_after_seconds), (None, None, 30));
}

#[test]
fn unclaimed_admissions_count_with_their_full_time() {
    let called = AdmissionState::Granted { claim_until: NOW.plus_seconds(CLAIM_SECONDS) };
    let owner = MemberId(Uuid::from_u128(1));
    let held = AdmissionState::Active { member: owner, expires_at: NOW, hold_until: NOW.plus_seconds(9) };
    let found = Inside::of([called, held].iter(), 600);
    assert_eq!(found, inside(2, 9, 600));
    let mut room = room(Some(5), None, &[0]);
    room.inside = inside(4, 1, 1);
    let plan = plan(&room, &[2], &[], &[], 2);
    let seen = Snapshot { inside: found, given_up: GivenUp::default(), stock: None, recalled: 0 };
    let turned = room.after(&plan, &HashSet::new(), Some(&seen), NOW);
    assert_eq!((turned.inside, turned.pace.recent(NOW)), (inside(4, 9, 600), 2), "two left, two came");
}

/// The given-up places that a turn finds.
fn looked(room: &Room, drawn: u64, left: &[u64]) -> GivenUp {
    let look = room.look(&[drawn]).expect("somebody waits");
    let of_block = |block| left.iter().filter(|position| **position / LEFT_BLOCK_POSITIONS == block).count();
    let near = left.iter().copied().filter(|left| look.near.contains(&(left / LEFT_BLOCK_POSITIONS))).collect();
    let counted: Vec<_> = look.far.iter().map(|block| (*block, of_block(*block))).collect();
    room.given_up.after(&look, &near, &counted)
}

/// A member stands behind 1,819 given-up places: nobody is ahead, and one turn reaches them.
#[test]
fn given_up_places_do_not_count_as_ahead() {
    let mut room = room(Some(1), None, &[0]);
    let left: Vec<u64> = (1..=1_819).collect();
    room.given_up = looked(&room, 1_820, &left);
    assert_eq!(room.ahead(LinePosition { shard: 0, index: 1_820 }), 0);
    assert_eq!(room.ahead(LinePosition { shard: 0, index: 1_500 }), 0);
    let plan = plan(&room, &[1_820], &[], &left, 0);
    assert_eq!(plan.0.last(), Some(&(LinePosition { shard: 0, index: 1_820 }, Step::Grant)));
    let turned = room.after(&plan, &HashSet::new(), None, NOW);
    assert_eq!((turned.serving, turned.used), (vec![1_820], 1));
    // They were skipped: those behind count only the remaining places ahead.
    room.serving = vec![1_000];
    assert_eq!(room.ahead(LinePosition { shard: 0, index: 1_830 }), 10);
}

/// A turn reads each of the next places and counts those of a few blocks after them; in the end, all of them.
#[test]
fn distant_given_up_places_are_counted_over_several_turns() {
    let mut room = room(Some(1), None, &[0]);
    let drawn = 20 * LEFT_BLOCK_POSITIONS - 1;
    let left: Vec<u64> = (1..drawn).filter(|position| position % 2 == 0).collect();
    for _ in 0..4 {
        room.given_up = looked(&room, drawn, &left);
    }
    let near = LEFT_NEAR_BLOCKS * LEFT_BLOCK_POSITIONS - 1;
    assert_eq!(room.ahead(LinePosition { shard: 0, index: near }), near / 2);
    let ahead = room.ahead(LinePosition { shard: 0, index: drawn });
    assert!(ahead.abs_diff(drawn / 2) <= 1, "{ahead}");
    // The line advances by two blocks: counts stay with their block.
    room.serving = vec![2 * LEFT_BLOCK_POSITIONS];
    room.given_up = looked(&room, drawn, &left);
    let ahead = room.ahead(LinePosition { shard: 0, index: drawn });
    assert!(ahead.abs_diff((drawn - room.serving[0]) / 2) <= 1, "{ahead}");
}

fn any_room() -> impl Strategy<Value = (Room, Vec<u64>)> {
    let shard = (0..30_u64, 0..400_u64);
    (prop::collection::vec(shard, 1..5), prop::option::of(1..300_u32), 1..300_u32).prop_map(|(shards, most, minute)| {
        let serving: Vec<u64> = shards.iter().map(|(served, _)| *served).collect();
        let drawn = shards.iter().map(|(served, waiting)| served + waiting).collect();
        (room(most, Some(minute), &serving), drawn)
    })
}

proptest! {
    #[test]
    fn positions_and_places_map_one_to_one(position in 1..u64::from(u32::MAX), shards in 1..33_u32) {
        let place = LinePosition::at(position, shards);
        prop_assert!(place.index >= 1 && place.shard < shards);
        prop_assert_eq!(place.position(shards), position);
    }

    #[test]
    fn ahead_counts_every_unserved_position_below((room, _) in any_room(), shard in 0..5_u32, index in 1..500_u64) {
        let place = LinePosition { shard: shard % room.shards, index };
        let below = 1..place.position(room.shards);
        let unserved = below.filter(|position| !room.has_served(LinePosition::at(*position, room.shards))).count();
        prop_assert_eq!(room.ahead(place), if room.has_served(place) { 0 } else { unserved as u64 });
    }

    #[test]
    fn ahead_excludes_given_up_places(
        (mut room, drawn) in any_room(),
        shard in 0..5_u32,
        index in 1..500_u64,
        marks in prop::collection::vec(0..3_u8, 2_000),
    ) {
        let left: HashSet<u64> = (1..).zip(&marks).filter(|(_, mark)| **mark == 0).map(|(position, _)| position).collect();
        let Some(look) = room.look(&drawn) else { return Ok(()) };
        let near = left.iter().copied().filter(|left| look.near.contains(&(left / LEFT_BLOCK_POSITIONS))).collect();
        room.given_up = room.given_up.after(&look, &near, &[]);
        let place = LinePosition { shard: shard % room.shards, index };
        let below = (1..place.position(room.shards)).filter(|position| !left.contains(position) || *position > look.last_near());
        let waiting = below.filter(|position| !room.has_served(LinePosition::at(*position, room.shards))).count();
        let before_look = (1..look.near.start() * LEFT_BLOCK_POSITIONS).filter(|left_out| {
            left.contains(left_out) && !room.has_served(LinePosition::at(*left_out, room.shards)) && *left_out < place.position(room.shards)
        }).count();
        let ahead = if room.has_served(place) { 0 } else { waiting + before_look };
        prop_assert_eq!(room.ahead(place), ahead as u64);
    }

    #[test]
    fn a_turn_admits_within_limits_and_skips_nobody(
        (room, drawn) in any_room(),
        live in 0..300_u64,
        back in 0..40_u64,
        recalled in 0..40_u32,
        marks in prop::collection::vec(0..6_u8, 200),
    ) {
        let candidates = room.candidates(&drawn, u64::MAX);
        let marked = |mark: u8| candidates.iter().zip(&marks).filter(move |(_, found)| **found == mark)
            .map(|(place, _)| place.position(room.shards)).collect::<HashSet<u64>>();
        let (left, admitted) = (marked(0), marked(1));
        let failed: HashSet<LinePosition> = marked(2).into_iter().map(|position| LinePosition::at(position, room.shards)).collect();
        let live = live + admitted.len() as u64;
        let served = (1..).filter(|position| room.has_served(LinePosition::at(*position, room.shards)));
        let back = usize::try_from(back.min(room.serving.iter().sum())).unwrap();
        let returned: Vec<u64> = served.take(back).collect();
        let input = TurnInput { admitted: &admitted, left: &left, live, available: None, returned: &returned, recalled };
        let plan = room.plan(&candidates, input, NOW);

        let calls = |step: &Step| matches!(step, Step::Grant | Step::Recall);
        let granted = plan.0.iter().filter(|(_, step)| calls(step)).count() as u64;
        let most = room.policy.max_active.map_or(u64::MAX, u64::from);
        prop_assert!(granted == 0 || live + granted <= most);
        let called = plan.0.iter().filter(|(_, step)| step.admits()).count();
        prop_assert!(called <= TURN_MAX_GRANTS as usize);
        let again = plan.0.iter().take_while(|(_, step)| *step == Step::Recall).count();
        for part in [&plan.0[..again], &plan.0[again..]] {
            let positions: Vec<u64> = part.iter().map(|(place, _)| place.position(room.shards)).collect();
            prop_assert!(positions.windows(2).all(|pair| pair[0] < pair[1]));
        }
        prop_assert!(plan.0[again..].iter().all(|(_, step)| *step != Step::Recall), "called again after the others");

        let seen = Snapshot { inside: Inside::default(), given_up: GivenUp::default(), stock: None, recalled };
        let turned = room.after(&plan, &failed, Some(&seen), NOW);
        prop_assert!(turned.used <= room.policy.admit_per_minute.unwrap().max(recalled));
        let after = Room { serving: turned.serving, ..room.clone() };
        for (shard, (before, now)) in (0..).zip(room.serving.iter().zip(&after.serving)) {
            prop_assert!(now >= before);
            for index in before + 1..=*now {
                let place = LinePosition { shard, index };
                prop_assert!(plan.0.iter().any(|(planned, _)| *planned == place), "served without a turn");
                prop_assert!(!failed.contains(&place), "served though it failed");
            }
        }
    }
}

#[test]
fn shards_follow_expected_arrivals() {
    let shards = [0, 1, 30_000, 30_001, 60_000, 300_000, 959_999, 1_000_000, u32::MAX].map(super::shards_for);
    assert_eq!(shards, [1, 1, 1, 2, 2, 10, 32, 32, 32]);
}
