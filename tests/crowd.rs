//! A simulated crowd in a waiting room: the real store, an engine, several processes, and a clock moved by the test.
//! Without HTTP, because the line and its cost in DynamoDB are under test.
//!
//! `CROWD=100000 CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo test -p frontrow-tests crowd -- --ignored --nocapture` prints the table of
//! `infra/preflight/README.md`.

mod bill;
mod sale;

use bill::Dollars;
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
};

/// Checks for every crowd.
fn check(plan: &Plan, figures: &Figures) {
    assert_eq!((figures.joined, figures.positions), (plan.people, plan.people), "positions are unique");
    let vanishing = (0..plan.people).filter(|person| person % 100 < plan.vanish_percent).count();
    assert_eq!((figures.let_in, figures.lost), (plan.people - vanishing, 0), "every waiting member is admitted");
    if figures.shards == 1 {
        assert_eq!(figures.inversions, 0, "one shard keeps request order");
    }
    if let Some(most) = plan.max_active {
        assert!(figures.active_max <= u64::from(most), "{} of {most} inside", figures.active_max);
        assert!(figures.inside_max <= most as usize, "{} of {most} inside", figures.inside_max);
    }
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn row(plan: &Plan, figures: &Figures) -> String {
    let bound = |limit: Option<u32>| limit.map_or("–".to_owned(), |limit| limit.to_string());
    let (people, usage) = (plan.people as f64, figures.usage);
    let dollars = usage.dollars();
    let over =
        plan.max_active.map_or("–".to_owned(), |most| (figures.active_max as i64 - i64::from(most)).to_string());
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

async fn report(plans: &[Plan]) {
    println!("{HEAD}");
    for plan in plans {
        let figures = run(*plan).await;
        println!("{}", row(plan, &figures));
        check(plan, &figures);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_crowd_is_admitted_in_order_within_max_active() {
    report(&[SMALL]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_crowd_in_several_shards_is_admitted_within_max_active() {
    report(&[Plan { expected_per_minute: 120_000, vanish_percent: 3, people: 1_000, ..SMALL }]).await;
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
    };
    let part = Plan { people: people / 20, max_active: Some(200), ..large };
    report(&[
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
}
