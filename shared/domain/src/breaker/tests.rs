use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const GOOD: Counts = Counts { calls: 1, failed: 0, slow: 0 };
const FAILED: Counts = Counts { calls: 1, failed: 1, slow: 0 };
const SLOW: Counts = Counts { calls: 1, failed: 0, slow: 1 };

/// This many calls about as many purchases.
fn calls(calls: u32, failed: u32, slow: u32) -> Sample {
    let mut sample = Sample::default();
    for number in 0..calls {
        sample.add(number.into(), Counts::of_one(number < failed, number < slow));
    }
    sample
}

/// One call about a separate purchase.
fn one(counts: Counts) -> Sample {
    Sample::of(1_000, counts)
}

fn is_open(breaker: &Breaker) -> bool {
    matches!(breaker.phase, Phase::Open { .. })
}

/// A breaker that was opened at `NOW`.
fn opened() -> Breaker {
    Breaker::default().note(&calls(BREAKER_CALLS_MIN, BREAKER_CALLS_MIN, 0), NOW).unwrap()
}

fn probe(breaker: &Breaker, now: Timestamp) -> Breaker {
    match breaker.permit(now) {
        Permit::Probe(taken) => taken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn failures_and_slowness_open_it_but_few_calls_do_not() {
    let after = |sample: &Sample| Breaker::default().note(sample, NOW).unwrap();
    assert!(!is_open(&after(&calls(BREAKER_CALLS_MIN - 1, BREAKER_CALLS_MIN - 1, BREAKER_CALLS_MIN - 1))));
    assert!(!is_open(&after(&calls(100, 49, 79))));
    assert!(is_open(&after(&calls(100, 50, 0))));
    assert!(is_open(&after(&calls(100, 0, 80))));
}

#[test]
fn calls_are_counted_per_window() {
    let half = BREAKER_CALLS_MIN / 2;
    let first = Breaker::default().note(&calls(half, half, 0), NOW).unwrap();
    let mut others = Sample::default();
    (0..half).for_each(|number| others.add(u64::from(number) + 100, FAILED));
    let within = NOW.plus_seconds(BREAKER_WINDOW_SECONDS - 1);
    assert!(is_open(&first.clone().note(&others, within).unwrap()));
    let after = NOW.plus_seconds(BREAKER_WINDOW_SECONDS);
    assert!(!is_open(&first.note(&others, after).unwrap()));
}

/// A purchase that the provider cannot process is retried again and again, by any process.
#[test]
fn one_purchase_counts_once_per_window_and_cannot_open_it() {
    let mut breaker = Breaker::default();
    for (second, failed, slow) in [(0, 1, 0), (59, 1, 0), (60, 2, 0), (119, 2, 0), (120, 1, 0)] {
        let now = NOW.plus_seconds(second);
        let kind = if slow > 0 { SLOW } else { FAILED };
        breaker = breaker.clone().note(&one(kind), now).unwrap_or(breaker);
        let Phase::Closed { since, counts } = breaker.phase else { panic!("{breaker:?}") };
        // A window that begins with this call contains only this call.
        let expected = if since == now { 1 } else { failed };
        assert_eq!((counts.failed, counts.slow), (expected.min(1), slow), "after {second} s");
    }
    let mut many = Sample::default();
    (0..50).for_each(|_| many.add(7, Counts { calls: 2, failed: 2, slow: 2 }));
    assert_eq!(many, Sample::of(7, Counts { calls: 1, failed: 1, slow: 1 }), "nor do calls of one process at once");
    // Its successful calls count like any others.
    (0..3).for_each(|_| many.add(7, GOOD));
    let Phase::Closed { counts, .. } = Breaker::default().note(&many, NOW).unwrap().phase else { panic!() };
    assert_eq!(counts, Counts { calls: 4, failed: 1, slow: 1 });
}

/// It is remembered across phases: the same purchase does not open the breaker again in every probe.
#[test]
fn a_purchase_that_fails_repeatedly_as_a_probe_does_not_count_again() {
    let later = NOW.plus_seconds(BREAKER_OPEN_SECONDS);
    let open = probe(&opened(), later).probed(&one(FAILED), later);
    let Phase::Open { until } = open.phase else { panic!("{open:?}") };
    let again = probe(&open, until).probed(&one(FAILED), until);
    assert_eq!(again.phase, Phase::HalfOpen { passed: 0, probe_until: until });
    let long_after = later.plus_seconds(BREAKER_WINDOW_SECONDS);
    assert!(is_open(&probe(&again, long_after).probed(&one(FAILED), long_after)));
}

#[test]
fn remembered_purchases_are_bounded() {
    let first = Breaker::default().note(&calls(300, 100, 0), NOW).unwrap();
    assert_eq!(first.blamed.len(), BREAKER_BLAMED_MAX);
    let stored = serde_json::to_string(&first).unwrap();
    assert_eq!(serde_json::from_str::<Breaker>(&stored).unwrap(), first);
    assert!(stored.len() < 4_000, "an item of {} bytes", stored.len());
    let old = r#"{"epoch":7,"phase":{"open":{"until":0}}}"#;
    assert_eq!(serde_json::from_str::<Breaker>(old).unwrap().epoch, 7);
}

#[test]
fn an_open_breaker_permits_nothing_then_one_probe_at_a_time() {
    let open = opened();
    let Phase::Open { until } = open.phase else { panic!("{open:?}") };
    assert_eq!(until, NOW.plus_seconds(BREAKER_OPEN_SECONDS));
    assert_eq!(open.permit(NOW), Permit::Wait(until));
    assert_eq!(open.refuses_for_seconds(NOW), Some(BREAKER_OPEN_SECONDS));
    assert_eq!(open.refuses_for_seconds(until), None);
    assert_eq!(open.clone().note(&calls(9, 0, 0), NOW), None);
    let half_open = probe(&open, until);
    assert_eq!(half_open.epoch, open.epoch + 1);
    assert_eq!(half_open.refuses_for_seconds(until), None);
    assert_eq!(half_open.permit(until), Permit::Wait(until.plus_seconds(BREAKER_PROBE_SECONDS)));
    // The worker with the probe died: another one takes it over.
    assert!(matches!(half_open.permit(until.plus_seconds(BREAKER_PROBE_SECONDS)), Permit::Probe(_)));
}

#[test]
fn successful_probes_close_it_and_a_failed_probe_reopens_it() {
    let later = NOW.plus_seconds(BREAKER_OPEN_SECONDS);
    let mut breaker = opened();
    for _ in 0..BREAKER_PROBES {
        assert_ne!(breaker.permit(later), Permit::Go);
        breaker = probe(&breaker, later).probed(&one(GOOD), later);
    }
    assert_eq!(breaker.phase, Phase::Closed { since: later, counts: Counts::default() });
    for bad in [FAILED, SLOW] {
        let again = probe(&opened(), later).probed(&one(bad), later);
        assert_eq!(again.phase, Phase::Open { until: later.plus_seconds(BREAKER_OPEN_SECONDS) });
    }
    let idle = probe(&opened(), later).probed(&one(Counts::default()), later);
    assert_eq!(idle.phase, Phase::HalfOpen { passed: 0, probe_until: later });
}

#[derive(Debug, Clone)]
enum Event {
    Pass(i64),
    Note(Sample),
    Call(Sample),
}

fn event() -> impl Strategy<Value = Event> {
    let counts = (0_u32..30, 0_u32..30, 0_u32..30);
    prop_oneof![
        (0_i64..90).prop_map(Event::Pass),
        counts.prop_map(|(good, failed, slow)| Event::Note(calls(good + failed + slow, failed, slow))),
        (0_u64..4, any::<bool>(), any::<bool>())
            .prop_map(|(about, failed, slow)| Event::Call(Sample::of(about, Counts::of_one(failed, slow)))),
    ]
}

proptest! {
    /// Always: epochs only grow, every refusal ends, and with a healthy provider the breaker closes again.
    #[test]
    fn it_always_recovers(events in prop::collection::vec(event(), 0..60)) {
        let (mut breaker, mut now) = (Breaker::default(), NOW);
        for event in events {
            let before = breaker.clone();
            match event {
                Event::Pass(seconds) => now = now.plus_seconds(seconds),
                Event::Note(sample) => breaker = before.clone().note(&sample, now).unwrap_or(breaker),
                Event::Call(sample) => match breaker.permit(now) {
                    Permit::Go => breaker = before.clone().note(&sample, now).unwrap_or(breaker),
                    Permit::Probe(taken) => breaker = taken.probed(&sample, now),
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
                breaker = taken.probed(&one(GOOD), now);
            }
        }
        prop_assert_eq!(breaker.permit(now), Permit::Go);
    }
}
