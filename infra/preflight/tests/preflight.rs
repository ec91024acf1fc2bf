//! Tests the program as it is run, and its arithmetic against a calculation by hand.

use serde_json::Value;
use std::process::{Command, Output};

fn run(arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_frontrow-preflight");
    Command::new(program).args(arguments.split_whitespace()).output().expect("it runs")
}

fn text(arguments: &str) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn json(arguments: &str) -> Value {
    serde_json::from_str(&text(&format!("{arguments} --json"))).expect("JSON")
}

fn quantity(report: &Value, bill: &str, item: &str) -> f64 {
    let lines = report[bill]["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["item"] == item).map_or(0.0, |line| line["quantity"].as_f64().expect("a number"))
}

fn close(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-6 * other.abs().max(1.0), "{one} is not {other}");
}

/// A row of the budget table.
fn row(name: &str) -> (f64, f64, f64) {
    let units: Value = serde_json::from_str(include_str!("../units.json")).expect("JSON");
    let of = |field: &str| units[name][field].as_f64().unwrap_or_else(|| panic!("{name}: {field}"));
    (of("calls"), of("writes"), of("reads"))
}

/// A hundred people arrive evenly over ten minutes and are admitted at once; each buys two seats with points, at the second
/// attempt.
const QUIET: &str =
    "--people 100 --seats 200 --minutes 10 --busiest-minute-percent 10 --buyers-percent 100 --card-percent 0";

#[test]
fn a_quiet_sale_matches_a_manual_calculation() {
    let report = json(QUIET);
    // Log in, look, join, claim, three maps, two holds, top-up, pay, get the reservation: 12 calls each.
    close(quantity(&report, "sale", "apiRequests"), 100.0 * 12.0);
    // A relayed and a projected record, and a mail.
    close(quantity(&report, "sale", "lambdaRequests"), 100.0 * (12.0 + 3.0));
    close(quantity(&report, "sale", "mails"), 100.0);
    close(quantity(&report, "sale", "queueRequests"), 100.0 * 3.0);

    // A hold of two in a room with a key: measured for two with a key, plus the additional cost of a room.
    let writes = |name: &str| row(name).1;
    let hold = writes("hold 2, with a key") + writes("hold 1, in a room") - writes("hold 1");
    let pay = writes("pay 2, with a key") + writes("pay 1, in a room") - writes("pay 1");
    let after = writes("projection of a purchase") + writes("mail of a purchase");
    let each = writes("log in")
        + writes("join, first")
        + writes("poll that claims")
        + 2.0 * hold
        + writes("top-up, with a key")
        + pay
        + after;
    // Ten minutes with a turn each second, and a hundred admissions.
    let turn = writes("poll that turns and claims") - writes("poll that claims") - 1.0;
    close(quantity(&report, "sale", "tableWrites"), 100.0 * (each + 1.0) + 600.0 * turn);

    // Twelve responses of 1,000 bytes, and three maps of 200 seats with 6 bytes each.
    close(quantity(&report, "sale", "outGigabytes"), 100.0 * (12.0 * 1000.0 + 3.0 * 200.0 * 6.0) / 1024f64.powi(3));
}

#[test]
fn costs_are_quantity_times_price() {
    let (report, file) = (json(QUIET), include_str!("../prices.json"));
    let file: Value = serde_json::from_str(file).expect("JSON");
    let prices = &file["regions"]["ap-northeast-2"];
    for bill in ["sale", "idleMonth"] {
        let mut sum = 0.0;
        for line in report[bill]["lines"].as_array().expect("lines") {
            let price = &prices[line["item"].as_str().expect("a name")];
            let of = |field: &str| price[field].as_f64().expect("a number");
            close(
                line["dollars"].as_f64().expect("dollars"),
                line["quantity"].as_f64().expect("a number") * of("price") / of("per"),
            );
            sum += line["dollars"].as_f64().expect("dollars");
        }
        close(report[format!("{bill}Dollars")].as_f64().expect("dollars"), sum);
    }
    close(
        report["dollarsPerThousandTickets"].as_f64().expect("dollars"),
        report["saleDollars"].as_f64().expect("dollars") / 200.0 * 1000.0,
    );
}

/// A poll through a function URL saves its request to the API and its line of the access log, and nothing else.
#[test]
fn polls_through_a_function_url_are_cheaper() {
    let report = json("--people 1000000 --seats 50000 --minutes 60");
    let file: Value = serde_json::from_str(include_str!("../prices.json")).expect("JSON");
    let of = |path: &str| file.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path}"));
    let price = |item: &str, field: &str| of(&format!("/regions/ap-northeast-2/{item}/{field}"));
    let assumed = |name: &str| of(&format!("/assumptions/{name}/value"));
    let polls =
        report["crowd"]["polls"].as_f64().expect("a number") + report["crowd"]["admitted"].as_f64().expect("a number");
    let saved_gigabytes = polls * assumed("accessLogBytes") / 1024f64.powi(3);
    let requests = quantity(&report, "sale", "apiRequests");
    let tiered = |requests: f64| {
        requests.min(300e6) * price("apiRequests", "price") / 1e6
            + (requests - 300e6).max(0.0) * price("apiRequests", "above/price") / 1e6
    };
    let logs = price("logGigabytes", "price") + price("logGigabyteMonths", "price");
    let saved = tiered(requests) - tiered(requests - polls) + saved_gigabytes * logs;
    let dollars = |field: &str| report[field].as_f64().expect("dollars");
    let difference = dollars("saleDollars") - dollars("saleDollarsWithFunctionUrl");
    assert!((difference - saved).abs() < 0.01, "{difference} is not {saved}");
}

#[test]
fn the_split_adds_up_to_the_total() {
    let printed = text("--people 1000000 --seats 50000 --minutes 60");
    let dollars =
        |line: &str| line.split_whitespace().rev().find_map(|word| word.parse::<f64>().ok()).expect("dollars");
    let (_, sale) = printed.split_once("THE ON-SALE COSTS").expect("a bill");
    let (bill, after) = sale.split_once("OF WHICH").expect("a split");
    let total = bill.lines().find(|line| line.trim_start().starts_with("total")).map(dollars).expect("a total");
    let parts: Vec<&str> = after.lines().filter(|line| line.contains(" % ")).collect();
    assert_eq!(parts.len(), 6, "{printed}");
    let sum: f64 = parts.iter().map(|line| dollars(line)).sum();
    assert!((sum - total).abs() < 0.05, "{sum} is not {total}:\n{printed}");
}

#[test]
fn more_people_and_more_minutes_are_never_cheaper() {
    let dollars = |arguments: String| json(&arguments)["saleDollars"].as_f64().expect("dollars");
    for (seats, minutes) in [(50, 5), (2_000, 30), (50_000, 60)] {
        let mut before = 0.0;
        for people in [10, 100, 1_000, 3_000, 10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000] {
            let now = dollars(format!("--people {people} --seats {seats} --minutes {minutes}"));
            assert!(now > before, "{people} people for {seats} seats: {now} after {before}");
            before = now;
        }
        let longer = dollars(format!("--people 10000000 --seats {seats} --minutes {}", 2 * minutes));
        assert!(longer > before, "{longer} after {before}");
        let impatient = dollars(format!("--people 10000000 --seats {seats} --minutes {minutes} --patience-minutes 2"));
        assert!(impatient < before, "{impatient} after {before}");
    }
}

/// Figures that do not depend on prices and measured units: from the announcement alone.
#[test]
fn the_report_of_a_million_people_is_printed() {
    let printed = text("--people 1000000 --seats 50000 --minutes 60");
    let expected = "\
1,000,000 people for 50,000 seats, sold within 60 minutes
";
    assert!(printed.starts_with(expected), "{printed}");
    let expected = "\
THE CROWD
          50,000  tickets, in 25,000 purchases
          31,250  people admitted, in 60 minutes
           1,920  minutes to admit everyone, if there were seats for them
          16,667  joins in the busiest second
           3,704  polls a second when everyone is in line
      12,780,000  polls in total

THE WAITING ROOM
  when creating the performance: \"expectedArrivalsPerMinute\": 500000 (shards of the line: 17)
  PUT /performances/{performanceId}/waiting-room {\"maxActive\": 2709, \"admitPerMinute\": 521}
";
    assert!(printed.contains(expected), "{printed}");
    for line in ["RAISE API requests a second, in the account", "ok    joins a second in a shard of the line"] {
        assert!(printed.contains(line), "no {line:?} in\n{printed}");
    }
    assert!(printed.contains("deploy with WarmReadUnits="), "{printed}");
    let unconfirmed = printed.lines().filter(|line| line.ends_with(" *")).count();
    assert!(unconfirmed >= 4, "warm units and storage are marked:\n{printed}");
}

/// Each row of the guide's table contains the arguments that print it.
#[test]
fn the_guides_costs_match_the_report() {
    let guide = include_str!("../README.md");
    let rows = guide.lines().filter(|line| line.starts_with("| ") && line.contains("`--people "));
    let mut idle = Vec::new();
    let compared = rows.map(|row| {
        let arguments = row.split('`').nth(1).expect("arguments");
        let shown = row.rsplit('|').nth(1).expect("a cell").trim();
        let report = json(arguments);
        let dollars = |field: &str| report[field].as_f64().expect("dollars");
        let sale = dollars("saleDollars");
        let sale = if sale < 10.0 { format!("${sale:.2}") } else { format!("${sale:.0}") };
        assert!(shown == sale || shown.starts_with(&format!("{sale},")), "{arguments}: {sale}, the guide says {shown}");
        if let Some((_, each)) = shown.split_once("or ") {
            assert_eq!(each, format!("${:.2} for 1,000 tickets", dollars("dollarsPerThousandTickets")), "{arguments}");
        }
        idle.push(format!("| A month without a sale | any | ${:.2} |", dollars("idleMonthDollars")));
    });
    assert_eq!(compared.count(), 4);
    assert!(idle.iter().all(|row| guide.lines().any(|line| line == row)), "{}", idle[0]);
}

#[test]
fn a_small_sale_needs_only_a_higher_mail_quota() {
    let report = json("--people 1000 --seats 800 --minutes 30 --busiest-minute-percent 5 --logins-percent 50");
    for check in report["before"].as_array().expect("checks") {
        let mails = check["id"] == "mailQuota";
        assert_eq!(check["enough"].as_bool(), Some(!mails), "{check}");
        assert_eq!(check["remedy"] == "", !mails, "{check}");
        assert!(check["source"].as_str().is_some_and(|source| !source.is_empty()), "{check}");
    }
}

#[test]
fn impossible_input_is_refused() {
    for (arguments, shown) in [
        ("", "--people"),
        ("--people 0 --seats 10", "0 is not in 1..=10000000"),
        ("--people 11000000 --seats 10", "11000000 is not in 1..=10000000"),
        ("--people 10 --seats 50001", "50001 is not in 1..=50000"),
        ("--people ten --seats 10", "invalid value 'ten'"),
        ("--people 10 --seats 10 --buyers-percent 0", "0 is not in 1..=100"),
        ("--people 10 --seats 10 --card-percent 101", "101 is not in 0..=100"),
        ("--people 10 --seats 1", "a purchase of 2 seats exceeds the seats for sale, 1"),
        ("--people 10 --seats 10 --region mars", "no region \"mars\"; it has ap-northeast-2"),
    ] {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(shown), "{arguments}: {error}");
        assert!(output.stdout.is_empty());
    }
}
