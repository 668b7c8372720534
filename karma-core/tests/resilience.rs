//! Laws of the resilience meter: every decided request is counted once, the attacker's requests never touch the
//! headline, and recovery and quantiles agree with their definitions computed the slow way.

use karma_core::resilience::{LatencyHistogram, RECOVERED_FOR, RECOVERED_SHARE, Recovery, Traffic};
use karma_core::{EpisodeReport, ResilienceMeter, Seconds};
use proptest::prelude::*;

const SLO: f64 = 0.1;

#[derive(Clone, Copy, Debug)]
enum Event {
    Answered(Traffic, f64),
    Failed(Traffic),
    Second,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let traffic = || prop::sample::select(vec![Traffic::Legitimate, Traffic::Malicious]);
    let event = prop_oneof![
        (traffic(), 1e-4f64..1.0).prop_map(|(traffic, latency)| Event::Answered(traffic, latency)),
        traffic().prop_map(Event::Failed),
        Just(Event::Second),
    ];
    prop::collection::vec(event, 0..120)
}

fn play(events: &[Event]) -> ResilienceMeter {
    let mut meter = ResilienceMeter::new(Seconds(SLO));
    for event in events {
        match *event {
            Event::Answered(traffic, latency) => meter.answered(traffic, Seconds(latency)),
            Event::Failed(traffic) => meter.failed(traffic),
            Event::Second => meter.second(1, 1),
        }
    }
    meter
}

fn count(events: &[Event], of: impl Fn(&Event) -> bool) -> u64 {
    events.iter().filter(|event| of(event)).count() as u64
}

/// A meter whose seconds each decided ten requests, of which so many were answered.
fn seconds(answered: &[u32]) -> ResilienceMeter {
    let mut meter = ResilienceMeter::new(Seconds(SLO));
    for good in answered {
        for request in 0..10 {
            if request < *good {
                meter.answered(Traffic::Legitimate, Seconds(0.01));
            } else {
                meter.failed(Traffic::Legitimate);
            }
        }
        meter.second(1, 1);
    }
    meter
}

/// The definition, word for word: the first second from the attack's start on from which success stays.
fn slow_recovery(success: &[f64], start: usize) -> Option<usize> {
    let before = &success[..start];
    let mean = if before.is_empty() { 1.0 } else { before.iter().sum::<f64>() / before.len() as f64 };
    let good = |second: usize| success[second] >= RECOVERED_SHARE * mean;
    (start..success.len())
        .find(|t| t + RECOVERED_FOR <= success.len() && (*t..t + RECOVERED_FOR).all(good))
        .map(|t| t - start)
}

fn histogram(times: &[f64]) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new();
    for time in times {
        histogram.record(Seconds(*time));
    }
    histogram
}

proptest! {
    #[test]
    fn every_decided_request_is_counted_once(events in events()) {
        let report = play(&events).report(None);
        let answered = |event: &Event| matches!(event, Event::Answered(..));
        let failed = |event: &Event| matches!(event, Event::Failed(_));
        prop_assert_eq!(report.all.answered, count(&events, answered));
        prop_assert_eq!(report.all.failed, count(&events, failed));
        prop_assert_eq!(
            report.legitimate.answered + report.legitimate.failed,
            count(&events, |event| matches!(event, Event::Answered(Traffic::Legitimate, _) | Event::Failed(Traffic::Legitimate)))
        );
        prop_assert_eq!(
            report.all.within_slo,
            count(&events, |event| matches!(event, Event::Answered(_, latency) if *latency <= SLO))
        );
    }

    #[test]
    fn the_attackers_requests_never_touch_the_headline(events in events()) {
        let malicious = |event: &Event| matches!(event, Event::Answered(Traffic::Malicious, _) | Event::Failed(Traffic::Malicious));
        let without: Vec<Event> = events.iter().copied().filter(|event| !malicious(event)).collect();
        let (with, without) = (play(&events).report(None), play(&without).report(None));
        prop_assert_eq!(EpisodeReport { all: without.all, ..with }, without);
    }

    #[test]
    fn a_run_of_seconds_weighs_up_to_the_success_of_the_whole(answered in prop::collection::vec(0u32..=10, 1..60)) {
        let meter = seconds(&answered);
        let mean = meter.success_by_second().iter().sum::<f64>() / answered.len() as f64;
        prop_assert!((meter.report(None).success_rate.unwrap() - mean).abs() < 1e-12);
    }

    #[test]
    fn recovery_is_what_its_definition_says(
        answered in prop::collection::vec(prop::sample::select(vec![10u32, 10, 10, 10, 10, 10, 10, 10, 10, 9, 3]), 0..150),
        start in 0usize..60,
    ) {
        let meter = seconds(&answered);
        let begin = start.min(answered.len());
        let disturbance = Some((Seconds(start as f64), Seconds(start as f64 + 10.0)));
        let recovery = meter.report(disturbance).recovery.unwrap();
        let expected = slow_recovery(meter.success_by_second(), begin).map_or_else(
            || Recovery::Censored(Seconds((answered.len() - begin) as f64)),
            |after| Recovery::After(Seconds(after as f64)),
        );
        prop_assert_eq!(recovery, expected);
    }

    #[test]
    fn quantiles_agree_with_sorting_within_a_bucket(mut times in prop::collection::vec(1e-4f64..100.0, 1..200), q in 0.0f64..=1.0) {
        let histogram = histogram(&times);
        times.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank of a short list")]
        let rank = ((q * times.len() as f64).ceil() as usize).clamp(1, times.len()) - 1;
        let found = histogram.quantile(q).unwrap().0;
        prop_assert!((found / times[rank] - 1.0).abs() <= 1.0 / 64.0 + 1e-9, "{} for {}", found, times[rank]);
    }

    #[test]
    fn quantiles_grow_with_q(times in prop::collection::vec(1e-7f64..1e4, 1..50), a in 0.0f64..=1.0, b in 0.0f64..=1.0) {
        let histogram = histogram(&times);
        prop_assert!(histogram.quantile(a.min(b)) <= histogram.quantile(a.max(b)));
    }

    #[test]
    fn availability_and_cost_are_plain_sums(parts in prop::collection::vec((0usize..5, 0.0f64..9.0, 0.0f64..60.0), 1..40)) {
        let mut meter = ResilienceMeter::new(Seconds(SLO));
        for (available, pods, time) in &parts {
            meter.second(*available, 4);
            meter.held(*pods, 0.5 * pods, Seconds(*time));
        }
        let report = meter.report(None);
        let available: usize = parts.iter().map(|(available, ..)| available).sum();
        prop_assert_eq!(report.availability, Some(available as f64 / (4 * parts.len()) as f64));
        let hours: f64 = parts.iter().map(|(_, pods, time)| pods * time).sum::<f64>() / 3600.0;
        prop_assert!((report.pod_hours - hours).abs() < 1e-9 && (report.cpu_hours - 0.5 * hours).abs() < 1e-9);
    }
}
