//! What `--data DIR` keeps: the database, the mails, the payment provider's book, how far the stream was read, keys and peppers,
//! the clock, and that the seeds were planted.

use crate::engine::because;
use frontrow_edge::entropy;
use serde_json::json;
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// A directory that one stack uses at a time.
pub(crate) struct Data {
    directory: PathBuf,
    /// Locked as long as it is open; the system unlocks it when the process dies.
    _lock: File,
}

impl Data {
    /// Makes the directory where it does not exist.
    pub(crate) fn open(directory: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(&directory).map_err(because("make the data directory"))?;
        let lock = File::create(directory.join("lock")).map_err(because("lock the data directory"))?;
        lock.try_lock().map_err(because("another stack uses the data directory"))?;
        Ok(Self { directory, _lock: lock })
    }

    /// A file or directory inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A key ring as Secrets Manager keeps it, made at the first start: logins, passwords and tickets outlive a restart.
    pub(crate) fn key_ring(&self, name: &str) -> Result<String, String> {
        let file = self.path(name);
        if !file.exists() {
            write_secret(&file, &fresh_key_ring()).map_err(because("keep a key ring"))?;
        }
        fs::read_to_string(&file).map_err(because("read a key ring"))
    }
}

/// A key ring that nobody knows.
pub(crate) fn fresh_key_ring() -> String {
    let key: String = (0..2).map(|_| entropy::fresh_uuid().simple().to_string()).collect();
    json!({"current": "local", "local": key}).to_string()
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_secret(file: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = file.with_extension("part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(text.as_bytes())?;
    fs::rename(unfinished, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stack_at_a_time_and_the_keys_stay() {
        let scratch = tempfile::tempdir().unwrap();
        let first = Data::open(scratch.path().to_owned()).unwrap();
        let keys = first.key_ring("keys").unwrap();
        assert!(frontrow_edge::secrets::KeyRing::parse(&keys).is_ok());
        assert!(Data::open(scratch.path().to_owned()).is_err());
        drop(first);
        assert_eq!(Data::open(scratch.path().to_owned()).unwrap().key_ring("keys").unwrap(), keys);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(scratch.path().join("keys")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_ne!(fresh_key_ring(), fresh_key_ring());
    }
}
