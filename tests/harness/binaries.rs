//! The workspace's own binaries, for tests that start them as processes.

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// The binaries that tests start, built together: with one set of features, their dependencies are compiled once.
const PACKAGES: [&str; 3] = ["frontrow-local", "frontrow-endpoints", "frontrow-workers"];

/// Builds all binaries and returns their folder.
pub(crate) fn folder() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--bins", "--quiet"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    assert!(cargo.status().expect("cargo runs").success(), "the binaries are built");
    // This test is <target>/debug/deps/frontrow-<hash>.
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(2).expect("a target folder").to_owned()
}
