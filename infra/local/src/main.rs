//! `cargo run`: the whole platform in one process.

use clap::Parser;
use frontrow_edge::{
    config::{base_url, organizer_emails},
    env::variable,
};
use frontrow_local::{Functions, Options, Stack, cors};
use std::{io::IsTerminal, net::IpAddr, path::PathBuf, process::ExitCode};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// frontrow on this machine: gateway, DynamoDB, SQS and SES in one process
#[derive(Parser)]
struct Arguments {
    /// Port of the gateway, or of the services alone; 0 for any free port [default: 3000, or 4566]
    #[arg(long)]
    port: Option<u16>,
    /// Address to bind; containers need a non-loopback address
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    address: IpAddr,
    /// Store the data in this directory instead of memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Origins whose pages may call the API, such as https://shop.example.com; * for any
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', default_value = "*", value_parser = cors::origin)]
    allowed_origins: Vec<String>,
    /// Create only the organizer, without members and performances to try
    #[arg(long)]
    no_demo: bool,
    /// Serve DynamoDB, SQS, SES and Secrets Manager for functions that run elsewhere: no gateway, no functions
    #[arg(long)]
    services_only: bool,
    /// Call functions at this URL through Lambda's Invoke API, and run none in this process
    #[arg(long, value_name = "URL")]
    functions_at: Option<String>,
    /// Write the variables of functions that run elsewhere to this file, in the format of `sam local --env-vars`
    #[arg(long, value_name = "FILE")]
    env_vars: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let logs = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .compact();
    // Failed conditions are normal, so the engine's warnings about them are suppressed.
    let wanted = Targets::new().with_default(LevelFilter::INFO);
    let wanted = wanted.with_target("rustack_sqs_core", LevelFilter::WARN).with_target("dynoxide", LevelFilter::ERROR);
    // The gateway logs one line per request, the mailbox one per mail.
    let wanted = wanted.with_target("frontrow_workers", LevelFilter::WARN);
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
    let services_only = arguments.services_only;
    let elsewhere = services_only || arguments.functions_at.is_some();
    let options = Options {
        address: arguments.address,
        port: arguments.port.unwrap_or(if services_only { 4566 } else { 3000 }),
        services_only,
        functions: arguments.functions_at.as_deref().map(Functions::at).transpose()?,
        data: arguments.data,
        demo,
        organizer_emails: organizer_emails(&variable)?,
        site_url: base_url(&variable, "SITE_URL")?,
        allowed_origins: arguments.allowed_origins,
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    if let Some(file) = &arguments.env_vars {
        stack.variables().write_for_containers(file)?;
    }
    if !arguments.address.is_loopback() {
        tracing::warn!(
            "anyone who can reach {} can read and change all data; this stack is for development only",
            arguments.address
        );
    }
    println!("{}", stack.welcome().banner());
    if elsewhere {
        println!("Environment variables for the functions:\n\n{}", stack.variables());
    }
    tokio::signal::ctrl_c().await.map_err(|error| format!("wait for Ctrl-C: {error}"))?;
    stack.stop().await;
    Ok(())
}
