//! Requirements of an on-sale, AWS's default quotas, and where to raise them.

use crate::{
    announced::Announced,
    calls::{COPIES, Calls, EVENTUAL_READ_UNITS, Traffic, Trigger},
    crowd::Crowd,
    number::number,
    prices::{Prices, Quota},
    template::Template,
    units::Measured,
};
use serde::Serialize;

/// Seconds in which Lambda adds one increment of processes to a function.
const SCALING_SECONDS: f64 = 10.0;
/// Share of a quota to keep free.
const HEADROOM: f64 = 1.2;

/// Id of the check of warm write throughput, which is billed.
pub const WARM_WRITES: &str = "warmWrites";
/// Id of the check of warm read throughput, which is billed.
pub const WARM_READS: &str = "warmReads";

/// One checked limit.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Machine-readable id.
    pub id: &'static str,
    /// Human-readable description.
    pub what: String,
    /// Default value.
    pub given: f64,
    /// Requirement of the on-sale.
    pub needed: f64,
    /// Value to request, with headroom where possible.
    pub ask: f64,
    /// Whether the default is sufficient.
    pub enough: bool,
    /// What to do if it is not.
    pub remedy: String,
    /// Where the limit is published.
    pub source: String,
}

/// Requirements of the busiest seconds.
struct Peak {
    api: f64,
    processes: f64,
    writes: f64,
    reads: f64,
    /// Reads of the performance or of its room, whichever is more.
    copies: f64,
    joiners: f64,
    pollers: f64,
    logins: f64,
    mails: f64,
}

impl Peak {
    fn of(traffic: &Traffic<'_>, crowd: &Crowd, prices: &Prices) -> Self {
        let calls = traffic.calls();
        // The opening or the full line, whichever is busier.
        let busiest = |value: &dyn Fn(&Calls, f64) -> f64| {
            let opening: f64 = calls.iter().map(|one| value(one, one.at_opening)).sum();
            let line: f64 = calls.iter().map(|one| value(one, one.in_line)).sum();
            opening.max(line)
        };
        let rate_of = |function: &str| busiest(&|one, rate| if one.function == function { rate } else { 0.0 });
        let processes_of = |function: &str| {
            busiest(&|one, rate| if one.function == function { traffic.processes(one, rate) } else { 0.0 })
        };
        let times =
            |function: &str| calls.iter().filter(|one| one.function == function).map(|one| one.times).sum::<f64>();
        let of_performance = |one: &Calls, rate| {
            let units = if one.copies == Some(COPIES) { 1.0 } else { EVENTUAL_READ_UNITS };
            units * traffic.performance_reads(one, rate)
        };
        let of_room = |one: &Calls, rate| EVENTUAL_READ_UNITS * traffic.refreshes(one, rate);
        let (turn, turned) = (traffic.turn(), 2.0 * crowd.per_second);
        Self {
            api: busiest(&|one, rate| if one.trigger == Trigger::Api { rate } else { 0.0 }),
            processes: busiest(&|one, rate| traffic.processes(one, rate)),
            writes: turn.writes + turned + busiest(&|one, rate| one.units.writes * rate),
            reads: turn.reads + busiest(&|one, rate| one.units.reads * rate + traffic.copies(one, rate).reads),
            copies: busiest(&of_performance).max(busiest(&of_room)),
            joiners: processes_of("join_queue"),
            pollers: processes_of("poll_queue"),
            logins: times("log_in") / (prices.assumptions.login_minutes.0 * 60.0),
            mails: rate_of("ticket_mailer"),
        }
    }
}

/// All limits that an on-sale may reach.
pub fn checks(
    announced: &Announced,
    crowd: &Crowd,
    prices: &Prices,
    template: &Template,
    measured: &Measured,
) -> Vec<Check> {
    let traffic = Traffic::new(announced, crowd, prices, template, measured);
    let peak = Peak::of(&traffic, crowd, prices);
    [
        gateway(&peak, prices, template),
        functions(&peak, prices, template),
        table(&peak, crowd, prices),
        mails(&peak, crowd, prices, template),
    ]
    .concat()
}

/// A limit that can be raised and needs some headroom. `remedy` receives the value to request.
fn raised(id: &'static str, what: &str, quota: &Quota, needed: f64, remedy: impl FnOnce(f64) -> String) -> Check {
    let ask = rounded(needed * HEADROOM);
    let enough = ask <= quota.value;
    let remedy = if enough { String::new() } else { remedy(ask) };
    Check { id, what: what.to_owned(), given: quota.value, needed, ask, enough, remedy, source: quota.source.clone() }
}

/// A limit that cannot be raised.
fn fixed(id: &'static str, what: &str, quota: &Quota, needed: f64, remedy: &str) -> Check {
    let enough = needed <= quota.value;
    let remedy = if enough { String::new() } else { format!("cannot be raised: {remedy}") };
    Check {
        id,
        what: what.to_owned(),
        given: quota.value,
        needed,
        ask: needed,
        enough,
        remedy,
        source: quota.source.clone(),
    }
}

/// Rounds up to two significant digits.
fn rounded(value: f64) -> f64 {
    let step = 10f64.powf(value.max(1.0).log10().floor() - 1.0).max(1.0);
    (value / step).ceil() * step
}

/// A limit set by a parameter of the template.
fn parameter(template: &Template, name: &str, each: f64) -> Quota {
    Quota {
        value: template.parameters[name] * each,
        place: format!("parameter {name}"),
        source: "template.yaml".to_owned(),
        confirmed: true,
    }
}

fn ask(quota: &Quota) -> impl FnOnce(f64) -> String {
    move |value| format!("{}: ask for {}", quota.place, number(value))
}

fn gateway(peak: &Peak, prices: &Prices, template: &Template) -> Vec<Check> {
    let quota = &prices.quotas.api_requests_per_second;
    let (stage, account) = (parameter(template, "ThrottleRate", 1.0), parameter(template, "AccountThrottleRate", 1.0));
    vec![
        raised("api", "API requests a second, in the account", quota, peak.api, ask(quota)),
        raised("stage", "API requests a second, in the stack", &stage, peak.api, |rate| {
            format!("deploy with ThrottleRate={rate} ThrottleBurst={rate}")
        }),
        raised("logins", "logins a second", &account, peak.logins, |rate| {
            format!("deploy with AccountThrottleRate={rate}, or ask members to log in earlier")
        }),
    ]
}

fn functions(peak: &Peak, prices: &Prices, template: &Template) -> Vec<Check> {
    let polls = parameter(template, "PollConcurrency", 1.0);
    let (quota, scaling) = (&prices.quotas.lambda_concurrency, &prices.quotas.lambda_environments_per_ten_seconds);
    let grows = format!(
        "join_queue reaches them after {:.0} s; let members join some minutes before sales open, or give it provisioned \
         concurrency for the hour",
        peak.joiners / scaling.value * SCALING_SECONDS
    );
    vec![
        raised("functions", "processes of all functions", quota, peak.processes, ask(quota)),
        raised("polls", "processes of poll_queue, with PollUrl=function-url", &polls, peak.pollers, |processes| {
            format!("deploy with PollConcurrency={processes}, if with PollUrl=function-url")
        }),
        fixed("scaling", "processes of join_queue in its first 10 s", scaling, peak.joiners, &grows),
    ]
}

fn table(peak: &Peak, crowd: &Crowd, prices: &Prices) -> Vec<Check> {
    let quotas = &prices.quotas;
    let per_shard = crowd.joins_per_second / f64::from(crowd.suggested.shards);
    let (writes, reads) = (&quotas.table_writes_per_second, &quotas.table_reads_per_second);
    let (warm_writes, warm_reads) = (&quotas.warm_writes_per_second, &quotas.warm_reads_per_second);
    // The template requires both.
    let at_least = |quota: &Quota, needed: f64| rounded(needed * HEADROOM).max(quota.value);
    let warm = format!(
        "deploy with WarmReadUnits={} WarmWriteUnits={}",
        at_least(warm_reads, peak.reads),
        at_least(warm_writes, peak.writes)
    );
    vec![
        raised("tableWrites", "write units a second, at most", writes, peak.writes, ask(writes)),
        raised("tableReads", "read units a second, at most", reads, peak.reads, ask(reads)),
        raised(WARM_WRITES, "write units a second, warm", warm_writes, peak.writes, |_| warm.clone()),
        raised(WARM_READS, "read units a second, warm", warm_reads, peak.reads, |_| warm.clone()),
        fixed(
            "shards",
            "joins a second in a shard of the line",
            &quotas.partition_writes_per_second,
            per_shard,
            "there are no more shards; let members join over more minutes before sales open",
        ),
        fixed(
            "copies",
            "read units a second for the performance or its room",
            &quotas.partition_reads_per_second,
            peak.copies,
            "the other processes read it late, and some polls get 503 busy; spread the crowd over more minutes, or over several \
             performances",
        ),
    ]
}

fn mails(peak: &Peak, crowd: &Crowd, prices: &Prices, template: &Template) -> Vec<Check> {
    let (quotas, each) = (&prices.quotas, prices.assumptions.mails_per_second_of_a_batch.0);
    let mailer = parameter(template, "MailConcurrency", each);
    vec![
        raised("mailRate", "mails a second", &quotas.mails_per_second, peak.mails, ask(&quotas.mails_per_second)),
        raised("mailQuota", "mails a day", &quotas.mails_per_day, crowd.purchases, ask(&quotas.mails_per_day)),
        raised("mailer", "mails a second of ticket_mailer", &mailer, peak.mails, |mails| {
            format!("deploy with MailConcurrency={}, or accept that mails arrive later", (mails / each).ceil())
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn requested_values_have_two_significant_digits() {
        for (value, asked) in [(0.3, 1.0), (7.2, 8.0), (99.5, 100.0), (1_234.0, 1_300.0), (66_667.0, 67_000.0)] {
            assert_eq!(rounded(value), asked);
        }
    }
}
