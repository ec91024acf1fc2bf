//! A crowd by the waiting room's rules alone: no store, no engine and no processes, so that a million people take
//! seconds. Everybody joins, is called, claims and leaves. One person in [`Line::each`] is followed poll by poll; the
//! others claim as late after their call as the followed people before them.

use frontrow_domain::{
    Timestamp,
    limits::{ADMISSION_DEFAULT_SECONDS, CLAIM_SECONDS, POLL_MIN_SECONDS, RECALL_SECONDS, TURN_MAX_GRANTS},
    waiting_room::{
        LinePosition, Room, Stock,
        inside::Inside,
        policy::WaitingRoomPolicy,
        shards_for,
        turn::{Snapshot, Step, TurnInput},
    },
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A sale that takes longer is stuck.
const SECONDS_MAX: i64 = 24 * 3_600;
/// How long a phone is locked, in seconds: from, to.
const LOCKED: (i64, i64) = (60, 1_800);
/// How long a hold lives, in seconds.
const HOLD_SECONDS: i64 = 300;
/// How long a sold-out line is watched, in seconds.
const WATCHED_SECONDS: i64 = 900;
/// How many claims of followed people decide when the others claim.
const DELAYS: usize = 64;

/// A crowd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) people: usize,
    pub(super) arrivals_per_second: usize,
    pub(super) max_active: u32,
    /// How long each member stays inside, in seconds: from, to.
    pub(super) stay: (i64, i64),
    /// Percentage of the people who lock their phones once they have joined, for 1 to 30 minutes.
    pub(super) lock_percent: usize,
    /// How long before the opening the first people join, in seconds.
    pub(super) early_seconds: i64,
    /// Number of admissions after which nothing is left.
    pub(super) stock: usize,
    /// When the organizer doubles `maxActive`, in seconds after the opening.
    pub(super) doubles_at: Option<i64>,
    /// One in this many people is followed.
    pub(super) each: usize,
}

/// The outcome.
#[derive(Debug, Default, Clone)]
pub(super) struct Outcome {
    pub(super) shards: u32,
    pub(super) admitted: usize,
    /// Calls when nothing was left.
    pub(super) called_for_nothing: usize,
    /// Most inside at the end of any second, beyond `maxActive`.
    pub(super) excess_max: i64,
    /// From the opening to the last admission, in seconds.
    pub(super) drain_seconds: i64,
    /// Most grants of a turn.
    pub(super) fastest: usize,
    /// Followed people; their requests, and the most of one of them.
    pub(super) followed: usize,
    pub(super) requests: usize,
    pub(super) requests_most: usize,
    /// Their requests when nothing was left.
    pub(super) requests_for_nothing: usize,
    /// People who came back to a locked phone after their call had lapsed, and those whose place was lost.
    pub(super) came_late: usize,
    pub(super) places_lost: usize,
}

/// A drawn position.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Index of its owner among the followed people.
    followed: Option<usize>,
    /// When its owner unlocks their phone; `None` if it is not locked.
    unlocks_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Poll(u64),
    Claim(u64),
    Unlock(u64),
    Lapse(u64),
    Leave,
}

struct Run<'a> {
    line: &'a Line,
    room: Room,
    agenda: BTreeMap<i64, Vec<Event>>,
    /// By position, from 1.
    places: Vec<Place>,
    /// Requests of each followed person.
    requests: Vec<usize>,
    /// Called positions with the end of their time to claim.
    called: BTreeMap<u64, i64>,
    called_at: BTreeMap<u64, i64>,
    missed: HashSet<u64>,
    returned: BTreeSet<u64>,
    joined: usize,
    inside: usize,
    delays: Vec<i64>,
    out: Outcome,
}

/// Simulates the crowd.
pub(super) fn run(line: &Line) -> Outcome {
    let policy = WaitingRoomPolicy {
        max_active: Some(line.max_active),
        admit_per_minute: None,
        admission_seconds: ADMISSION_DEFAULT_SECONDS,
        paused: false,
    };
    let shards = shards_for(u32::try_from(line.arrivals_per_second * 30).expect("a small number"));
    let mut run = Run {
        line,
        room: Room::new(policy, shards),
        agenda: BTreeMap::new(),
        places: Vec::new(),
        requests: Vec::new(),
        called: BTreeMap::new(),
        called_at: BTreeMap::new(),
        missed: HashSet::new(),
        returned: BTreeSet::new(),
        joined: 0,
        inside: 0,
        delays: vec![1],
        out: Outcome { shards, excess_max: i64::MIN, ..Outcome::default() },
    };
    let mut second = -line.early_seconds;
    while run.out.admitted < line.people.min(line.stock) || second < run.out.drain_seconds + WATCHED_SECONDS {
        assert!(second < SECONDS_MAX, "the line is stuck: {:?}", run.out);
        run.second(second);
        second += 1;
    }
    let Run { mut out, requests, .. } = run;
    out.followed = requests.len();
    out.requests = requests.iter().sum();
    out.requests_most = requests.into_iter().max().unwrap_or_default();
    out
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).plus_seconds(second)
}

impl Run<'_> {
    fn second(&mut self, second: i64) {
        let Line { people, arrivals_per_second, doubles_at, max_active, .. } = *self.line;
        for _ in self.joined..people.min(self.joined + arrivals_per_second) {
            self.joined += 1;
            let followed = self.joined.is_multiple_of(self.line.each).then(|| {
                self.requests.push(0);
                self.requests.len() - 1
            });
            let locks = fastrand::usize(..100) < self.line.lock_percent;
            let unlocks_at = locks.then(|| second + fastrand::i64(LOCKED.0..=LOCKED.1));
            self.join(Place { followed, unlocks_at }, second);
        }
        if doubles_at == Some(second) {
            self.room.policy.max_active = Some(2 * max_active);
        }
        for event in self.agenda.remove(&second).unwrap_or_default() {
            match event {
                Event::Poll(position) => self.poll(position, second),
                Event::Claim(position) => self.claim(position, second),
                Event::Unlock(position) => self.unlock(position, second),
                Event::Lapse(position) => self.lapse(position, second),
                Event::Leave => self.inside -= 1,
            }
        }
        if second >= 0 {
            self.turn(second);
        }
        let active = i64::try_from(self.inside + self.called.len()).expect("a small number");
        let most = self.room.policy.max_active.map_or(0, i64::from);
        self.out.excess_max = self.out.excess_max.max(active - most);
    }

    fn at(&mut self, second: i64, event: Event) {
        self.agenda.entry(second).or_default().push(event);
    }

    fn place(&self, position: u64) -> Place {
        self.places[usize::try_from(position).expect("a small number") - 1]
    }

    fn in_line(&self, position: u64) -> LinePosition {
        LinePosition::at(position, self.room.shards)
    }

    /// Counts a request of a followed person.
    fn asks(&mut self, place: Place) {
        let Some(followed) = place.followed else { return };
        self.requests[followed] += 1;
        self.out.requests_for_nothing += usize::from(self.out.admitted >= self.line.stock);
    }

    fn join(&mut self, place: Place, second: i64) {
        self.places.push(place);
        let position = self.places.len() as u64;
        self.asks(place);
        if let Some(unlocks_at) = place.unlocks_at {
            self.at(unlocks_at, Event::Unlock(position));
        } else if place.followed.is_some() {
            self.poll_later(position, second);
        }
    }

    fn poll_later(&mut self, position: u64, second: i64) {
        let place = self.in_line(position);
        let outlook = self.room.outlook(place, Some(moment(0)), HOLD_SECONDS, moment(second), fastrand::f64());
        self.at(second + outlook.poll_after_seconds, Event::Poll(position));
    }

    fn poll(&mut self, position: u64, second: i64) {
        self.asks(self.place(position));
        if self.called.contains_key(&position) {
            self.note_delay(position, second);
            self.claim(position, second);
        } else if self.returned.contains(&position) {
            self.poll_later(position, second);
        } else if self.missed.contains(&position) || self.room.has_served(self.in_line(position)) {
            self.come_late(position, second);
        } else {
            self.poll_later(position, second);
        }
    }

    /// Notes how late a followed person came after their call, unless their phone was locked.
    fn note_delay(&mut self, position: u64, second: i64) {
        let Place { followed: Some(_), unlocks_at: None } = self.place(position) else { return };
        if let Some(called_at) = self.called_at.remove(&position) {
            self.delays.push(second - called_at);
        }
    }

    /// A called place whose owner polls or joins after it has lapsed.
    fn come_late(&mut self, position: u64, second: i64) {
        let place = self.place(position);
        self.out.came_late += 1;
        self.note_delay(position, second);
        if self.missed.remove(&position) {
            self.returned.insert(position);
            if place.followed.is_some() {
                self.poll_later(position, second);
            }
        } else {
            self.out.places_lost += 1;
            self.join(Place { unlocks_at: None, ..place }, second);
        }
    }

    /// The token has expired meanwhile, so the owner joins again.
    fn unlock(&mut self, position: u64, second: i64) {
        let place = self.place(position);
        self.asks(place);
        if self.called.contains_key(&position) {
            self.claim(position, second);
        } else if self.room.has_served(self.in_line(position)) {
            self.come_late(position, second);
        } else if place.followed.is_some() {
            self.poll_later(position, second);
        }
    }

    fn claim(&mut self, position: u64, second: i64) {
        if self.called.remove(&position).is_none() {
            return self.come_late(position, second);
        }
        self.called_at.remove(&position);
        let place = self.place(position);
        // The DELETE that ends the visit.
        self.asks(place);
        self.out.admitted += 1;
        self.out.drain_seconds = second;
        self.inside += 1;
        self.at(second + fastrand::i64(self.line.stay.0..=self.line.stay.1), Event::Leave);
    }

    fn lapse(&mut self, position: u64, second: i64) {
        if self.called.get(&position).is_some_and(|until| *until <= second) {
            self.called.remove(&position);
            self.missed.insert(position);
        }
    }

    /// Seats that nobody has bought; `None` if there are enough for everybody.
    fn available(&self) -> Option<u32> {
        let left = self.line.stock.saturating_sub(self.out.admitted);
        (self.line.stock < self.line.people).then(|| u32::try_from(left).expect("a small number"))
    }

    fn call(&mut self, position: u64, second: i64, claim_seconds: i64) {
        self.out.called_for_nothing += usize::from(self.available() == Some(0));
        let until = second + claim_seconds;
        self.called.insert(position, until);
        self.called_at.insert(position, second);
        self.at(until, Event::Lapse(position));
        let place = self.place(position);
        if place.followed.is_none() && place.unlocks_at.is_none_or(|unlocks_at| unlocks_at <= second) {
            let recent = self.delays.len().saturating_sub(DELAYS)..;
            let delay = match claim_seconds {
                RECALL_SECONDS => POLL_MIN_SECONDS,
                _ => *fastrand::choice(&self.delays[recent]).expect("there is one"),
            };
            self.at(second + delay.max(1), Event::Claim(position));
        }
    }

    /// A turn of the turnstile, by the domain's plan.
    fn turn(&mut self, second: i64) {
        let shards = u64::from(self.room.shards);
        let used = (self.inside + self.called.len()) as u64;
        let available = self.available();
        self.room.stock = available.map(|available| Stock { available, counted_at: moment(second) });
        let returned: Vec<u64> = self.returned.iter().copied().collect();
        let drawn = self.places.len() as u64;
        let of_shards: Vec<u64> = (0..shards).map(|shard| (drawn + shards - 1 - shard) / shards).collect();
        let served: u64 = self.room.serving.iter().sum();
        let last = served + 2 * u64::from(TURN_MAX_GRANTS) + 2 * shards;
        let candidates = self.room.candidates(&of_shards, last);
        let nobody = HashSet::new();
        let plan = self.room.plan(
            &candidates,
            TurnInput { admitted: &nobody, left: &nobody, live: used, returned: &returned, recalled: 0, available },
            moment(second),
        );
        self.out.fastest = self.out.fastest.max(plan.0.len());
        let leave_at = |stay: i64| moment(second + ADMISSION_DEFAULT_SECONDS - stay);
        let inside = Inside { count: used, first_leaves_at: leave_at(self.line.stay.1), last_leaves_at: leave_at(0) };
        let seen = Snapshot { inside, given_up: self.room.given_up.clone(), stock: self.room.stock, recalled: 0 };
        let turned = self.room.after(&plan, &HashSet::new(), Some(&seen), moment(second));
        (self.room.serving, self.room.pace, self.room.inside) = (turned.serving, turned.pace, turned.inside);
        for (place, step) in plan.0 {
            let position = place.position(self.room.shards);
            let claim_seconds = if step == Step::Recall { RECALL_SECONDS } else { CLAIM_SECONDS };
            self.returned.remove(&position);
            self.call(position, second, claim_seconds);
        }
    }
}
