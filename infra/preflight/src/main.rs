//! `cargo run -p frontrow-preflight -- --people 1000000 --seats 50000 --minutes 60`: capacity requirements and costs of an
//! announced on-sale.

use clap::Parser;
use frontrow_preflight::{announced::Announced, report::Report};
use std::process::ExitCode;

/// Capacity requirements and costs of an announced on-sale
#[derive(Parser)]
#[command(name = "frontrow-preflight")]
struct Arguments {
    #[command(flatten)]
    announced: Announced,
    /// Region of the prices, one of prices.json
    #[arg(long)]
    region: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Report::of(arguments.announced, arguments.region.as_deref()) {
        Ok(report) if arguments.json => {
            println!("{}", serde_json::to_string_pretty(&report).expect("a report is JSON"));
            ExitCode::SUCCESS
        }
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
