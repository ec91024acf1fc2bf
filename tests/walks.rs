//! The commands that the guides and the start of the local stack ask to paste, pasted twice in a row.

use crate::harness::root;
use frontrow_local::{Options, Stack};
use serde_json::Value;
use std::{fs, process::Stdio};
use tokio::process::Command;

/// Refusals that the walks announce.
const EXPECTED: [&str; 1] = ["hold_expired"];

/// The commands of a guide for the local stack, with the address of `stack`.
fn lines(guide: &str, stack: &Stack) -> String {
    let guide = fs::read_to_string(root().join(guide)).expect("a guide");
    // The parts that need other tools come last.
    let guide = guide.split("\n## Under sam local\n").next().expect("a text");
    let blocks = guide.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let lines: String = blocks.filter(|block| block.contains("localhost:3000")).collect();
    lines.replace("localhost:3000", stack.url().trim_start_matches("http://"))
}

async fn paste(lines: &str) -> (Vec<String>, String) {
    let mut shell = Command::new("sh");
    let shell = shell.arg("-c").arg(lines).stdin(Stdio::null()).kill_on_drop(true);
    let said = shell.output().await.expect("a shell");
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(out.ends_with('\n'), "the last line is not ended: {out}");
    (out.lines().map(str::to_owned).collect(), err.into_owned())
}

/// Pastes `lines` twice; all responses are successes, except for those refusals in each round.
async fn paste_twice(lines: &str, refusals: &[&str]) {
    let (out, err) = paste(&format!("{lines}\n{lines}\n")).await;
    for line in &out {
        let response: Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not one response per line: {line}\n{err}"));
        let code = response["code"].as_str().unwrap_or_default();
        assert!(code.is_empty() || refusals.contains(&code), "{line}\n{err}");
    }
    let refused = err.lines().filter(|line| line.contains("curl:")).count();
    assert_eq!(refused, 2 * refusals.len(), "{out:#?}\n{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_booking_is_printed_and_can_be_pasted_twice() {
    let stack = Stack::start(Options::default()).await.expect("a stack");
    let booking = lines("README.md", &stack);
    let banner = stack.welcome().banner();
    let (_, printed) = banner.split_once(":\n\n").expect("lines to paste");
    assert_eq!(booking, printed, "the README has the lines that the stack prints at its start");
    paste_twice(&booking, &[]).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walks_can_be_pasted_twice_and_show_every_response() {
    let stack = Stack::start(Options::default()).await.expect("a stack");
    let walks = lines("infra/local/README.md", &stack);
    paste_twice(&format!("{}{walks}", lines("README.md", &stack)), &EXPECTED).await;
    let is_hangul = |character: char| ('\u{ac00}'..='\u{d7a3}').contains(&character);
    for mail in stack.mailbox().mails() {
        assert!(!mail.text.contains(is_hangul), "{}", mail.text);
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_shown() {
    let stack = Stack::start(Options { demo: false, ..Options::default() }).await.expect("a stack");
    let booking = lines("README.md", &stack);
    let functions: String = booking.lines().take(2).map(|line| format!("{line}\n")).collect();
    let (_, err) = paste(&format!("{functions}X=$(call {}/nothing | pick holdId); echo \"[$X]\"", stack.url())).await;
    assert!(err.contains("not_found") && err.contains("404"), "{err}");
    stack.stop().await;
}
