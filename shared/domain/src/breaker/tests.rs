use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const GOOD: Counts = Counts { calls: 1, failed: 0, slow: 0 };
const FAILED: Counts = Counts { calls: 1, failed: 1, slow: 0 };
const SLOW: Counts = Counts { calls: 1, failed: 0, slow: 1 };

fn calls(calls: u32, failed: u32, slow: u32) -> Counts {
    Counts { calls, failed, slow }
}

fn is_open(breaker: Breaker) -> bool {
    matches!(breaker.phase, Phase::Open { .. })
}

/// A breaker that was opened at `NOW`.
fn opened() -> Breaker {
    Breaker::default().note(calls(BREAKER_CALLS_MIN, BREAKER_CALLS_MIN, 0), NOW).unwrap()
}

fn probe(breaker: Breaker, now: Timestamp) -> Breaker {
    match breaker.permit(now) {
        Permit::Probe(taken) => taken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_opens_by_failures_and_by_slowness_and_not_by_a_few_calls() {
    let after = |counts| Breaker::default().note(counts, NOW).unwrap();
    assert!(!is_open(after(calls(BREAKER_CALLS_MIN - 1, BREAKER_CALLS_MIN - 1, BREAKER_CALLS_MIN - 1))));
    assert!(!is_open(after(calls(100, 49, 79))));
    assert!(is_open(after(calls(100, 50, 0))));
    assert!(is_open(after(calls(100, 0, 80))));
}

#[test]
fn calls_are_counted_together_within_a_window_and_forgotten_after_it() {
    let half = BREAKER_CALLS_MIN / 2;
    let first = Breaker::default().note(calls(half, half, 0), NOW).unwrap();
    let within = NOW.plus_seconds(BREAKER_WINDOW_SECONDS - 1);
    assert!(is_open(first.note(calls(half, half, 0), within).unwrap()));
    let after = NOW.plus_seconds(BREAKER_WINDOW_SECONDS);
    assert!(!is_open(first.note(calls(half, half, 0), after).unwrap()));
}

#[test]
fn an_open_one_lets_nobody_through_then_one_probe_at_a_time() {
    let open = opened();
    let Phase::Open { until } = open.phase else { panic!("{open:?}") };
    assert_eq!(until, NOW.plus_seconds(BREAKER_OPEN_SECONDS));
    assert_eq!(open.permit(NOW), Permit::Wait(until));
    assert_eq!(open.refuses_for_seconds(NOW), Some(BREAKER_OPEN_SECONDS));
    assert_eq!(open.refuses_for_seconds(until), None);
    assert_eq!(open.note(calls(9, 0, 0), NOW), None);
    let half_open = probe(open, until);
    assert_eq!(half_open.epoch, open.epoch + 1);
    assert_eq!(half_open.refuses_for_seconds(until), None);
    assert_eq!(half_open.permit(until), Permit::Wait(until.plus_seconds(BREAKER_PROBE_SECONDS)));
    // Who took the probe died: another takes it over.
    assert!(matches!(half_open.permit(until.plus_seconds(BREAKER_PROBE_SECONDS)), Permit::Probe(_)));
}

#[test]
fn probes_that_go_well_close_it_and_one_that_does_not_opens_it_again() {
    let later = NOW.plus_seconds(BREAKER_OPEN_SECONDS);
    let mut breaker = opened();
    for _ in 0..BREAKER_PROBES {
        assert_ne!(breaker.permit(later), Permit::Go);
        breaker = probe(breaker, later).probed(GOOD, later);
    }
    assert_eq!(breaker.phase, Phase::Closed { since: later, counts: Counts::default() });
    for bad in [FAILED, SLOW] {
        let again = probe(opened(), later).probed(bad, later);
        assert_eq!(again.phase, Phase::Open { until: later.plus_seconds(BREAKER_OPEN_SECONDS) });
    }
    let idle = probe(opened(), later).probed(Counts::default(), later);
    assert_eq!(idle.phase, Phase::HalfOpen { passed: 0, probe_until: later });
}

#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Note(Counts),
    Call(Counts),
}

fn happening() -> impl Strategy<Value = Happening> {
    let counts = (0_u32..30, 0_u32..30, 0_u32..30);
    prop_oneof![
        (0_i64..90).prop_map(Happening::Pass),
        counts.prop_map(|(good, failed, slow)| Happening::Note(calls(good + failed + slow, failed, slow))),
        (any::<bool>(), any::<bool>()).prop_map(|(failed, slow)| Happening::Call(Counts::of_one(failed, slow))),
    ]
}

proptest! {
    /// Whatever happens: epochs only grow, a refusal ends, and with a provider that is well it closes again.
    #[test]
    fn it_never_sticks(happenings in prop::collection::vec(happening(), 0..60)) {
        let (mut breaker, mut now) = (Breaker::default(), NOW);
        for happening in happenings {
            let before = breaker;
            match happening {
                Happening::Pass(seconds) => now = now.plus_seconds(seconds),
                Happening::Note(counts) => breaker = breaker.note(counts, now).unwrap_or(breaker),
                Happening::Call(counts) => match breaker.permit(now) {
                    Permit::Go => breaker = breaker.note(counts, now).unwrap(),
                    Permit::Probe(taken) => breaker = taken.probed(counts, now),
                    Permit::Wait(until) => prop_assert!(until > now),
                },
            }
            prop_assert!(breaker == before || breaker.epoch > before.epoch);
            let refused = breaker.refuses_for_seconds(now).unwrap_or_default();
            prop_assert!((0..=BREAKER_OPEN_SECONDS).contains(&refused));
            prop_assert!(refused == 0 || breaker.permit(now) != Permit::Go);
        }
        for _ in 0..=BREAKER_PROBES {
            now = now.plus_seconds(BREAKER_PROBE_SECONDS.max(BREAKER_OPEN_SECONDS));
            if let Permit::Probe(taken) = breaker.permit(now) {
                breaker = taken.probed(GOOD, now);
            }
        }
        prop_assert_eq!(breaker.permit(now), Permit::Go);
    }
}
