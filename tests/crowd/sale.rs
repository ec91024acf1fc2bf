//! One sale: people join, poll as instructed, are admitted, stay a while and leave. It proceeds second by second of
//! its own clock. In each second, everybody whose turn it is acts at the same time, through one of several processes.

use super::bill::Usage;
use crate::{
    faults::Testbed,
    harness::{process::listed, wire::Wire},
};
use frontrow_domain::{
    Error, Timestamp,
    ids::{MemberId, PerformanceId},
    limits::TURN_MAX_GRANTS,
    performance::Performance,
    waiting_room::{Admission, LinePosition, Room, policy::WaitingRoomPolicy},
};
use frontrow_edge::App;
use frontrow_store::Joined;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
    sync::atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// Number of processes that share the crowd's calls.
const PROCESSES: usize = 4;
/// Calls in flight at the same time.
const AT_ONCE: usize = 32;
/// How long a phone is locked.
const LOCKED_SECONDS: RangeInclusive<i64> = 60..=1_800;
/// A sale that takes longer is stuck.
const SECONDS_MAX: i64 = 24 * 3600;

/// The crowd, and how it is admitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) people: usize,
    pub(super) arrivals_per_second: usize,
    pub(super) max_active: Option<u32>,
    pub(super) admit_per_minute: Option<u32>,
    /// The organizer's expectation, which decides the number of shards.
    pub(super) expected_per_minute: u32,
    /// How long each member stays inside, in seconds: from, to.
    pub(super) stay: (i64, i64),
    /// Percentage of members who stop polling once they have joined.
    pub(super) vanish_percent: usize,
    /// Percentage of members who lock their phones once they have joined, for 1 to 30 minutes. Their tokens expire, so
    /// they join again.
    pub(super) lock_percent: usize,
    /// When sales open, in seconds after the first join.
    pub(super) opens_after: i64,
    /// When the organizer doubles `maxActive`, in seconds after the first join.
    pub(super) doubles_at: Option<i64>,
}

/// The outcome of a sale.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) shards: u32,
    pub(super) joined: usize,
    pub(super) admitted: usize,
    /// Members whose place was called and taken back although they kept polling.
    pub(super) lost: usize,
    /// Members who unlocked their phones, and those of them who got a new place at the end.
    pub(super) came_back: usize,
    pub(super) places_lost: usize,
    /// Number of distinct positions.
    pub(super) positions: usize,
    /// Members who asked after another had got a response, but are ahead of that member.
    pub(super) inversions: usize,
    /// The largest such distance, in positions.
    pub(super) furthest: u64,
    /// The most admissions at the end of any second, minus `maxActive` then: by a consistent count, and by the number of
    /// members who were told that they are inside.
    pub(super) active_excess: Option<i64>,
    pub(super) inside_excess: Option<i64>,
    /// From the opening to the last admission, in seconds.
    pub(super) drain_seconds: i64,
    /// The most requests of one member.
    pub(super) requests_most: usize,
    pub(super) usage: Usage,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Join,
    Poll,
    ComeBack,
    Leave,
}

/// What a member does next, and what they know.
enum Next {
    Polls { at: i64, joined: Option<Ticketed> },
    Inside { until: i64 },
    Gone,
    Lost,
}

/// A drawn place: its owner, and when it was drawn in the crowd's order of events.
#[derive(Debug, Clone, Copy)]
struct Ticketed {
    place: LinePosition,
    position: u64,
    asked: u64,
    answered: u64,
}

struct Sale {
    plan: Plan,
    processes: Vec<App>,
    performance: Performance,
    opened_at: Timestamp,
    order: AtomicU64,
}

fn member(person: usize) -> MemberId {
    MemberId(Uuid::from_u128(person as u128 + 1))
}

impl Plan {
    pub(super) fn vanishes(&self, person: usize) -> bool {
        person % 100 < self.vanish_percent
    }

    fn locks(&self, person: usize) -> bool {
        (self.vanish_percent..self.vanish_percent + self.lock_percent).contains(&(person % 100))
    }

    /// The first requests, by second.
    fn joins(&self) -> BTreeMap<i64, Vec<(usize, Act)>> {
        let mut joins: BTreeMap<i64, Vec<(usize, Act)>> = BTreeMap::new();
        for person in 0..self.people {
            let second = i64::try_from(person / self.arrivals_per_second).expect("a small number");
            joins.entry(second).or_default().push((person, Act::Join));
        }
        joins
    }

    /// When `person` sends which request, if they were told to poll at `at`; `None` if never.
    fn next_request(&self, person: usize, is_new: bool, at: i64, second: i64) -> Option<(i64, Act)> {
        match is_new {
            true if self.vanishes(person) => None,
            true if self.locks(person) => Some((second + fastrand::i64(LOCKED_SECONDS), Act::ComeBack)),
            _ => Some((at, Act::Poll)),
        }
    }

    /// `maxActive` in that second.
    fn max_active_at(&self, second: i64) -> Option<u32> {
        let is_doubled = self.doubles_at.is_some_and(|at| at <= second);
        self.max_active.map(|most| if is_doubled { 2 * most } else { most })
    }

    /// The performance. Nobody books there, and no more than two members for each free seat are inside.
    fn details(&self, now: Timestamp) -> Value {
        json!({
            "seating": {"type": "numbered", "sections": [
                {"name": "A", "grade": "R", "price": 1_000, "rows": 40, "seatsPerRow": 50},
            ]},
            "salesOpenAt": now.plus_seconds(self.opens_after).to_string(),
            "waitingRoom": {
                "maxActive": self.max_active, "admitPerMinute": self.admit_per_minute,
                "expectedArrivalsPerMinute": self.expected_per_minute,
            },
        })
    }

    /// The duration if every place were used all the time.
    pub(super) fn ideal_seconds(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let (staying, stay, arrivals) = (
            (self.people - self.people * self.vanish_percent / 100) as f64,
            (self.stay.0 + self.stay.1) as f64 / 2.0,
            self.people as f64 / self.arrivals_per_second as f64,
        );
        // The first find all places free; a minute's allowance may be used at its beginning.
        let by_places = self.max_active.map_or(0.0, |most| staying * stay / f64::from(most) - stay);
        let by_minute = self.admit_per_minute.map_or(0.0, |most| ((staying / f64::from(most)).ceil() - 1.0) * 60.0);
        let by_turn = staying / f64::from(TURN_MAX_GRANTS);
        by_places.max(by_minute).max(by_turn).max(arrivals)
    }
}

/// Runs the sale that `plan` describes.
pub(super) async fn run(plan: Plan) -> Figures {
    let testbed = Testbed::new().await.expect("an engine");
    let (faultless, wire) = (testbed.faultless(), Wire::default());
    let opened_at = testbed.clock.now();
    let id: PerformanceId = listed(&faultless, plan.details(opened_at)).await.parse().expect("an id");
    let performance = faultless.store.listing(&id, opened_at).await.expect("it is listed").performance.clone();
    let processes = (0..PROCESSES).map(|_| testbed.through(&wire)).collect();
    let sale = Sale { plan, processes, performance, opened_at, order: AtomicU64::new(0) };

    let mut agenda = plan.joins();
    let mut places = vec![None; plan.people];
    let mut requests = vec![0; plan.people];
    let mut doubles_at = plan.doubles_at;
    let mut inside = 0;
    let mut figures = Figures::default();
    while let Some((second, acts)) = agenda.pop_first() {
        assert!(second < SECONDS_MAX, "the line is stuck: {figures:?}");
        if doubles_at.take_if(|at| *at <= second).is_some() {
            sale.double(&faultless, second).await;
        }
        acts.iter().for_each(|(person, _)| requests[*person] += 1);
        figures.usage.requests += acts.len() as u64;
        figures.usage.polls += acts.iter().filter(|(_, act)| matches!(act, Act::Poll)).count() as u64;
        let leaving = acts.iter().filter(|(_, act)| matches!(act, Act::Leave)).count();
        let acting = stream::iter(acts).map(|(person, act)| {
            let place = places[person];
            let sale = &sale;
            async move { (person, sale.act(person, act, place, second).await) }
        });
        let (done, metered) = wire.meter(acting.buffer_unordered(AT_ONCE).collect::<Vec<_>>()).await;
        figures.usage.add(&metered);
        for (person, next) in done {
            match next {
                Next::Polls { at, joined } => {
                    let is_new = joined.is_some() && places[person].is_none();
                    figures.places_lost += usize::from(joined.is_some() && !is_new);
                    places[person] = joined.or(places[person]);
                    figures.came_back += usize::from(is_new && plan.locks(person));
                    if let Some((at, act)) = plan.next_request(person, is_new, at, second) {
                        agenda.entry(at).or_default().push((person, act));
                    }
                }
                Next::Inside { until } => {
                    inside += 1;
                    figures.admitted += 1;
                    figures.drain_seconds = second - plan.opens_after;
                    agenda.entry(until).or_default().push((person, Act::Leave));
                }
                Next::Gone => {}
                Next::Lost => figures.lost += 1,
            }
        }
        inside -= leaving;
        sale.look(&faultless, second, inside, &mut figures).await;
    }
    figures.requests_most = requests.into_iter().max().unwrap_or_default();
    let mut drawn: Vec<Ticketed> = places.into_iter().flatten().collect();
    figures.joined = drawn.len();
    figures.positions = drawn.iter().map(|one| one.position).collect::<HashSet<_>>().len();
    (figures.inversions, figures.furthest) = inversions(&mut drawn);
    figures
}

/// How many got a position below that of a member who had got a response before they asked, and by how much at most.
fn inversions(drawn: &mut [Ticketed]) -> (usize, u64) {
    let mut answered = drawn.to_vec();
    answered.sort_unstable_by_key(|one| one.answered);
    drawn.sort_unstable_by_key(|one| one.asked);
    let mut before = answered.iter().peekable();
    let mut highest = 0;
    let (mut count, mut furthest) = (0, 0);
    for one in drawn {
        while let Some(other) = before.next_if(|other| other.answered < one.asked) {
            highest = highest.max(other.position);
        }
        count += usize::from(one.position < highest);
        furthest = furthest.max(highest.saturating_sub(one.position));
    }
    (count, furthest)
}

impl Sale {
    async fn double(&self, organizer: &App, second: i64) {
        let (id, now) = (&self.performance.performance_id, self.moment(second));
        let room = organizer.store.room(id, now).await.expect("a room");
        let policy = WaitingRoomPolicy { max_active: self.plan.max_active_at(second), ..room.policy };
        organizer.store.replace_policy(id, &policy, now).await.expect("it is replaced");
    }

    /// Adds what the room shows at the end of a second in which `inside` were told that they are inside.
    async fn look(&self, organizer: &App, second: i64, inside: usize, figures: &mut Figures) {
        let view = organizer.store.room_view(&self.performance.performance_id, self.moment(second)).await;
        let view = view.expect("a room");
        if let Some(most) = self.plan.max_active_at(second).map(i64::from) {
            let excess = |count: u64| Some(i64::try_from(count).expect("a small number") - most);
            figures.inside_excess = figures.inside_excess.max(excess(inside as u64));
            figures.active_excess = figures.active_excess.max(excess(view.active));
        }
        figures.shards = view.room.shards;
    }

    fn moment(&self, second: i64) -> Timestamp {
        self.opened_at.plus_seconds(second)
    }

    fn tick(&self) -> u64 {
        self.order.fetch_add(1, Ordering::SeqCst)
    }

    /// One request of one member, in the steps of its endpoint.
    async fn act(&self, person: usize, act: Act, place: Option<Ticketed>, second: i64) -> Next {
        let store = &self.processes[fastrand::usize(..PROCESSES)].store;
        let (member, now) = (member(person), self.moment(second));
        match (act, place) {
            (Act::Join | Act::ComeBack, _) => {
                let room = store.room(&self.performance.performance_id, now).await.expect("a room");
                let asked = self.tick();
                let joined = store.join_line(&self.performance, &member, &room, now).await.expect("a place");
                let place = match joined {
                    Joined::New(place) => place,
                    Joined::Waiting(place) if matches!(act, Act::ComeBack) => {
                        return Next::Polls { at: second + self.pause(&room, place, now), joined: None };
                    }
                    other => panic!("{person} joined twice: {other:?}"),
                };
                let position = place.position(room.shards);
                let joined = Some(Ticketed { place, position, asked, answered: self.tick() });
                Next::Polls { at: second + self.pause(&room, place, now), joined }
            }
            (Act::Poll, Some(mine)) => {
                let id = &self.performance.performance_id;
                let room = store.turned_room(id, mine.place, now, &|| now).await.expect("a room").room;
                if !room.has_served(mine.place) {
                    return Next::Polls { at: second + self.pause(&room, mine.place, now), joined: None };
                }
                let (performance_id, position) = (self.performance.performance_id.clone(), mine.position);
                let admission = Admission { performance_id, position, member_id: member, ends_at: now };
                match store.claim_admission(&admission, &room, now).await {
                    Ok(Some(_)) => Next::Inside { until: second + fastrand::i64(self.plan.stay.0..=self.plan.stay.1) },
                    // They missed the call and came back.
                    Ok(None) => Next::Polls { at: second + self.pause(&room, mine.place, now), joined: None },
                    Err(Error::QueueTokenExpired) => Next::Lost,
                    Err(error) => panic!("a claim failed: {error}"),
                }
            }
            (Act::Poll, None) => panic!("{person} polls without a place"),
            (Act::Leave, _) => {
                store.leave_line(&self.performance, &member, now).await.expect("the member leaves");
                Next::Gone
            }
        }
    }

    /// Seconds until the member's next poll.
    fn pause(&self, room: &Room, place: LinePosition, now: Timestamp) -> i64 {
        let (opens_at, hold_seconds) = (self.performance.sales_open_at, self.performance.hold_seconds);
        room.outlook(place, opens_at, hold_seconds, now, fastrand::f64()).poll_after_seconds
    }
}
