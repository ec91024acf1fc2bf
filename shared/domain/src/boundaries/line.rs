//! The waiting room.

use super::{AFTER, BEFORE, MEMBER, NOW, moment_after};
use crate::{
    Timestamp,
    limits::{ADMISSION_GRACE_SECONDS, POLL_FAR_AHEAD},
    waiting_room::{AdmissionState, LinePosition, Room},
};
use serde_json::json;

#[test]
fn admissions_have_a_grace_period_and_called_places_have_none() {
    let last = NOW.plus_seconds(ADMISSION_GRACE_SECONDS);
    let called = AdmissionState::Granted { claim_until: NOW };
    let claimed = AdmissionState::Active { member: MEMBER, expires_at: NOW, hold_until: Timestamp::default() };
    assert!(!claimed.has_lapsed(last) && claimed.has_lapsed(moment_after(last)));
    assert!(!called.has_lapsed(NOW) && called.has_lapsed(AFTER));
    assert!(called.is_live(NOW) && !called.is_live(AFTER));
    let returned = AdmissionState::Returned { member: MEMBER };
    assert!(!returned.has_lapsed(Timestamp::from_millis(i64::MAX / 2)) && !returned.is_live(BEFORE));
    assert!(claimed.is_live(BEFORE) && !claimed.is_live(NOW));
    assert_eq!((claimed.live_end_for(&MEMBER, BEFORE), claimed.live_end_for(&MEMBER, NOW)), (Some(NOW), None));
}

#[test]
fn a_room_turns_when_due_and_never_goes_back() {
    let policy = serde_json::from_value(json!({"maxActive": 1})).unwrap();
    let room = Room { next_tick_at: NOW, lease_until: NOW, serving: vec![4, 6], ..Room::new(policy, 2) };
    assert!(room.is_due(NOW) && !room.is_due(BEFORE));
    assert!(!Room { lease_until: AFTER, ..room.clone() }.is_due(NOW));
    assert!(!Room { next_tick_at: AFTER, ..room.clone() }.is_due(NOW));
    assert!(
        room.has_served(LinePosition { shard: 0, index: 4 }) && !room.has_served(LinePosition { shard: 0, index: 5 })
    );
    let late = Room { serving: vec![5, 3], ..room.clone() };
    assert_eq!(late.clone().not_behind(Some(&room)).serving, [5, 6]);
    assert_eq!(late.not_behind(None).serving, [5, 3]);
}

#[test]
fn a_place_is_far_beyond_a_number_of_members_ahead() {
    let policy = serde_json::from_value(json!({"maxActive": 1})).unwrap();
    let room = Room { serving: vec![0], ..Room::new(policy, 1) };
    let behind = |ahead| LinePosition { shard: 0, index: ahead + 1 };
    assert!(!room.is_far(behind(POLL_FAR_AHEAD)) && room.is_far(behind(POLL_FAR_AHEAD + 1)));
}
