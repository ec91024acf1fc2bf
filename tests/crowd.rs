//! A simulated crowd in a waiting room: the real store, an engine, several processes, and a clock moved by the test.
//! Without HTTP, because the line and its cost in DynamoDB are under test. Crowds of the [`rules`] alone need no engine:
//! people who lock their phones, come early, or find everything sold, and a million people.
//!
//! `CROWD=100000 cargo test -p frontrow-tests crowd -- --ignored --nocapture` prints the table of
//! `infra/preflight/README.md`, which says how to make it faster.

mod bill;
mod rules;
mod sale;
mod targets;

use bill::Dollars;
use rules::{Line, Outcome};
use sale::{Figures, Plan, run};

/// Members of the large crowd when `CROWD` is not set.
const CROWD_DEFAULT: usize = 10_000;

const SMALL: Plan = Plan {
    people: 2_000,
    arrivals_per_second: 400,
    max_active: Some(300),
    admit_per_minute: None,
    expected_per_minute: 24_000,
    stay: (2, 6),
    vanish_percent: 0,
    lock_percent: 0,
    opens_after: 0,
    doubles_at: None,
};

/// Checks for every crowd.
fn check(plan: &Plan, figures: &Figures) {
    assert_eq!((figures.joined, figures.positions), (plan.people, plan.people), "positions are unique");
    let vanishing = (0..plan.people).filter(|person| plan.vanishes(*person)).count();
    assert_eq!((figures.admitted, figures.lost), (plan.people - vanishing, 0), "every waiting member is admitted");
    if figures.shards == 1 {
        assert_eq!(figures.inversions, 0, "one shard keeps request order");
    }
    for excess in [figures.active_excess, figures.inside_excess].into_iter().flatten() {
        assert!(excess <= 0, "{excess} more inside than allowed");
    }
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn row(plan: &Plan, figures: &Figures) -> String {
    let bound = |limit: Option<u32>| limit.map_or("–".to_owned(), |limit| limit.to_string());
    let (people, usage) = (plan.people as f64, figures.usage);
    let dollars = usage.dollars();
    let over = figures.active_excess.map_or("–".to_owned(), |excess| excess.to_string());
    format!(
        "| {} | {} | {} | {} | {} % | {} | {} | {} ({}) | {} | {} ({:.0}) | {:.1} | {:.1} | {:.1} | {:.1} | {} |",
        plan.people,
        plan.arrivals_per_second,
        bound(plan.max_active),
        bound(plan.admit_per_minute),
        plan.vanish_percent,
        figures.shards,
        plan.people - figures.positions,
        figures.inversions,
        figures.furthest,
        over,
        figures.drain_seconds,
        plan.ideal_seconds(),
        usage.requests as f64 / people,
        usage.units.calls / people,
        usage.units.writes / people,
        usage.units.reads / people,
        cells(&dollars, people),
    )
}

/// Dollars for a million people: DynamoDB, the parts of the total, and the total by the way of polls.
fn cells(dollars: &Dollars, people: f64) -> String {
    let million = |dollars: f64| dollars / people * 1e6;
    let parts = dollars.split.iter().filter(|(part, _)| *part != "rest");
    let parts: Vec<String> = parts.map(|(_, dollars)| format!("{:.2}", million(*dollars))).collect();
    format!(
        "${:.2} | {} | ${:.2} | ${:.2}",
        million(dollars.table),
        parts.join(" · "),
        million(dollars.with_api),
        million(dollars.with_function_url)
    )
}

const HEAD: &str = "\
| people | arrivals/s | maxActive | admitPerMinute | vanish | shards | positions given twice | out of order (by at most) | most inside − maxActive | drained in s (ideal) | requests a person | DynamoDB calls | write units | read units | DynamoDB for a million people | API · functions · DynamoDB · logs · egress | all-in, polls through the API | all-in, polls through a function URL |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

async fn report(plans: &[Plan]) -> Vec<Figures> {
    println!("{HEAD}");
    let mut all = Vec::new();
    for plan in plans {
        let figures = run(*plan).await;
        println!("{}", row(plan, &figures));
        check(plan, &figures);
        all.push(figures);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_crowd_is_admitted_in_order_within_max_active() {
    report(&[SMALL]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_crowd_in_several_shards_is_admitted_within_max_active() {
    report(&[Plan { expected_per_minute: 120_000, vanish_percent: 3, people: 1_000, ..SMALL }]).await;
}

/// Without an engine, more people and more rows: [`crowds_by_the_rules_alone_are_admitted_within_max_active`].
#[tokio::test(flavor = "multi_thread")]
async fn members_who_lock_their_phones_are_admitted_in_the_end() {
    let plan = Plan { lock_percent: 10, people: 1_000, ..SMALL };
    let figures = run(plan).await;
    check(&plan, &figures);
    println!("{} of {} who came back had lost their place", figures.places_lost, figures.came_back);
    assert_eq!(figures.came_back, 100);
    assert_eq!(figures.places_lost, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_come_half_an_hour_early_poll_rarely() {
    let plan = Plan { opens_after: 1_800, arrivals_per_second: 1, people: 1_000, ..SMALL };
    let figures = run(plan).await;
    check(&plan, &figures);
    println!("{} requests of {}, at most {} each", figures.usage.requests, plan.people, figures.requests_most);
    assert!(figures.usage.requests <= 16 * plan.people as u64 && figures.requests_most <= 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_max_active_is_used_at_once() {
    let plan = Plan { doubles_at: Some(10), max_active: Some(100), people: 1_500, stay: (5, 15), ..SMALL };
    let figures = run(plan).await;
    check(&plan, &figures);
    let undoubled = Plan { doubles_at: None, ..plan }.ideal_seconds();
    println!("drained in {} s, at least {undoubled:.0} s without", figures.drain_seconds);
    assert!((figures.drain_seconds as f64) < undoubled);
    assert_eq!(figures.active_excess, Some(0), "all places are used");
}

/// E4: arrivals, waiting and admission are varied.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: the figures of infra/preflight/README.md"]
async fn figures_of_large_crowds() {
    #[allow(clippy::disallowed_methods, reason = "the size is given by hand")]
    let people = std::env::var("CROWD").ok().and_then(|people| people.parse().ok()).unwrap_or(CROWD_DEFAULT);
    let large = Plan {
        people,
        arrivals_per_second: 1_000,
        max_active: Some(2_000),
        admit_per_minute: None,
        expected_per_minute: 30_000,
        stay: (5, 15),
        vanish_percent: 0,
        lock_percent: 0,
        opens_after: 0,
        doubles_at: None,
    };
    let part = Plan { people: people / 20, max_active: Some(200), ..large };
    let figures = report(&[
        part,
        Plan { expected_per_minute: 1_000_000, arrivals_per_second: 5_000, ..part },
        Plan { arrivals_per_second: 50, ..part },
        Plan { max_active: Some(50), ..part },
        Plan { max_active: None, admit_per_minute: Some(1_000), ..part },
        Plan { admit_per_minute: Some(1_000), ..part },
        Plan { vanish_percent: 10, ..part },
        large,
    ])
    .await;
    if let [.., vanishing, all] = &figures[..]
        && people == 100_000
    {
        targets::check(&targets::of_sales(people, all, vanishing));
    }
}

const RULES: Line = Line {
    name: "everybody polls",
    people: 100_000,
    arrivals_per_second: 1_000,
    max_active: 2_000,
    stay: (5, 15),
    lock_percent: 0,
    early_seconds: 0,
    stock: usize::MAX,
    doubles_at: None,
    each: 100,
};
const LOCKS: Line = Line { name: "10 % lock their phones for 1 to 30 minutes", lock_percent: 10, ..RULES };
const EARLY: Line = Line {
    name: "join from 30 minutes before the opening on",
    early_seconds: 1_800,
    arrivals_per_second: 100,
    ..RULES
};
const SOLD: Line = Line { name: "sold out after 25,000 admissions", stock: 25_000, ..RULES };
const DOUBLES: Line =
    Line { name: "maxActive is doubled after 250 s", max_active: 1_000, doubles_at: Some(250), ..RULES };
const MILLION: Line =
    Line { name: "a million within a minute", people: 1_000_000, arrivals_per_second: 16_667, each: 1_000, ..RULES };

const RULES_HEAD: &str = "\
| crowd, by the rules alone | people | arrivals/s | maxActive | shards | most inside − maxActive | drained in s | most admitted by a turn | requests of a person: average, most | came back late | places lost by members who came back | called when sold out | requests of a person when sold out |
|---|---|---|---|---|---|---|---|---|---|---|---|---|";

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn average(requests: usize, outcome: &Outcome) -> f64 {
    requests as f64 / outcome.followed as f64
}

fn rules_row(line: &Line, outcome: &Outcome) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {:.1}, {} | {} | {} | {} | {:.1} |",
        line.name,
        line.people,
        line.arrivals_per_second,
        line.max_active,
        outcome.shards,
        outcome.excess_max,
        outcome.drain_seconds,
        outcome.fastest,
        average(outcome.requests, outcome),
        outcome.requests_most,
        outcome.came_late,
        outcome.places_lost,
        outcome.called_for_nothing,
        average(outcome.requests_for_nothing, outcome),
    )
}

#[test]
fn crowds_by_the_rules_alone_are_admitted_within_max_active() {
    println!("{RULES_HEAD}");
    let mut all = Vec::new();
    for line in [RULES, LOCKS, EARLY, SOLD, DOUBLES, MILLION] {
        let outcome = rules::run(&line);
        println!("{}", rules_row(&line, &outcome));
        assert!(outcome.admitted >= line.people.min(line.stock), "{}: everybody is admitted", line.name);
        assert!(outcome.excess_max <= 0, "{}: {} more inside than allowed", line.name, outcome.excess_max);
        all.extend(targets::of_rules(&line, &outcome));
    }
    targets::check(&all);
}
