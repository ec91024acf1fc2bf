//! The result as a table or as JSON.

use crate::{
    announced::Announced,
    bill::{Bill, Gate},
    calls::{Traffic, idle},
    crowd::Crowd,
    number::number,
    prices::{Item, Prices},
    quotas::{Check, WARM_READS, WARM_WRITES, checks},
    template::Template,
    units::Measured,
};
use serde::Serialize;
use std::fmt;

/// Requirements and costs of an on-sale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Region of the prices.
    pub region: String,
    /// Currency of all amounts.
    pub currency: String,
    /// Date of the price list.
    pub prices_of: String,
    /// What the prices include and exclude.
    pub terms: String,
    /// The announced on-sale.
    pub announced: Announced,
    /// The derived figures.
    pub crowd: Crowd,
    /// Limits and how to meet them.
    pub before: Vec<Check>,
    /// Cost of the on-sale, by item.
    pub sale: Bill,
    /// Total cost of the on-sale.
    pub sale_dollars: f64,
    /// Total cost of the on-sale, if polls do not pass through the API but through a function URL.
    pub sale_dollars_with_function_url: f64,
    /// Cost per thousand sold tickets.
    pub dollars_per_thousand_tickets: f64,
    /// Cost of a month without any sale, by item.
    pub idle_month: Bill,
    /// Total cost of a month without any sale.
    pub idle_month_dollars: f64,
}

impl Report {
    /// The report on `announced` in `region`, or in the default region of the price list.
    ///
    /// # Errors
    /// Why the sale is impossible, or which regions exist.
    pub fn of(announced: Announced, region: Option<&str>) -> Result<Self, String> {
        if announced.seats_per_purchase > announced.seats {
            return Err(format!(
                "a purchase of {} seats exceeds the seats for sale, {}",
                announced.seats_per_purchase, announced.seats
            ));
        }
        let (prices, template, measured) = (Prices::committed(), Template::committed(), Measured::committed());
        let name = region.unwrap_or(&prices.default_region).to_owned();
        let region = prices.region(&name)?;
        let crowd = Crowd::of(&announced);
        let before = checks(&announced, &crowd, &prices, &template, &measured);
        let traffic = Traffic::new(&announced, &crowd, &prices, &template, &measured);
        let bill = |polls| {
            let mut usage = traffic.usage(polls);
            for (item, id) in [(Item::WarmWrites, WARM_WRITES), (Item::WarmReads, WARM_READS)] {
                let warmed = before.iter().filter(|check| check.id == id && !check.enough);
                usage.add(item, warmed.map(|check| check.ask - check.given).sum());
            }
            usage.bill(region)
        };
        let (sale, idle_month) = (bill(Gate::Api), idle(&prices, &template).bill(region));
        let sale_dollars_with_function_url = bill(Gate::FunctionUrl).dollars();
        Ok(Self {
            region: name,
            currency: prices.currency,
            prices_of: prices.date,
            terms: prices.terms,
            sale_dollars: sale.dollars(),
            sale_dollars_with_function_url,
            dollars_per_thousand_tickets: sale.dollars() / crowd.tickets * 1000.0,
            idle_month_dollars: idle_month.dollars(),
            announced,
            crowd,
            before,
            sale,
            idle_month,
        })
    }
}

/// Converts seconds to minutes.
fn minutes(seconds: f64) -> String {
    number((seconds / 60.0).ceil())
}

fn write_bill(f: &mut fmt::Formatter<'_>, bill: &Bill) -> fmt::Result {
    for line in &bill.lines {
        let mark = if line.confirmed { "" } else { " *" };
        writeln!(f, "  {:>14}  {:<58}{:>12.2}{mark}", number(line.quantity / line.per), line.unit, line.dollars)?;
    }
    Ok(())
}

impl Report {
    fn write_split(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "OF WHICH")?;
        for (part, dollars) in self.sale.split() {
            writeln!(f, "  {part:<63}{:>9.0} %{dollars:>12.2}", 100.0 * dollars / self.sale_dollars)?;
        }
        let total = "total, if polls use a function URL instead of the API";
        writeln!(f, "  {total:<74}{:>12.2} *\n", self.sale_dollars_with_function_url)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (said, crowd, set) = (&self.announced, &self.crowd, &self.crowd.suggested);
        writeln!(
            f,
            "{} people for {} seats, sold within {} minutes",
            number(said.people.into()),
            number(said.seats.into()),
            number(said.minutes.into())
        )?;
        writeln!(f, "{}, {}, prices of {}, {}\n", self.region, self.currency, self.prices_of, self.terms)?;
        writeln!(f, "THE CROWD")?;
        writeln!(f, "  {:>14}  tickets, in {} purchases", number(crowd.tickets), number(crowd.purchases))?;
        writeln!(f, "  {:>14}  people admitted, in {} minutes", number(crowd.admitted), minutes(crowd.seconds))?;
        writeln!(f, "  {:>14}  minutes to admit everyone, if there were seats for them", minutes(crowd.drain_seconds))?;
        writeln!(f, "  {:>14}  joins in the busiest second", number(crowd.joins_per_second.ceil()))?;
        writeln!(f, "  {:>14}  polls a second when everyone is in line", number(crowd.polls_per_second.ceil()))?;
        writeln!(f, "  {:>14}  polls in total\n", number(crowd.polls))?;
        writeln!(f, "THE WAITING ROOM")?;
        writeln!(
            f,
            "  when creating the performance: \"expectedArrivalsPerMinute\": {} (shards of the line: {})",
            set.expected_arrivals_per_minute, set.shards
        )?;
        writeln!(
            f,
            "  PUT /performances/{{performanceId}}/waiting-room {{\"maxActive\": {}, \"admitPerMinute\": {}}}\n",
            set.max_active, set.admit_per_minute
        )?;
        writeln!(f, "BEFOREHAND")?;
        writeln!(f, "  {:<49}{:>10}{:>10}", "", "given", "needed")?;
        for check in &self.before {
            let mark = if check.enough { "ok" } else { "RAISE" };
            let (given, needed) = (number(check.given), number(check.needed.ceil()));
            writeln!(f, "  {mark:<6}{:<43}{given:>10}{needed:>10}", check.what)?;
            if !check.enough {
                writeln!(f, "        {}", check.remedy)?;
            }
        }
        writeln!(f, "\nTHE ON-SALE COSTS")?;
        write_bill(f, &self.sale)?;
        writeln!(f, "  {:<74}{:>12.2}", "total", self.sale_dollars)?;
        writeln!(f, "  {:<74}{:>12.2}\n", "per 1,000 tickets", self.dollars_per_thousand_tickets)?;
        self.write_split(f)?;
        writeln!(f, "A MONTH WITHOUT A SALE COSTS")?;
        write_bill(f, &self.idle_month)?;
        writeln!(f, "  {:<74}{:>12.2}\n", "total", self.idle_month_dollars)?;
        writeln!(f, "* not confirmed at its source. infra/preflight/prices.json lists sources and assumptions.")
    }
}
