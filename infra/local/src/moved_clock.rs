//! The stack's clock, which can be moved forward. The offset is stored with the data, so that stored times are not in the
//! future after a restart.

use crate::{data::write_private, engine::context};
use frontrow_domain::{Error, Result, Timestamp};
use frontrow_edge::clock::Clock;
use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Maximum total offset: ten years.
const MOVED_MAX_SECONDS: u32 = 10 * 366 * 24 * 3600;

/// The clock, its offset, and the file that stores the offset.
pub(crate) struct MovedClock {
    clock: Clock,
    moved_seconds: Mutex<u32>,
    file: Option<PathBuf>,
}

impl MovedClock {
    /// Moves `clock` by the offset stored in `file`.
    pub(crate) fn open(clock: Clock, file: Option<PathBuf>) -> Result<Self, String> {
        let moved_seconds = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => {
                let text = fs::read_to_string(file).map_err(context("read the clock"))?;
                text.trim().parse().map_err(context("read the clock"))?
            }
            None => 0,
        };
        clock.advance_seconds(moved_seconds);
        Ok(Self { clock, moved_seconds: Mutex::new(moved_seconds), file })
    }

    /// Moves the clock forward and returns the new time.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond ten years in total.
    pub(crate) fn advance(&self, seconds: u32) -> Result<Timestamp> {
        let mut moved = self.moved_seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = moved.checked_add(seconds).filter(|sum| *sum <= MOVED_MAX_SECONDS);
        let sum = sum.ok_or_else(|| {
            Error::invalid("advanceSeconds", format!("expected at most {}", MOVED_MAX_SECONDS - *moved))
        })?;
        if let Some(file) = &self.file {
            write_private(file, sum.to_string().as_bytes())
                .map_err(|error| Error::internal("store the clock", error))?;
        }
        *moved = sum;
        self.clock.advance_seconds(seconds);
        Ok(self.clock.now())
    }
}
