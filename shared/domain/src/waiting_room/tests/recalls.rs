//! Members who missed their call, and what a turn that died leaves behind.

use super::{NOW, inside, plan, room, steps};
use crate::{
    Timestamp,
    limits::RECALL_SECONDS,
    waiting_room::{
        LinePosition, Room,
        given_up::GivenUp,
        turn::{Plan, Snapshot, Step, TurnInput},
    },
};
use std::collections::HashSet;

/// Members who missed their call are called again in order of position, before the line goes on, within the same
/// limits; the line does not move for them.
#[test]
fn members_who_came_back_are_called_first() {
    let (none, left) = (HashSet::new(), HashSet::new());
    let room = room(Some(5), Some(4), &[9]);
    let candidates = room.candidates(&[20], u64::MAX);
    let plan = |room: &Room, returned: &[u64], recalled| {
        let input = TurnInput { admitted: &none, left: &left, live: 2, available: None, returned, recalled };
        room.plan(&candidates, input, NOW)
    };
    let called = |plan: &Plan| steps(plan, 1);
    assert_eq!(called(&plan(&room, &[3, 7], 0)), [(3, Step::Recall), (7, Step::Recall), (10, Step::Grant)]);
    assert_eq!(
        called(&plan(&room, &[2, 3, 5, 7], 0)),
        [2, 3, 5].map(|position| (position, Step::Recall)),
        "three free"
    );
    // A turn that died called two again: the minute allows two more.
    assert_eq!(called(&plan(&room, &[3, 7], 2)), [(3, Step::Recall), (7, Step::Recall)]);
    let mut paused = room.clone();
    paused.policy.paused = true;
    assert_eq!(called(&plan(&paused, &[3], 0)), []);

    let seen = Snapshot { inside: inside(2, 1, 1), given_up: GivenUp::default(), stock: None, recalled: 1 };
    let failed = HashSet::from([LinePosition { shard: 0, index: 7 }]);
    let turned = room.after(&plan(&room, &[3, 7], 1), &failed, Some(&seen), NOW);
    assert_eq!((turned.serving, turned.used, turned.inside.count), (vec![10], 3, 4), "a failure stops nobody");
}

/// The next turn counts those that a turn which died called again, claimed or not.
#[test]
fn unrecorded_calls_are_recognized_by_their_time() {
    let room = Room { next_tick_at: NOW, ..room(None, Some(1), &[9]) };
    let place = |index| LinePosition { shard: 0, index };
    let by_dead_turn = NOW.plus_seconds(RECALL_SECONDS);
    assert!(room.was_recalled_unrecorded(place(9), by_dead_turn), "it began when it was due");
    assert!(!room.was_recalled_unrecorded(place(9), Timestamp::from_millis(by_dead_turn.millis() - 1)));
    assert!(!room.was_recalled_unrecorded(place(10), by_dead_turn), "not reached: it is adopted");
}

/// A turn died after it admitted a member who then gave up: nobody is inside for them.
#[test]
fn an_admission_of_a_given_up_place_is_undone() {
    let room = room(Some(2), None, &[0]);
    let plan = plan(&room, &[3], &[1], &[1, 2], 1);
    assert_eq!(steps(&plan, 1), [(1, Step::Undo), (2, Step::Skip), (3, Step::Grant)]);
    let turned = room.after(&plan, &HashSet::new(), None, NOW);
    assert_eq!((turned.serving, turned.used), (vec![3], 1));
}
