//! One sale: people who join, poll when they are told to, are let in, stay a while and leave. It goes second by second
//! of a clock of its own; in each, everybody whose turn it is acts at the same time, through one of several processes.

use super::bill::Usage;
use crate::{
    faults::Ground,
    harness::{process::listed, wire::Wire},
};
use frontrow_domain::{
    Error, Timestamp,
    ids::{MemberId, PerformanceId},
    limits::TICK_MAX_GRANTS,
    performance::Performance,
    waiting_room::{Admission, Place, Room},
};
use frontrow_edge::App;
use frontrow_store::Joined;
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashSet},
    sync::atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// Processes that the crowd's calls are spread over.
const PROCESSES: usize = 4;
/// Calls under way at the same time.
const AT_ONCE: usize = 32;
/// A sale that takes longer is stuck.
const SECONDS_MAX: i64 = 24 * 3600;

/// Who comes, and how they are let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) people: usize,
    pub(super) arrivals_per_second: usize,
    pub(super) max_active: Option<u32>,
    pub(super) admit_per_minute: Option<u32>,
    /// What the organizer expects, which decides how many stripes there are.
    pub(super) expected_per_minute: u32,
    /// How long each stays inside, in seconds: from, to.
    pub(super) stay: (i64, i64),
    /// How many of a hundred stop polling once they have joined.
    pub(super) vanish_percent: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) stripes: u32,
    pub(super) joined: usize,
    pub(super) let_in: usize,
    /// Whose place was called and taken back although they went on polling.
    pub(super) lost: usize,
    /// Different positions.
    pub(super) positions: usize,
    /// People who asked after somebody had been answered, and stand before him.
    pub(super) inversions: usize,
    /// By how many positions at most.
    pub(super) furthest: u64,
    /// Most admissions at the end of any second, by a consistent count, and by whom it was told to be inside.
    pub(super) active_max: u64,
    pub(super) inside_max: usize,
    /// From the first join to the last who was let in, in seconds.
    pub(super) drain_seconds: i64,
    pub(super) usage: Usage,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Join,
    Poll,
    Leave,
}

/// What somebody does next, and what he found out.
enum Next {
    Polls { at: i64, joined: Option<Ticketed> },
    Inside { until: i64 },
    Gone,
    Lost,
}

/// A place drawn: by whom, and between which two moments of the whole crowd's order.
#[derive(Debug, Clone, Copy)]
struct Ticketed {
    place: Place,
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
    /// How long it would take if every place were used at every moment.
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
        let by_turn = staying / f64::from(TICK_MAX_GRANTS);
        by_places.max(by_minute).max(by_turn).max(arrivals)
    }
}

/// Runs the sale that `plan` describes.
pub(super) async fn run(plan: Plan) -> Figures {
    let ground = Ground::new().await.expect("an engine");
    let (calm, wire) = (ground.calm(), Wire::default());
    let id: PerformanceId = listed(
        &calm,
        json!({"waitingRoom": {
            "maxActive": plan.max_active, "admitPerMinute": plan.admit_per_minute,
            "expectedArrivalsPerMinute": plan.expected_per_minute,
        }}),
    )
    .await
    .parse()
    .expect("an id");
    let opened_at = ground.clock.now();
    let performance = calm.store.listing(&id, opened_at).await.expect("it is listed").performance.clone();
    let processes = (0..PROCESSES).map(|_| ground.through(&wire)).collect();
    let sale = Sale { plan, processes, performance, opened_at, order: AtomicU64::new(0) };

    let mut agenda: BTreeMap<i64, Vec<(usize, Act)>> = BTreeMap::new();
    for person in 0..plan.people {
        let second = i64::try_from(person / plan.arrivals_per_second).expect("a small number");
        agenda.entry(second).or_default().push((person, Act::Join));
    }
    let mut places = vec![None; plan.people];
    let mut inside = 0;
    let mut figures = Figures::default();
    while let Some((second, acts)) = agenda.pop_first() {
        assert!(second < SECONDS_MAX, "the line is stuck: {figures:?}");
        figures.usage.requests += acts.len() as u64;
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
                    places[person] = joined.or(places[person]);
                    let vanishes = joined.is_some() && person % 100 < plan.vanish_percent;
                    if !vanishes {
                        agenda.entry(at).or_default().push((person, Act::Poll));
                    }
                }
                Next::Inside { until } => {
                    inside += 1;
                    figures.let_in += 1;
                    figures.drain_seconds = second;
                    agenda.entry(until).or_default().push((person, Act::Leave));
                }
                Next::Gone => {}
                Next::Lost => figures.lost += 1,
            }
        }
        inside -= leaving;
        figures.inside_max = figures.inside_max.max(inside);
        let view = calm.store.room_view(&id, sale.moment(second)).await.expect("a room");
        figures.active_max = figures.active_max.max(view.active);
        figures.stripes = view.room.stripes;
    }
    let mut drawn: Vec<Ticketed> = places.into_iter().flatten().collect();
    figures.joined = drawn.len();
    figures.positions = drawn.iter().map(|one| one.position).collect::<HashSet<_>>().len();
    (figures.inversions, figures.furthest) = inversions(&mut drawn);
    figures
}

/// How many were answered with a position below that of somebody who had been answered before they asked, and how far
/// below at most.
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
    fn moment(&self, second: i64) -> Timestamp {
        self.opened_at.plus_seconds(second)
    }

    fn tick(&self) -> u64 {
        self.order.fetch_add(1, Ordering::SeqCst)
    }

    /// One call of one person, in the steps of its endpoint.
    async fn act(&self, person: usize, act: Act, place: Option<Ticketed>, second: i64) -> Next {
        let store = &self.processes[fastrand::usize(..PROCESSES)].store;
        let (member, now) = (member(person), self.moment(second));
        match (act, place) {
            (Act::Join, _) => {
                let room = store.room(&self.performance.performance_id, now).await.expect("a room");
                let asked = self.tick();
                let joined = store.join_line(&self.performance, &member, &room, now).await.expect("a place");
                let Joined::New(place) = joined else { panic!("{person} joined twice") };
                let position = place.position(room.stripes);
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
                match store.claim(&admission, room.policy.admission_seconds, now).await {
                    Ok(Some(_)) => Next::Inside { until: second + fastrand::i64(self.plan.stay.0..=self.plan.stay.1) },
                    Ok(None) | Err(Error::QueueTokenExpired) => Next::Lost,
                    Err(error) => panic!("a claim failed: {error}"),
                }
            }
            (Act::Poll, None) => panic!("{person} polls without a place"),
            (Act::Leave, _) => {
                store.leave_line(&self.performance, &member, now).await.expect("he leaves");
                Next::Gone
            }
        }
    }

    /// When he is told to ask again.
    fn pause(&self, room: &Room, place: Place, now: Timestamp) -> i64 {
        room.outlook(place, self.performance.sales_open_at, now, fastrand::f64()).poll_after_seconds
    }
}
