//! The workspace's own binaries, for tests that start them as processes.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The binary that has every function. `cargo test` has built it.
pub(crate) fn function() -> PathBuf {
    folder().join("examples/function")
}

/// Builds the local stack's binary and returns its path.
pub(crate) fn local() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--bins", "--quiet", "--package", "frontrow-local"]);
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(status.expect("cargo runs").success(), "the binary is built");
        folder().join("frontrow-local")
    })
}

/// This test is `<target>/debug/deps/frontrow-<hash>`.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(2).expect("a target folder").to_owned()
}
