//! `cargo run`: the whole platform in one process.

use clap::Parser;
use frontrow_domain::member::Email;
use frontrow_edge::config::variable;
use frontrow_local::{Options, Stack};
use std::{collections::HashSet, io::IsTerminal, path::PathBuf, process::ExitCode};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// frontrow on this machine: gateway, DynamoDB, SQS and SES in one process
#[derive(Parser)]
struct Arguments {
    /// Port of the gateway; 0 for any that is free
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Keep the data in this directory instead of memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Seed the organizer alone, without members and performances to try things with
    #[arg(long)]
    no_demo: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let logs = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .compact();
    // Conditions that fail are everyday answers, not worth the engine's warnings.
    let wanted = Targets::new().with_default(LevelFilter::INFO);
    let wanted = wanted.with_target("rustack_sqs_core", LevelFilter::WARN).with_target("dynoxide", LevelFilter::ERROR);
    tracing_subscriber::registry().with(logs.with_filter(wanted)).init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tracing::error!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let demo = !arguments.no_demo;
    let options = Options {
        port: arguments.port,
        data: arguments.data,
        demo,
        organizer_emails: organizer_emails()?,
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    println!("{}", banner(stack.url(), demo));
    tokio::signal::ctrl_c().await.map_err(|error| format!("wait for Ctrl-C: {error}"))?;
    stack.stop().await;
    Ok(())
}

fn organizer_emails() -> Result<HashSet<Email>, String> {
    let addresses = variable("ORGANIZER_EMAILS").unwrap_or_default();
    let addresses = addresses.split(',').filter(|address| !address.trim().is_empty());
    let email = |address: &str| Email::try_from(address.to_owned()).map_err(|why| format!("ORGANIZER_EMAILS: {why}"));
    addresses.map(email).collect()
}

/// Where it is and, with the demo's performances, lines that book a seat when they are pasted into another terminal.
fn banner(url: &str, demo: bool) -> String {
    let host = url.trim_start_matches("http://");
    let lines = if demo { include_str!("banner.txt") } else { "" };
    format!("\nfrontrow is at {url} (API documents: {url}/docs).{}", lines.replace("localhost:3000", host))
}
