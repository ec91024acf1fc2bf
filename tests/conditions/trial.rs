//! Runs a guard against a system in which one condition is weakened.

use super::{Guard, GuardResult};
use crate::harness::{Expected, NEVER, World, wire::Weakened};
use frontrow_local::Options;
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};

/// A guard that has found nothing after this time does not end without its condition.
const HUNG: Duration = Duration::from_secs(300);

/// The result of `guard` with a weakened condition, and how often the condition was evaluated. A guard that panics
/// has also found something.
pub(super) async fn try_guard(weakened: Option<Weakened>, guard: Guard) -> (GuardResult, u32) {
    let world = World::start(Options { demo: false, ..Options::default() }).await;
    let _expected = weakened.is_some().then(Expected::begin);
    let most = if weakened.is_some() { HUNG } else { NEVER };
    world.wire.weaken(weakened);
    let found = AssertUnwindSafe(tokio::time::timeout(most, guard(&world))).catch_unwind().await;
    let asked = world.wire.weaken(None);
    world.wire.intercept(None);
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err("it never ends".to_owned()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(text.unwrap_or_else(|| "a panic without words".to_owned()))
        }
    };
    (found, asked)
}
