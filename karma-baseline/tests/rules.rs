//! The rules of other autoscalers, on a cluster on paper.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use common::{awkward_snapshots, decide, orders, snapshot, topology, web};
use karma_baseline::{
    HpaAutoscaler, HpaAutoscalerParams, Keda, KedaParams, Knowledge, Learner, Pid, PidParams, Rlad,
    RladParams, Signal, Watermark, WatermarkParams,
};
use karma_core::{Autoscaler, Metric, Replicas, SeedTree, ServiceId, Snapshot, testing};
use proptest::prelude::*;

fn on(signal: Signal, target: f64) -> HpaAutoscaler {
    HpaAutoscaler::on(&topology(), &[(signal, target)], &HpaAutoscalerParams::default()).unwrap()
}

fn watermark(params: WatermarkParams) -> Watermark {
    Watermark::new(&topology(), params.check().unwrap())
}

fn pid(params: PidParams) -> Pid {
    Pid::new(&topology(), params.check().unwrap())
}

fn rlad(learner: Learner) -> Rlad {
    let config = RladParams { learner, ..RladParams::default() }.check().unwrap();
    Rlad::new(&topology(), config, Knowledge::new(&topology()).into()).unwrap()
}

/// Both services with these replicas, and a metric of `web`.
fn with(time: f64, replicas: u32, metric: Metric, value: f32) -> Snapshot {
    let mut seen = snapshot(time, [replicas, 2], [None, None]);
    seen.services[web()].metrics.set(metric, value);
    seen
}

#[test]
fn every_rule_keeps_the_promises_of_an_autoscaler() {
    let (topology, snapshots) = (topology(), awkward_snapshots());
    for signal in Signal::ALL {
        testing::autoscaler(|| on(signal, 0.6), &topology, &snapshots);
        let keda = KedaParams { signal, ..KedaParams::default() };
        testing::autoscaler(|| Keda::new(&topology, keda).unwrap(), &topology, &snapshots);
        let marks = WatermarkParams { signal, ..WatermarkParams::default() };
        testing::autoscaler(|| watermark(marks), &topology, &snapshots);
    }
    testing::autoscaler(|| pid(PidParams::default()), &topology, &snapshots);
    for learner in [Learner::ModelBased, Learner::QLearning] {
        testing::autoscaler(|| rlad(learner), &topology, &snapshots);
        testing::autoscaler(|| rlad(learner).exploring(), &topology, &snapshots);
    }
}

#[test]
fn a_target_means_the_same_share_of_a_pod_on_every_signal() {
    let topology = topology();
    let of = |signal: Signal, service: ServiceId| signal.of_one_pod(&topology, service);
    assert_eq!((of(Signal::Cpu, web()), of(Signal::Cpu, orders())), (500.0, 1000.0));
    assert_eq!((of(Signal::RequestRate, web()), of(Signal::RequestRate, orders())), (100.0, 50.0));
    assert_eq!(
        (of(Signal::EntryRate, web()), of(Signal::EntryRate, orders())),
        (100.0, 25.0),
        "two calls each"
    );
}

/// 120/s at the entry, of which `web` carries 60 a pod at 0.6 and `orders`, called twice, 15 in requests of the entry.
#[test]
fn the_rate_at_the_entry_moves_every_service_at_once() {
    let seen = snapshot(0.0, [1, 2], [None, None]);
    assert_eq!(decide(&mut on(Signal::EntryRate, 0.6), &seen, web()).0, 2);
    let most = "2 · 2, but at least 4: how far an HPA goes in one step without a behavior";
    assert_eq!(decide(&mut on(Signal::EntryRate, 0.6), &seen, orders()).0, 4, "{most}");
}

#[test]
fn a_rate_has_no_ceiling_where_cpu_saturates() {
    let seen = with(0.0, 2, Metric::RequestRate, 300.0);
    assert_eq!(decide(&mut on(Signal::RequestRate, 0.8), &seen, web()).0, 4, "300 / (0.8 · 100) = 3.75");
    let seen = with(0.0, 2, Metric::PendingRequests, 9.0);
    assert_eq!(decide(&mut on(Signal::Queue, 3.0), &seen, web()).0, 3, "nine that wait, three for each pod");
}

#[test]
fn of_several_signals_the_one_that_asks_for_most_counts() {
    let params = HpaAutoscalerParams::default();
    let both = [(Signal::RequestRate, 0.8), (Signal::Queue, 3.0)];
    let mut both = HpaAutoscaler::on(&topology(), &both, &params).unwrap();
    let mut seen = with(0.0, 2, Metric::RequestRate, 100.0);
    seen.services[web()].metrics.set(Metric::PendingRequests, 9.0);
    assert_eq!(decide(&mut both, &seen, web()).0, 3);
    let error = HpaAutoscaler::on(&topology(), &[(Signal::Cpu, 0.0)], &params).unwrap_err().to_string();
    assert_eq!(error, "`target` is 0, allowed is a finite number above 0");
}

#[test]
fn keda_falls_back_when_its_source_has_been_silent_three_times() {
    let params = KedaParams { fallback: Some(7), ..KedaParams::default() };
    let mut keda = Keda::new(&topology(), params).unwrap();
    let mut silent = snapshot(0.0, [3, 2], [None, None]);
    silent.entry_points.iter_mut().for_each(|entry| entry.request_rate = None);
    let path: Vec<u32> = (0..4).map(|_| decide(&mut keda, &silent, web()).0).collect();
    assert_eq!(path, [3, 3, 7, 7]);
    let heard = snapshot(60.0, [7, 2], [None, None]);
    decide(&mut keda, &heard, web());
    assert_eq!(decide(&mut keda, &silent, web()).0, 3, "one word from it, and the count begins anew");
}

#[test]
fn a_watermark_steps_within_its_limits_and_waits_after_each_change() {
    let params = WatermarkParams { up_limit: 0.5, down_limit: 0.25, ..WatermarkParams::default() };
    let mut rule = watermark(params);
    // 500 m a pod: the load of 9.6 pods at the high mark of 0.8.
    let mut at = |time: f64, replicas: u32, cpu: f32| {
        decide(&mut rule, &with(time, replicas, Metric::CpuUsage, cpu), web())
    };
    assert_eq!(at(0.0, 4, 3840.0).0, 6, "10 are wanted, half of 4 may be added");
    assert_eq!(at(30.0, 6, 3840.0), (6, "the last change is too fresh".to_owned()));
    assert_eq!(at(60.0, 6, 3840.0).0, 9);
    assert_eq!(at(75.0, 8, 400.0).0, 8, "no way down for five minutes");
    assert_eq!(at(360.0, 8, 400.0), (6, "below the low watermark".to_owned()));
}

#[test]
fn a_pid_controller_moves_by_a_tenth_and_its_sum_does_not_wind_up_at_a_bound() {
    // `web` alone takes 10 ms at half a core and calls `orders` twice for 20 ms each: 50 ms, aimed at twice that.
    let params = PidParams { proportional: 1.0, integral: 0.1, derivative: 0.0, ..PidParams::default() };
    let mut rule = pid(params);
    let mut at = |time: f64, replicas: u32, latency: f32| {
        decide(&mut rule, &with(time, replicas, Metric::LatencyMean, latency), web()).0
    };
    assert_eq!(at(0.0, 4, 0.1), 4, "on target");
    assert_eq!(at(15.0, 4, 0.2), 5, "twice the target");
    for tick in 2..40 {
        assert_eq!(at(15.0 * f64::from(tick), 10, 1.0), 10, "at its most");
    }
    // The sum stayed at 15 s; 15 s of an error of -1/2 at a time take it to 7.5 and 0, where the output is -0.5.
    let mut replicas = 10;
    let turned = (40..60).position(|tick| {
        let next = at(15.0 * f64::from(tick), replicas, 0.05);
        let down = next < replicas;
        replicas = next;
        down
    });
    assert_eq!(turned, Some(1));
    let missing = snapshot(1000.0, [4, 2], [None, None]);
    assert_eq!(decide(&mut rule, &missing, web()), (4, "no latency was measured".to_owned()));
}

/// A service that is late with fewer than three pods and never with more: after some time of trying, a learner holds three.
#[test]
fn a_tabular_learner_finds_the_fewest_replicas_that_are_not_late() {
    let mut learner = rlad(Learner::ModelBased).exploring();
    let (mut replicas, mut rng) = (1_u32, SeedTree::new(2).rng());
    let see = |time: u32, replicas: u32| {
        let load = 1.5 / f32::from(u16::try_from(replicas).unwrap());
        let mut seen = with(15.0 * f64::from(time), replicas, Metric::CpuUtilization, load.min(1.0));
        seen.services[web()].metrics.set(Metric::LatencyMean, if replicas < 3 { 9.0 } else { 0.06 });
        seen
    };
    for time in 0..2000 {
        replicas = learner.decide(&see(time, replicas), &mut rng).targets[web()].replicas.get();
    }
    let config = RladParams::default().check().unwrap();
    let mut trained = Rlad::new(&topology(), config, learner.knowledge().into()).unwrap();
    let mut path = Vec::new();
    for time in 0..50 {
        replicas = trained.decide(&see(time, replicas), &mut rng).targets[web()].replicas.get();
        path.push(replicas);
    }
    let late = path[25..].iter().filter(|replicas| **replicas < 3).count();
    let mean = f64::from(path[25..].iter().sum::<u32>()) / 25.0;
    assert!(late == 0 && mean < 5.0, "{path:?}");
}

#[test]
fn settings_out_of_their_range_are_named() {
    let field = |params: WatermarkParams| params.check().unwrap_err().field;
    assert_eq!(field(WatermarkParams { high: f64::NAN, ..WatermarkParams::default() }), "high");
    assert_eq!(field(WatermarkParams { low: 0.9, ..WatermarkParams::default() }), "low");
    assert_eq!(field(WatermarkParams { down_limit: 1.0, ..WatermarkParams::default() }), "down_limit");
    assert_eq!(PidParams { target: 1.0, ..PidParams::default() }.check().unwrap_err().field, "target");
    assert_eq!(RladParams { discount: 1.0, ..RladParams::default() }.check().unwrap_err().field, "discount");
    assert!(Keda::new(&topology(), KedaParams { threshold: -1.0, ..KedaParams::default() }).is_err());
}

proptest! {
    /// Rounding is symmetric and monotone: more load never calls for fewer replicas.
    #[test]
    fn a_watermark_is_monotone(ready in 1_u32..40, load in 0.0..40.0_f64, more in 0.0..10.0_f64) {
        let config = WatermarkParams::default().check().unwrap();
        prop_assert!(config.wanted(ready, load) <= config.wanted(ready, load + more));
    }

    #[test]
    fn no_rule_leaves_the_bounds(replicas in 0_u32..50, value in prop::num::f32::ANY, time in 0.0..1e4_f64) {
        let topology = topology();
        let mut rules: Vec<Box<dyn Autoscaler>> = vec![
            Box::new(watermark(WatermarkParams::default())),
            Box::new(pid(PidParams::default())),
            Box::new(rlad(Learner::ModelBased)),
            Box::new(on(Signal::Queue, 2.0)),
            Box::new(on(Signal::EntryRate, 0.5)),
        ];
        let mut seen = snapshot(time, [replicas, replicas], [Some(value), None]);
        for metric in [Metric::CpuUsage, Metric::LatencyMean, Metric::PendingRequests, Metric::RequestRate] {
            seen.services[web()].metrics.set(metric, value);
        }
        seen.entry_points.iter_mut().for_each(|entry| entry.request_rate = Some(value));
        for rule in &mut rules {
            let decision = rule.decide(&seen, &mut SeedTree::new(1).rng());
            for (target, service) in decision.targets.iter().zip(&topology.services) {
                prop_assert!((service.min_replicas..=service.max_replicas).contains(&target.replicas));
            }
            prop_assert!(decision.targets[web()].replicas <= Replicas(10));
        }
    }
}
