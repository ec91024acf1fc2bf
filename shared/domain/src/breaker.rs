//! The circuit breaker for the payment provider. When the provider fails or is slow too often, it is not called for a
//! while; then a few probes check whether it has recovered. One item holds the state for all processes.
//!
//! A purchase that the provider cannot process fails again and again, and indicates nothing about others. So at most
//! one failed or slow call of each purchase is counted in any [`BREAKER_WINDOW_SECONDS`], across all processes, and
//! further ones do not decide a probe either.
//!
//! Pure: each change is a new value with the next epoch, which the table accepts only if the epoch is still the
//! previous one.

use crate::{
    Timestamp,
    ids::ReservationId,
    limits::{
        BREAKER_BLAMED_MAX, BREAKER_CALLS_MIN, BREAKER_FAILED_MAX_PERCENT, BREAKER_OPEN_SECONDS, BREAKER_PROBE_SECONDS,
        BREAKER_PROBES, BREAKER_SLOW_MAX_PERCENT, BREAKER_WINDOW_SECONDS,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Results of calls to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Number of calls.
    pub calls: u32,
    /// Calls that neither approved nor declined.
    pub failed: u32,
    /// Calls that took too long, whether they succeeded or not.
    pub slow: u32,
}

impl Counts {
    /// The counts of one call.
    pub fn of_one(failed: bool, slow: bool) -> Self {
        Self { calls: 1, failed: u32::from(failed), slow: u32::from(slow) }
    }

    fn is_good(self) -> bool {
        self.failed == 0 && self.slow == 0
    }

    /// Several calls about one purchase as one: failed or slow if any of them was.
    fn as_one(self) -> Self {
        Self { calls: self.calls.min(1), failed: self.failed.min(1), slow: self.slow.min(1) }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(more.calls),
            failed: self.failed.saturating_add(more.failed),
            slow: self.slow.saturating_add(more.slow),
        }
    }

    /// Whether enough calls went wrong that the breaker opens. A few calls prove nothing.
    fn are_bad(self) -> bool {
        let share = |part: u32| u64::from(part) * 100 / u64::from(self.calls.max(1));
        self.calls >= BREAKER_CALLS_MIN
            && (share(self.failed) >= BREAKER_FAILED_MAX_PERCENT || share(self.slow) >= BREAKER_SLOW_MAX_PERCENT)
    }
}

/// Identifies a purchase to the breaker: part of its hold's UUID.
pub type Subject = u64;

/// The [`Subject`] of a purchase.
pub fn subject(purchase: &ReservationId) -> Subject {
    purchase.uuid().as_u64_pair().1
}

/// Calls, grouped by purchase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    good: u32,
    bad: BTreeMap<Subject, Counts>,
}

impl Sample {
    /// Adds the calls that one message made about a purchase.
    pub fn add(&mut self, subject: Subject, counts: Counts) {
        let counts = counts.as_one();
        if counts.is_good() {
            self.good = self.good.saturating_add(counts.calls);
        } else {
            let all = self.bad.entry(subject).or_default();
            *all = all.plus(counts).as_one();
        }
    }

    /// A sample with one message's calls.
    pub fn of(subject: Subject, counts: Counts) -> Self {
        let mut sample = Self::default();
        sample.add(subject, counts);
        sample
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.good == 0 && self.bad.is_empty()
    }
}

/// A purchase whose failed or slow call was counted, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Blame {
    subject: Subject,
    at: Timestamp,
}

/// State of the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All calls are made and counted within a time window.
    Closed {
        /// Start of the window.
        since: Timestamp,
        /// Calls since then.
        counts: Counts,
    },
    /// No calls are made.
    Open {
        /// When probes may begin.
        until: Timestamp,
    },
    /// One probe at a time is made.
    HalfOpen {
        /// Successful probes so far.
        passed: u32,
        /// When the lease of the probe in flight expires.
        probe_until: Timestamp,
    },
}

/// The circuit breaker, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Number of changes.
    pub epoch: u64,
    /// Closed, open or half-open.
    pub phase: Phase,
    /// Purchases that are not counted again yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blamed: Vec<Blame>,
}

/// Whether a call may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// Yes; the call has to be counted.
    Go,
    /// As a probe, by the worker that stores this breaker.
    Probe(Breaker),
    /// Not before this time.
    Wait(Timestamp),
}

impl Default for Breaker {
    /// Closed, without any calls.
    fn default() -> Self {
        let phase = Phase::Closed { since: Timestamp::default(), counts: Counts::default() };
        Self { epoch: 0, phase, blamed: Vec::new() }
    }
}

impl Breaker {
    fn becomes(self, phase: Phase) -> Self {
        Self { epoch: self.epoch + 1, phase, ..self }
    }

    /// The calls of `sample` that count at `now`: at most one failed or slow call of each purchase in a window.
    fn judge(&mut self, sample: &Sample, now: Timestamp) -> Counts {
        self.blamed.retain(|blame| now < blame.at.plus_seconds(BREAKER_WINDOW_SECONDS));
        let mut counts = Counts { calls: sample.good, failed: 0, slow: 0 };
        for (subject, bad) in &sample.bad {
            if !self.blamed.iter().any(|blame| blame.subject == *subject) {
                counts = counts.plus(*bad);
                self.blamed.push(Blame { subject: *subject, at: now });
            }
        }
        let forgotten = self.blamed.len().saturating_sub(BREAKER_BLAMED_MAX);
        self.blamed.drain(..forgotten);
        counts
    }

    /// The breaker after the calls of `sample`, made while it was closed. `None` if it is no longer closed, because
    /// calls that began earlier indicate nothing about the time since, or if none of the calls counts.
    pub fn note(mut self, sample: &Sample, now: Timestamp) -> Option<Self> {
        let Phase::Closed { since, counts: before } = self.phase else { return None };
        let counts = self.judge(sample, now);
        if counts.calls == 0 {
            return None;
        }
        let over = since.plus_seconds(BREAKER_WINDOW_SECONDS) <= now;
        let (since, counts) = if over { (now, counts) } else { (since, before.plus(counts)) };
        Some(self.becomes(if counts.are_bad() { open(now) } else { Phase::Closed { since, counts } }))
    }

    /// Whether a call may be made at `now`.
    pub fn permit(&self, now: Timestamp) -> Permit {
        let (passed, free_at) = match self.phase {
            Phase::Closed { .. } => return Permit::Go,
            Phase::Open { until } => (0, until),
            Phase::HalfOpen { passed, probe_until } => (passed, probe_until),
        };
        if now < free_at {
            return Permit::Wait(free_at);
        }
        let probe_until = now.plus_seconds(BREAKER_PROBE_SECONDS);
        Permit::Probe(self.clone().becomes(Phase::HalfOpen { passed, probe_until }))
    }

    /// The breaker after the calls of its probe: closed after enough successful probes, open again after an
    /// unsuccessful one. A probe without a call that counts decides nothing.
    #[must_use]
    pub fn probed(mut self, sample: &Sample, now: Timestamp) -> Self {
        let Phase::HalfOpen { passed, .. } = self.phase else { return self };
        let counts = self.judge(sample, now);
        self.becomes(match passed + 1 {
            _ if !counts.is_good() => open(now),
            _ if counts.calls == 0 => Phase::HalfOpen { passed, probe_until: now },
            enough if enough >= BREAKER_PROBES => Phase::Closed { since: now, counts: Counts::default() },
            more => Phase::HalfOpen { passed: more, probe_until: now },
        })
    }

    /// Seconds after which a new payment may be retried; `None` if it is accepted now. A half-open breaker accepts
    /// payments, because they are its probes.
    pub fn refuses_for_seconds(&self, now: Timestamp) -> Option<i64> {
        match self.phase {
            Phase::Open { until } if now < until => Some(until.seconds_since(now).max(1)),
            _ => None,
        }
    }
}

fn open(now: Timestamp) -> Phase {
    Phase::Open { until: now.plus_seconds(BREAKER_OPEN_SECONDS) }
}

#[cfg(test)]
mod tests;
