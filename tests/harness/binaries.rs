//! The workspace's own binaries, for tests that start them as processes.

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// Builds the binaries of `packages` and answers the folder they are in.
fn build(packages: &[&str]) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--bins", "--quiet"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    for package in packages {
        cargo.args(["--package", package]);
    }
    assert!(cargo.status().expect("cargo runs").success(), "the binaries are built");
    // This test is <target>/debug/deps/frontrow-<hash>.
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(2).expect("a target folder").to_owned()
}

/// The local stack's binary.
pub(crate) fn local_stack() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["frontrow-local"])).join("frontrow-local")
}

/// The folder with all Lambda binaries.
pub(crate) fn lambdas() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["frontrow-endpoints", "frontrow-workers"])).clone()
}
