//! The lines that the README and the start of the local stack ask to be pasted, pasted twice in a row.

use crate::harness::root;
use frontrow_local::{Options, Stack};
use serde_json::Value;
use std::{fs, process::Stdio};
use tokio::process::Command;

/// Refusals that the README announces.
const EXPECTED: [&str; 1] = ["hold_expired"];

/// The README's lines for the local stack.
fn walks() -> String {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let (readme, _) = readme.split_once("### Under sam local").expect("what needs other tools comes last");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.filter(|block| block.contains("localhost:3000")).collect()
}

async fn paste(lines: &str) -> (Vec<String>, String) {
    let mut shell = Command::new("sh");
    let shell = shell.arg("-c").arg(lines).stdin(Stdio::null()).kill_on_drop(true);
    let said = shell.output().await.expect("a shell");
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(out.ends_with('\n'), "the last line is not ended: {out}");
    (out.lines().map(str::to_owned).collect(), err.into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_can_be_pasted_twice_and_show_every_answer() {
    let stack = Stack::start(Options::default()).await.expect("a stack");
    let walks = walks().replace("localhost:3000", stack.url().trim_start_matches("http://"));
    let banner = stack.welcome().banner();
    let (_, pasted) = banner.split_once(":\n\n").expect("lines to paste");
    assert!(walks.contains(pasted), "the README begins with what the stack says at its start");
    let (out, err) = paste(&format!("{walks}\n{walks}\n")).await;
    for line in &out {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not one answer a line: {line}\n{err}"));
        let code = told["code"].as_str().unwrap_or_default();
        assert!(code.is_empty() || EXPECTED.contains(&code), "{line}\n{err}");
    }
    let refused = err.lines().filter(|line| line.contains("curl:")).count();
    assert_eq!(refused, 2 * EXPECTED.len(), "{out:#?}\n{err}");
    let is_hangul = |character: char| ('\u{ac00}'..='\u{d7a3}').contains(&character);
    for mail in stack.mailbox().mails() {
        assert!(!mail.text.contains(is_hangul), "{}", mail.text);
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_seen() {
    let stack = Stack::start(Options { demo: false, ..Options::default() }).await.expect("a stack");
    let walks = walks().replace("localhost:3000", stack.url().trim_start_matches("http://"));
    let functions: String = walks.lines().take(2).map(|line| format!("{line}\n")).collect();
    let (_, err) = paste(&format!("{functions}X=$(call {}/nothing | pick holdId); echo \"[$X]\"", stack.url())).await;
    assert!(err.contains("not_found") && err.contains("404"), "{err}");
    stack.stop().await;
}
