//! Unpaid holds are counted.

use crate::{
    general::area,
    harness::{World, book, hold, hold_of_grade, pay},
};
use frontrow_domain::limits::HOLDS_FORGIVEN_MAX;
use serde_json::json;

/// Nobody keeps a seat forever: after three unpaid holds, the oldest must be an hour old before the member can take
/// another. Other members and other performances are not affected.
#[tokio::test]
async fn a_fourth_unpaid_hold_within_an_hour_is_refused() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let (person, rival) = (world.member(100_000).await, world.member(0).await);
        for _ in 0..3 {
            hold(&person, &performance, &["A-1-1"]).await.expect(201);
            world.advance_seconds(301);
        }
        let refused = hold(&person, &performance, &["A-1-1"]).await.problem(429, "too_many_requests");
        let after: i64 = refused.header("retry-after").parse().expect("seconds");
        assert!((2_690..=2_697).contains(&after), "until the oldest is an hour old, not {after}");
        hold_of_grade(&person, &performance, "R", 1).await.problem(429, "too_many_requests");
        hold(&person, &world.performance(json!({})).await, &["A-1-1"]).await.expect(201);
        hold(&rival, &performance, &["A-1-1"]).await.expect(201);
        hold(&person, &performance, &["A-1-2"]).await.problem(429, "too_many_requests");
        world.advance_seconds(u32::try_from(after).expect("a positive number") - 10);
        hold(&person, &performance, &["A-1-2"]).await.problem(429, "too_many_requests");
        world.advance_seconds(10);
        let held = hold(&person, &performance, &["A-1-2"]).await.expect(201).text("holdId");
        // Now the two after the oldest count, and this one.
        world.advance_seconds(31);
        person.delete(&format!("/holds/{held}")).await.expect(204);
        hold(&person, &performance, &["A-1-2"]).await.problem(429, "too_many_requests");
    })
    .await;
}

/// Paying resets the count, also for general admission places.
#[tokio::test]
async fn paying_resets_the_unpaid_holds() {
    World::run(async |world| {
        let numbered = world.performance(json!({"maxSeatsPerMember": 10})).await;
        let counted = area(world, 100, json!({"maxSeatsPerMember": 10})).await;
        for (performance, grade) in [(numbered, "R"), (counted, "Standing")] {
            let person = world.member(10_000_000).await;
            for _ in 0..2 {
                for _ in 0..2 {
                    hold_of_grade(&person, &performance, grade, 1).await.expect(201);
                    world.advance_seconds(301);
                }
                let held = hold_of_grade(&person, &performance, grade, 1).await.expect(201).text("holdId");
                pay(&person, &held).await.expect(201);
            }
            for _ in 0..3 {
                hold_of_grade(&person, &performance, grade, 1).await.expect(201);
                world.advance_seconds(301);
            }
            hold_of_grade(&person, &performance, grade, 1).await.problem(429, "too_many_requests");
        }
    })
    .await;
}

/// Paying and cancelling is no way to keep a seat: the holds that the payment cleared count again.
#[tokio::test]
async fn a_cancellation_restores_the_unpaid_holds() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(100_000).await;
        for _ in 0..2 {
            hold(&person, &performance, &["A-1-1"]).await.expect(201);
            world.advance_seconds(301);
        }
        let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
        world.advance_seconds(31);
        let paid = pay(&person, &held).await.expect(201).text("reservationId");
        person.delete(&format!("/reservations/{paid}")).await.expect(200);
        hold(&person, &performance, &["A-1-1"]).await.problem(429, "too_many_requests");
        // Nobody had to wait because of a hold that is paid at once.
        world.advance_seconds(3_600);
        let person = world.log_in_again(&person);
        for _ in 0..4 {
            let paid = book(&person, &performance, &["A-1-1"]).await.text("reservationId");
            person.delete(&format!("/reservations/{paid}")).await.expect(200);
        }
    })
    .await;
}

/// A member who changes their mind at once is forgiven, but not forever: nobody keeps a seat by releasing and taking
/// it again.
#[tokio::test]
async fn a_quickly_released_hold_does_not_count() {
    World::run(async |world| {
        let performance = world.performance(json!({})).await;
        let person = world.member(0).await;
        let take_and_release = async || {
            let held = hold(&person, &performance, &["A-1-1"]).await.expect(201).text("holdId");
            world.advance_seconds(25);
            person.delete(&format!("/holds/{held}")).await.expect(204);
        };
        for _ in 0..HOLDS_FORGIVEN_MAX {
            take_and_release().await;
        }
        for _ in 0..3 {
            take_and_release().await;
        }
        hold(&person, &performance, &["A-1-1"]).await.problem(429, "too_many_requests");
        world.advance_seconds(3_600);
        take_and_release().await;
        hold(&person, &performance, &["A-1-1"]).await.expect(201);
    })
    .await;
}
