//! How often waiting members poll.

use super::{NOW, inside, room, waits};
use crate::{
    limits::{OPENING_NOTICE_SECONDS, PACE_WINDOW_SECONDS, POLL_MAX_SECONDS},
    waiting_room::{
        LinePosition, Room, Stock,
        wait::{Pace, poll_after},
    },
};

fn poll_of(room: &Room, index: u64, opens_in: i64) -> i64 {
    let opens_at = Some(NOW.plus_seconds(opens_in));
    room.outlook(LinePosition { shard: 0, index }, opens_at, 300, NOW, 0.0).poll_after_seconds
}

/// A room with ten places, of which `freed` became free in each of the last three windows of 20 s.
fn moving(freed: u64) -> Room {
    let mut room = room(Some(10), None, &[0]);
    room.inside = inside(10, 600, 600);
    room.pace = pace(freed);
    room
}

fn pace(freed: u64) -> Pace {
    let at = |windows: i64| NOW.plus_seconds(-windows * PACE_WINDOW_SECONDS);
    Pace::default().after(freed, at(2)).after(freed, at(1)).after(freed, NOW)
}

#[test]
fn each_poll_halves_what_is_left_to_wait() {
    let room = moving(100);
    for index in [200, 400, 2_000, 20_000] {
        let wait = waits(&room, index, NOW).0.unwrap();
        assert_eq!(poll_of(&room, index, 0), i64::try_from(wait / 2).unwrap().min(300), "{index}");
    }
    assert_eq!([0, 1, 10, 100, 599, 700].map(|wait| poll_after(wait, 0.0)), [2, 2, 5, 50, 299, 300]);
    assert_eq!(poll_after(100, 1.0), 40, "a fifth sooner");
}

/// No opening is brought forward to less than six minutes from now, so the next poll may come just after it: the sooner,
/// the nearer to the front.
#[test]
fn before_the_opening_polls_are_rare() {
    let mut room = room(Some(2_000), None, &[0]);
    assert_eq!([1, 1_000, 20_000].map(|index| poll_of(&room, index, 1_800)), [300, 300, 300]);
    assert_eq!([1, 1_000, 20_000].map(|index| poll_of(&room, index, 60)), [60, 60, 109]);
    let outlook = room.outlook(LinePosition { shard: 0, index: 1 }, Some(NOW.plus_seconds(60)), 300, NOW, 1.0);
    assert_eq!(outlook.poll_after_seconds, 60, "not sooner by chance");
    room.policy.paused = true;
    assert_eq!([1, 1_000, 20_000].map(|index| poll_of(&room, index, 60)), [60, 60, 109]);
    assert_eq!([1, 2, 20_000].map(|index| poll_of(&room, index, 0)), [30, 30, 30], "paused");
    const { assert!(OPENING_NOTICE_SECONDS > POLL_MAX_SECONDS) };
}

/// A sale has just begun: members inside have hours, so that the wait looks long, but some leave after seconds.
#[test]
fn while_the_pace_is_unknown_members_poll_as_if_visits_were_short() {
    let mut room = room(Some(2_000), None, &[0]);
    room.inside = inside(2_000, 3_000, 3_600);
    assert_eq!([1, 1_001, 10_001, 100_001].map(|index| poll_of(&room, index, 0)), [2, 4, 27, 252]);
    room.pace = Pace::default().after(20, NOW);
    assert_eq!(poll_of(&room, 10_001, 0), 27, "some have left in the first seconds");
    room.pace = Pace::default().after(20, NOW.plus_seconds(-PACE_WINDOW_SECONDS)).after(20, NOW);
    assert_eq!(poll_of(&room, 10_001, 0), 27, "perhaps only at the end of a window");
    room.pace = pace(20);
    assert_eq!(poll_of(&room, 10_001, 0), 300);
}

/// Nobody has left lately, so the wait looks long. The front polls often anyway, so that a place that becomes free is
/// taken at once: the line of 10,000 sends less than 45 polls a second.
#[test]
fn the_front_of_a_slow_line_polls_often() {
    for (room, expected) in [(moving(0), [2, 2, 7, 52, 300]), (moving(1), [2, 4, 22, 202, 300])] {
        assert_eq!([1, 2, 11, 101, 1_001].map(|index| poll_of(&room, index, 0)), expected);
        let polls: f64 = (1..=10_000).map(|index| 1.0 / poll_of(&room, index, 0) as f64).sum();
        assert!(polls < 45.0, "{polls}");
    }
}

#[test]
fn a_sold_out_line_polls_rarely_and_admits_nobody() {
    let mut room = room(Some(10), None, &[5]);
    assert_eq!(poll_of(&room, 3, 0), 2, "they missed the call and came back");
    room.stock = Some(Stock { available: 0, counted_at: NOW });
    assert_eq!([3, 6, 7].map(|index| poll_of(&room, index, 0)), [60, 60, 300]);
    assert_eq!(waits(&room, 6, NOW), (None, None));
    // Two members for the last seat are inside, who have ten minutes; others wait for them, whatever `maxActive`.
    room.inside = inside(2, 600, 600);
    room.stock = Some(Stock { available: 1, counted_at: NOW });
    assert_eq!(waits(&room, 6, NOW).0, Some(600));
    room.stock = None;
    assert_eq!(waits(&room, 6, NOW).0, Some(0), "not counted");
    room.stock = Some(Stock { available: 0, counted_at: NOW });
    assert_eq!(room.free(0, room.available(NOW)), 0);
    assert_eq!([(0, 3), (5, 3), (7, 3), (3, 100)].map(|(live, seats)| room.free(live, Some(seats))), [6, 1, 0, 7]);
    assert_eq!(room.free(9, None), 1, "seats that were not counted do not count");
}
