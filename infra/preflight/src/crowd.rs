//! What follows from what is announced: who is let in, how fast, and how often those in line ask.

use crate::announced::Announced;
use frontrow_domain::{
    limits::{
        ADMISSION_DEFAULT_SECONDS, ARRIVALS_PEAK_FACTOR, PACE_WINDOW_SECONDS, ROOM_RATE_MAX, TICK_INTERVAL_SECONDS,
        TICK_MAX_GRANTS,
    },
    waiting_room::{stripes_for, wait},
};
use serde::Serialize;

/// People of the line of whom each poll is followed.
const FOLLOWED: u32 = 200;
/// The jitter of a poll's pause that is in its middle.
const MIDDLE: f64 = 0.5;

/// The crowd of an on-sale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Crowd {
    /// Purchases until the seats or the people are used up.
    pub purchases: f64,
    /// Seats that are sold.
    pub tickets: f64,
    /// People who are let in until then.
    pub let_in: f64,
    /// From the opening until the last seat is sold.
    pub seconds: f64,
    /// Let in a second.
    pub per_second: f64,
    /// What the waiting room is to be set to.
    pub suggested: Suggested,
    /// Joins in the busiest second.
    pub joins_per_second: f64,
    /// Polls a second when all are in line.
    pub polls_per_second: f64,
    /// Polls of all that find the line before them.
    pub polls: f64,
    /// How long it would take to let all people in, sold out or not.
    pub drain_seconds: f64,
}

/// Settings of a waiting room.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggested {
    /// `expectedArrivalsPerMinute` of the new performance.
    pub expected_arrivals_per_minute: u32,
    /// Stripes that the line gets of it.
    pub stripes: u32,
    /// `maxActive`: all who are inside at that rate.
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
        let let_in = (purchases / buyers).min(people);
        let turns_per_second = f64::from(TICK_MAX_GRANTS) / TICK_INTERVAL_SECONDS as f64;
        let seconds = (f64::from(announced.minutes) * 60.0).max(let_in / turns_per_second);
        let per_second = let_in / seconds;
        // Who does not buy is inside until his admission ends.
        let stay =
            buyers * f64::from(announced.stay_minutes) * 60.0 + (1.0 - buyers) * ADMISSION_DEFAULT_SECONDS as f64;
        let expected = announced.busiest_minute();
        let suggested = Suggested {
            expected_arrivals_per_minute: expected,
            stripes: stripes_for(expected),
            max_active: setting(per_second * stay),
            admit_per_minute: setting(per_second * 60.0),
        };
        let line = Line { announced, let_in, per_second, seconds };
        let (polls, pause) = (line.polls(), line.longest_pause());
        Self {
            purchases,
            tickets: (purchases * f64::from(announced.seats_per_purchase)).min(seats),
            let_in,
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

/// A bound of a waiting room's policy.
fn setting(value: f64) -> u32 {
    (value.ceil() as u32).clamp(1, ROOM_RATE_MAX)
}

/// A line that moves at an even pace, until the seats are sold.
struct Line<'a> {
    announced: &'a Announced,
    let_in: f64,
    per_second: f64,
    seconds: f64,
}

impl Line<'_> {
    /// When whoever has `position` joins: people come evenly, at the pace of the busiest minute.
    fn joins_at(&self, position: f64) -> f64 {
        let seconds = 60.0 * 100.0 / f64::from(self.announced.busiest_minute_percent);
        position / f64::from(self.announced.people) * seconds.min(self.seconds)
    }

    /// When he stops polling: he is let in, gives up, or the seats are gone.
    fn ends_at(&self, position: f64) -> f64 {
        if position <= self.let_in {
            return position / self.per_second;
        }
        let patience = self.announced.patience_minutes.map_or(f64::INFINITY, |minutes| f64::from(minutes) * 60.0);
        self.seconds.min(self.joins_at(position) + patience)
    }

    /// What the waiting room tells `position` at `second` of a line that moves at this pace: in how many seconds to ask again.
    fn pause(&self, position: f64, second: f64) -> f64 {
        let ahead = (position.max(1.0) as u64 - 1).saturating_sub((second * self.per_second) as u64);
        wait::next_poll(ahead, Some((ahead as f64 / self.per_second).ceil() as u64), MIDDLE) as f64
    }

    /// The pause of somebody in the middle of the line when all have come.
    fn longest_pause(&self) -> f64 {
        let people = f64::from(self.announced.people);
        self.pause(people / 2.0, self.joins_at(people).max(PACE_WINDOW_SECONDS as f64))
    }

    /// Polls of all until they are let in or leave; the poll that claims is not one of them.
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
