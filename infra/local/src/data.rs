//! The contents of `--data DIR`: the database, the mails, the payment provider's book, the stream's checkpoints, keys and
//! peppers, the clock, and a marker that the seed data exists.

use crate::engine::context;
use frontrow_edge::entropy;
use serde_json::json;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Names of the files, without extension.
const KEPT: [&str; 10] = [
    "lock",
    "table",
    "mails",
    "provider",
    "checkpoint",
    "projected",
    "clock",
    "seeded",
    "signing-keys",
    "password-peppers",
];

/// A directory that one stack uses at a time.
pub(crate) struct Data {
    directory: PathBuf,
    /// Locked while it is open; the operating system unlocks it when the process dies.
    _lock: File,
}

impl Data {
    /// Creates the directory if it does not exist.
    pub(crate) fn open(directory: PathBuf) -> Result<Self, String> {
        // The permissions of an existing directory that is not ours stay unchanged; its files are private anyway.
        let ours = !directory.exists() || directory.join("lock").exists();
        make_private_directory(&directory, ours).map_err(context("create the data directory"))?;
        let lock = open_private(&directory.join("lock")).map_err(context("lock the data directory"))?;
        lock.try_lock().map_err(context("another stack uses the data directory"))?;
        let data = Self { directory, _lock: lock };
        data.tighten().map_err(context("restrict the data's permissions"))?;
        Ok(data)
    }

    /// Path of a file or directory inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The database's file, readable only by its owner. Files that SQLite creates beside it get the same permissions.
    pub(crate) fn database(&self) -> Result<PathBuf, String> {
        let file = self.path("table.sqlite");
        open_private(&file).map_err(context("create the database"))?;
        Ok(file)
    }

    /// Makes files private that an earlier version created as world-readable.
    fn tighten(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if KEPT.iter().any(|kept| path.file_stem().is_some_and(|name| name == *kept)) {
                set_mode(&path, if path.is_dir() { 0o700 } else { 0o600 })?;
            }
        }
        Ok(())
    }

    /// A key ring in the format of Secrets Manager, created at the first start, so that logins, passwords and tickets survive
    /// a restart.
    pub(crate) fn key_ring(&self, name: &str) -> Result<String, String> {
        let file = self.path(name);
        if !file.exists() {
            write_private(&file, fresh_key_ring().as_bytes()).map_err(context("store a key ring"))?;
        }
        fs::read_to_string(&file).map_err(context("read a key ring"))
    }
}

/// A new random key ring.
pub(crate) fn fresh_key_ring() -> String {
    let key: String = (0..2).map(|_| entropy::fresh_uuid().simple().to_string()).collect();
    json!({"current": "local", "local": key}).to_string()
}

/// Writes a file, readable only by its owner, atomically: under another name first, so that a crash leaves no partial file.
pub(crate) fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension("part");
    let mut opened = open_private(&unfinished)?;
    opened.set_len(0)?;
    opened.write_all(bytes)?;
    fs::rename(unfinished, file)
}

/// Creates a directory that only its owner can access.
pub(crate) fn make_private_directory(directory: &Path, ours: bool) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    if ours { set_mode(directory, 0o700) } else { Ok(()) }
}

/// Opens a file that only its owner can read, creating it if it does not exist.
fn open_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_has_one_stack_and_keeps_its_keys() {
        let scratch = tempfile::tempdir().unwrap();
        let first = Data::open(scratch.path().to_owned()).unwrap();
        let keys = first.key_ring("keys").unwrap();
        assert!(frontrow_edge::keys::KeyRing::parse(&keys).is_ok());
        assert!(Data::open(scratch.path().to_owned()).is_err());
        drop(first);
        assert_eq!(Data::open(scratch.path().to_owned()).unwrap().key_ring("keys").unwrap(), keys);
        assert_ne!(fresh_key_ring(), fresh_key_ring());
    }
}
