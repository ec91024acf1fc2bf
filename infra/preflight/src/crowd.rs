//! Derived figures of an announced on-sale: admissions, their rate, and the polls of the line.

use crate::announced::Announced;
use frontrow_domain::{
    limits::{
        ADMISSION_DEFAULT_SECONDS, ARRIVALS_PEAK_FACTOR, PACE_WINDOW_SECONDS, ROOM_RATE_MAX, TURN_INTERVAL_SECONDS,
        TURN_MAX_GRANTS,
    },
    waiting_room::{shards_for, wait},
};
use serde::Serialize;

/// Number of people in line whose polls are simulated one by one.
const FOLLOWED: u32 = 200;
/// The median jitter of a poll interval.
const MIDDLE: f64 = 0.5;

/// The crowd of an on-sale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Crowd {
    /// Purchases until seats or people run out.
    pub purchases: f64,
    /// Seats sold.
    pub tickets: f64,
    /// People admitted until then.
    pub admitted: f64,
    /// Time from the opening until the last seat is sold, in seconds.
    pub seconds: f64,
    /// Admissions per second.
    pub per_second: f64,
    /// Recommended settings of the waiting room.
    pub suggested: Suggested,
    /// Joins in the busiest second.
    pub joins_per_second: f64,
    /// Polls per second when everyone is in line.
    pub polls_per_second: f64,
    /// Total polls of everyone who waits in line.
    pub polls: f64,
    /// Time to admit everyone, whether sold out or not, in seconds.
    pub drain_seconds: f64,
}

/// Settings of a waiting room.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggested {
    /// `expectedArrivalsPerMinute` of the new performance.
    pub expected_arrivals_per_minute: u32,
    /// Resulting shards of the line.
    pub shards: u32,
    /// `maxActive`: everyone inside at that rate.
    pub max_active: u32,
    /// `admitPerMinute`.
    pub admit_per_minute: u32,
}

impl Crowd {
    /// The crowd of `announced`.
    pub fn of(announced: &Announced) -> Self {
        let share = |percent: u32| f64::from(percent) / 100.0;
        let (people, buyers) = (f64::from(announced.people), share(announced.buyers_percent));
        let seats = f64::from(announced.seats);
        let purchases = (seats / f64::from(announced.seats_per_purchase)).ceil().min(people * buyers);
        let admitted = (purchases / buyers).min(people);
        let turns_per_second = f64::from(TURN_MAX_GRANTS) / TURN_INTERVAL_SECONDS as f64;
        let seconds = (f64::from(announced.minutes) * 60.0).max(admitted / turns_per_second);
        let per_second = admitted / seconds;
        // People who do not buy stay inside until their admission ends.
        let stay =
            buyers * f64::from(announced.stay_minutes) * 60.0 + (1.0 - buyers) * ADMISSION_DEFAULT_SECONDS as f64;
        let expected = announced.busiest_minute();
        let suggested = Suggested {
            expected_arrivals_per_minute: expected,
            shards: shards_for(expected),
            max_active: setting(per_second * stay),
            admit_per_minute: setting(per_second * 60.0),
        };
        let line = Line { announced, admitted, per_second, seconds };
        let (polls, pause) = (line.polls(), line.longest_pause());
        Self {
            purchases,
            tickets: (purchases * f64::from(announced.seats_per_purchase)).min(seats),
            admitted,
            seconds,
            per_second,
            joins_per_second: f64::from(expected) / 60.0 * f64::from(ARRIVALS_PEAK_FACTOR),
            polls_per_second: people / pause,
            polls,
            drain_seconds: people / per_second,
            suggested,
        }
    }
}

/// Rounds up a value of a waiting room policy and limits it to the allowed range.
fn setting(value: f64) -> u32 {
    (value.ceil() as u32).clamp(1, ROOM_RATE_MAX)
}

/// A line that moves at an even pace, until the seats are sold.
struct Line<'a> {
    announced: &'a Announced,
    admitted: f64,
    per_second: f64,
    seconds: f64,
}

impl Line<'_> {
    /// When the person at `position` joins: people arrive evenly, at the rate of the busiest minute.
    fn joins_at(&self, position: f64) -> f64 {
        let seconds = 60.0 * 100.0 / f64::from(self.announced.busiest_minute_percent);
        position / f64::from(self.announced.people) * seconds.min(self.seconds)
    }

    /// When they stop polling: they are admitted, give up, or the seats are gone.
    fn ends_at(&self, position: f64) -> f64 {
        if position <= self.admitted {
            return position / self.per_second;
        }
        let patience = self.announced.patience_minutes.map_or(f64::INFINITY, |minutes| f64::from(minutes) * 60.0);
        self.seconds.min(self.joins_at(position) + patience)
    }

    /// Seconds until the next poll that the waiting room returns to `position` at `second`, if the line moves at this pace.
    fn pause(&self, position: f64, second: f64) -> f64 {
        let ahead = (position.max(1.0) as u64 - 1).saturating_sub((second * self.per_second) as u64);
        wait::poll_after((ahead as f64 / self.per_second).ceil() as u64, MIDDLE) as f64
    }

    /// The poll interval in the middle of the line after everyone has arrived.
    fn longest_pause(&self) -> f64 {
        let people = f64::from(self.announced.people);
        self.pause(people / 2.0, self.joins_at(people).max(PACE_WINDOW_SECONDS as f64))
    }

    /// Polls of everyone until they are admitted or leave, without the polls that claim a place.
    fn polls(&self) -> f64 {
        let followed = self.announced.people.min(FOLLOWED);
        let each = f64::from(self.announced.people) / f64::from(followed);
        let of_one = |number: u32| {
            let position = (f64::from(number) + 0.5) * each;
            let (mut second, end) = (self.joins_at(position), self.ends_at(position));
            let mut polls = 0.0;
            loop {
                second += self.pause(position, second);
                if second >= end {
                    return polls * each;
                }
                polls += 1.0;
            }
        };
        (0..followed).map(of_one).sum()
    }
}
