//! Memory of a local stack after many logins. It takes a minute or two, so it only runs on request:
//!
//!   cargo test -p frontrow-tests memory -- --ignored --nocapture

use crate::restart::Process;
use serde_json::json;
use std::{fs, sync::Arc};
use tokio::task::JoinSet;

const LOGINS: usize = 1_000;
const CLIENTS: usize = 32;
/// The memory that all logins together may leave allocated, in megabytes.
const LEFT_MAX_MEGABYTES: u64 = 100;

/// Resident memory of a process, in megabytes, from Linux.
fn resident_megabytes(process: &Process) -> u64 {
    let id = process.child.id().expect("it runs");
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("resident memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") / 1024
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute of hashing"]
async fn a_thousand_logins_use_little_memory() {
    let data = tempfile::tempdir().expect("a folder");
    let process = Arc::new(Process::start(data.path()).await);
    let before = resident_megabytes(&process);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let process = Arc::clone(&process);
        clients.spawn(async move {
            let who = if number % 2 == 0 { "alice" } else { "bob" };
            let body = json!({"email": format!("{who}@example.com"), "password": "frontrow-demo"});
            let mut most = 0;
            for _ in 0..LOGINS.div_ceil(CLIENTS) {
                process.anyone.post("/sessions", body.clone()).await.expect(200);
                most = resident_megabytes(&process).max(most);
            }
            most
        });
    }
    let most = clients.join_all().await.into_iter().max().unwrap_or_default();
    let after = resident_megabytes(&process);
    println!(
        "{LOGINS} logins by {CLIENTS} clients: {before} MB at the start, {most} MB at most, {after} MB at the end"
    );
    assert!(after <= before + LEFT_MAX_MEGABYTES, "{before} MB became {after} MB");
}
