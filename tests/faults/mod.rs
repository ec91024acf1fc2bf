//! Faults that the embedded engine never shows, injected between SDK and engine: conflicts, throttling, stale
//! eventual reads, timeouts that hid a success, processes that die between two calls. There are hundreds of seeded
//! runs. A failure prints its seed, and `FAULT_SEED=<seed>` runs only that one. `FAULT_ROUNDS=10` runs ten times as
//! many.

mod booking;
mod cards;
pub(crate) mod chaos;
mod door;
mod general;
mod instance;
mod line;

use crate::harness::print_panics_at_once;
pub(crate) use instance::Testbed;
use std::{future::Future, panic::AssertUnwindSafe};
use tokio::task::JoinSet;

/// Concurrent runs; more than the cores, because each waits a lot.
const AT_ONCE: usize = 8;

#[allow(clippy::disallowed_methods, reason = "what to run is given by hand")]
pub(crate) fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// Runs `run` for `count` seeds from `first`, multiplied by `FAULT_ROUNDS`, or only for `FAULT_SEED`.
async fn for_seeds<F: Future<Output = Result<(), String>> + Send + 'static>(first: u64, count: u64, run: fn(u64) -> F) {
    print_panics_at_once();
    let count = count * number_of("FAULT_ROUNDS").unwrap_or(1);
    let mut seeds = number_of("FAULT_SEED").map_or(first..first + count, |seed| seed..seed + 1);
    let mut running = JoinSet::new();
    let mut start = |running: &mut JoinSet<()>| {
        if let Some(seed) = seeds.next() {
            running.spawn(async move {
                let outcome = tokio::spawn(AssertUnwindSafe(run(seed))).await;
                match outcome {
                    Ok(Ok(())) => {}
                    Ok(Err(why)) => panic!("FAULT_SEED={seed}: {why}"),
                    Err(panicked) => panic!("FAULT_SEED={seed}: {panicked}"),
                }
            });
        }
    };
    for _ in 0..AT_ONCE {
        start(&mut running);
    }
    while let Some(done) = running.join_next().await {
        if let Err(failed) = done {
            std::panic::resume_unwind(failed.into_panic());
        }
        start(&mut running);
    }
}
