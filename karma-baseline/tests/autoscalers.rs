//! Every rule keeps the promises of an autoscaler, and does what its name says.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use common::{awkward_snapshots, decide, orders, service, snapshot, topology, web};
use karma_baseline::{
    HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams, Oracle, OracleError, OracleParams, RandomWalk,
    Share, StaticReplicas, Threshold, ThresholdError, ThresholdParams,
};
use karma_core::{
    Autoscaler as _, Foresight, Id as _, Metric, MetricRow, PodPhase, Replicas, Seconds, SeedTree, ServiceId,
    ServiceSnapshot, Snapshot, Topology, testing,
};

fn hpa(percent: i32) -> HpaAutoscaler {
    HpaAutoscaler::new(&topology(), &HpaAutoscalerParams::cpu(percent)).unwrap()
}

/// 100 requests per second, from second 60 on `peak`; speeds nominal.
fn foresight(peak: f64) -> Foresight {
    let rates = (0..120).map(|second| if second < 60 { 100.0 } else { peak }).collect();
    let speeds = vec![vec![1.0; 120]; 2];
    Foresight { step: Seconds(1.0), arrival_rates: vec![rates].into(), speeds: speeds.into() }
}

fn oracle(foresight: Foresight) -> Result<Oracle, OracleError> {
    let params = OracleParams { target_utilization: 0.8, lead_seconds: 20.0, period_seconds: 15.0 };
    Oracle::new(&topology(), foresight, params.check()?)
}

#[test]
fn every_rule_keeps_the_promises_of_an_autoscaler() {
    let (topology, snapshots) = (topology(), awkward_snapshots());
    let threshold = ThresholdParams::default().check().unwrap();
    testing::autoscaler(|| StaticReplicas::new(&topology, Replicas(5)), &topology, &snapshots);
    testing::autoscaler(|| StaticReplicas::max(&topology), &topology, &snapshots);
    testing::autoscaler(|| RandomWalk::new(&topology, 3), &topology, &snapshots);
    testing::autoscaler(|| Threshold::new(&topology, threshold), &topology, &snapshots);
    testing::autoscaler(|| oracle(foresight(400.0)).unwrap(), &topology, &snapshots);
    testing::autoscaler(|| hpa(60), &topology, &snapshots);
}

#[test]
fn fixed_replicas_are_fixed_within_the_bounds() {
    let seen = snapshot(0.0, [4, 4], [Some(5.0), Some(5.0)]);
    assert_eq!(decide(&mut StaticReplicas::new(&topology(), Replicas(1)), &seen, web()).0, 1);
    assert_eq!(decide(&mut StaticReplicas::new(&topology(), Replicas(1)), &seen, orders()).0, 2);
    assert_eq!(decide(&mut StaticReplicas::max(&topology()), &seen, orders()).0, 20);
}

#[test]
fn a_sweep_has_one_entry_for_each_count() {
    let names: Vec<String> =
        StaticReplicas::sweep(&topology()).iter().map(|scaler| scaler.name().to_owned()).collect();
    assert_eq!((names.len(), names[0].as_str(), names[19].as_str()), (20, "static-1", "static-20"));
}

#[test]
fn a_random_walk_takes_every_step_up_to_alpha_about_equally_often() {
    let (mut walk, mut rng) = (RandomWalk::new(&topology(), 3), SeedTree::new(3).rng());
    let seen = snapshot(0.0, [5, 5], [None, None]);
    let mut counts = [0_u32; 7];
    for _ in 0..7000 {
        let replicas = walk.decide(&seen, &mut rng).targets[web()].replicas.get();
        counts[usize::try_from(replicas).unwrap() - 2] += 1;
    }
    // Binomial(7000, 1/7): six standard deviations are 176.
    assert!(counts.iter().all(|count| count.abs_diff(1000) < 176), "{counts:?}");
}

#[test]
fn a_threshold_moves_by_one_and_holds_in_the_gap() {
    let mut rule = Threshold::new(&topology(), ThresholdParams::default().check().unwrap());
    let mut at = |utilization| decide(&mut rule, &snapshot(0.0, [4, 4], [utilization, None]), web()).0;
    assert_eq!(at(Some(0.85)), 5);
    assert_eq!(at(Some(0.46)), 4, "0.75 · 0.8 · 3/4 = 0.45");
    assert_eq!(at(Some(0.44)), 3);
    assert_eq!(at(None), 4);
}

#[test]
fn a_threshold_of_the_limit_waits_until_a_pod_is_full() {
    let text = r#"{ "services": { "web": { "cpu": 100, "cpu_limit": 200, "ram": 64, "computation_throughput": 10,
                                           "max_replicas": 8 } }, "connections": [] }"#;
    let topology = Topology::read(text.as_bytes()).unwrap();
    let mut metrics = MetricRow::default();
    metrics.set(Metric::CpuUtilization, 1.5);
    let service = ServiceSnapshot { desired: Replicas(4), metrics, ..ServiceSnapshot::default() };
    let snapshot = Snapshot { services: vec![service].into(), ..snapshot(0.0, [4, 4], [None, None]) };
    let wish = |of| {
        let config = ThresholdParams { of, ..ThresholdParams::default() }.check().unwrap();
        let mut rng = SeedTree::new(1).rng();
        Threshold::new(&topology, config).decide(&snapshot, &mut rng).targets.as_slice()[0].replicas.0
    };
    assert_eq!(
        [Share::Request, Share::Limit].map(wish),
        [5, 4],
        "150 % of the request are 75 % of the limit"
    );
}

#[test]
fn settings_that_make_no_rule_are_refused() {
    let threshold = |utilization, scale_in_share| {
        ThresholdParams { utilization, scale_in_share, ..ThresholdParams::default() }.check()
    };
    assert!(matches!(threshold(f64::NAN, 0.75), Err(ThresholdError::Utilization(_))));
    assert_eq!(threshold(0.8, 1.5), Err(ThresholdError::ScaleInShare(1.5)));
    let oracle = |target_utilization, lead_seconds| {
        OracleParams { target_utilization, lead_seconds, ..OracleParams::default() }.check()
    };
    assert_eq!(oracle(0.0, 1.0), Err(OracleError::TargetUtilization(0.0)));
    assert_eq!(oracle(0.5, -1.0), Err(OracleError::Time { field: "lead_seconds", value: -1.0 }));
}

#[test]
fn an_oracle_plans_each_service_for_the_calls_that_reach_it() {
    let oracle = oracle(foresight(100.0)).unwrap();
    assert_eq!(oracle.needed(web(), Seconds(0.0)), Replicas(2), "100 / (0.8 · 100)");
    assert_eq!(oracle.needed(orders(), Seconds(0.0)), Replicas(5), "200 / (0.8 · 50)");
}

#[test]
fn an_oracle_acts_just_in_time() {
    let mut oracle = oracle(foresight(400.0)).unwrap();
    let mut at = |time| decide(&mut oracle, &snapshot(time, [2, 2], [None, None]), web()).0;
    assert_eq!(at(24.0), 2, "the peak is 36 s away, the horizon 35 s");
    assert_eq!(at(25.0), 5);
}

#[test]
fn an_oracle_foresees_a_service_that_slows_down() {
    let mut slow = foresight(100.0);
    slow.speeds[orders()][30..50].fill(0.5);
    let oracle = oracle(slow).unwrap();
    assert_eq!(oracle.needed(orders(), Seconds(0.0)), Replicas(10));
    assert_eq!(oracle.needed(orders(), Seconds(51.0)), Replicas(5));
}

#[test]
fn an_oracle_of_another_topology_or_a_broken_grid_is_refused() {
    let mut wrong = foresight(1.0);
    wrong.speeds = vec![vec![1.0]].into();
    assert_eq!(oracle(wrong).unwrap_err(), OracleError::Shape { what: "services", found: 1, expected: 2 });
    let mut broken = foresight(1.0);
    broken.speeds[web()][3] = f64::NAN;
    assert_eq!(oracle(broken).unwrap_err(), OracleError::Grid { what: "the speeds" });
}

#[test]
fn an_hpa_settles_where_the_load_meets_its_target() {
    let (mut scaler, mut replicas) = (hpa(60), 1_u16);
    for tick in 0..60 {
        let utilization = 2000.0 / (f32::from(replicas) * 500.0);
        let seen = snapshot(15.0 * f64::from(tick), [replicas.into(), 2], [Some(utilization), None]);
        replicas = decide(&mut scaler, &seen, web()).0.try_into().unwrap();
    }
    assert_eq!(replicas, 7, "2000m / (0.6 · 500m) = 6.7");
}

#[test]
fn a_saturated_metric_hides_how_much_is_missing() {
    let (mut scaler, mut replicas, mut path) = (hpa(80), 2_u16, Vec::new());
    for tick in 0..6 {
        let utilization = (4500.0 / (f32::from(replicas) * 500.0)).min(1.0);
        let seen = snapshot(15.0 * f64::from(tick), [replicas.into(), 2], [Some(utilization), None]);
        replicas = decide(&mut scaler, &seen, web()).0.try_into().unwrap();
        path.push(replicas);
    }
    assert_eq!(path, [3, 4, 5, 7, 9, 10], "each tick multiplies by at most 1 / 0.8");
}

#[test]
fn an_hpa_says_why() {
    let mut scaler = hpa(60);
    let mut why = |time, replicas, utilization| {
        decide(&mut scaler, &snapshot(time, [replicas, 2], [utilization, None]), web())
    };
    assert_eq!(why(0.0, 2, Some(1.2)), (4, "cpu utilization above target".to_owned()));
    let stabilised = "a recent recommendation was higher, and the highest one is applied".to_owned();
    assert_eq!(why(15.0, 4, Some(0.1)), (4, stabilised));
    assert_eq!(why(30.0, 4, None), (4, "a resource metric gave no replica count".to_owned()));
    assert_eq!(why(400.0, 4, Some(0.1)), (1, "all metrics below target".to_owned()));
}

#[test]
fn an_hpa_does_not_count_a_pod_that_is_starting() {
    let mut seen = snapshot(0.0, [3, 2], [Some(0.9), None]);
    seen.services[web()].pods[0].phase = PodPhase::Pending;
    seen.services[web()].pods[0].cpu = None;
    let (replicas, _) = decide(&mut hpa(60), &seen, web());
    assert_eq!(replicas, 3, "two busy pods and an idle one make 0.6");
}

#[test]
fn a_saved_memory_continues_where_it_was() {
    let mut first = hpa(60);
    decide(&mut first, &snapshot(0.0, [2, 2], [Some(1.2), Some(0.3)]), web());
    let saved = serde_json::to_string(first.memory()).unwrap();

    let mut second = hpa(60);
    second.restore(serde_json::from_str(&saved).unwrap()).unwrap();
    let seen = snapshot(60.0, [4, 2], [Some(0.1), Some(0.3)]);
    assert_eq!(decide(&mut second, &seen, web()), decide(&mut first, &seen, web()));
    assert_eq!(decide(&mut hpa(60), &seen, web()).0, 4, "without memory the first size is held");
    assert!(matches!(
        second.restore(Vec::new().into()),
        Err(HpaAutoscalerError::Memory { found: 0, expected: 2 })
    ));
}

#[test]
fn an_hpa_reads_memory_service_metrics_and_arrivals() {
    let with = |metrics: &str| {
        let params: HpaAutoscalerParams =
            serde_json::from_str(&format!(r#"{{ "metrics": [{metrics}] }}"#)).unwrap();
        HpaAutoscaler::new(&topology(), &params)
    };
    let seen = snapshot(0.0, [2, 2], [Some(0.5), None]);
    let memory = r#"{ "type": "Resource", "resource": {
        "name": "memory", "target": { "type": "AverageValue", "averageValue": "50Mi" } } }"#;
    assert_eq!(decide(&mut with(memory).unwrap(), &seen, web()).0, 4, "two pods of 100 Mi");
    let arrivals = r#"{ "type": "External", "external": {
        "metric": { "name": "request_rate" }, "target": { "type": "AverageValue", "averageValue": 40 } } }"#;
    assert_eq!(decide(&mut with(arrivals).unwrap(), &seen, web()).0, 3, "120 requests per second");
    let object = |name: &str| {
        format!(
            r#"{{ "type": "Object", "object": {{ "describedObject": {{ "kind": "Service", "name": "web" }},
                "metric": {{ "name": "{name}" }}, "target": {{ "type": "Value", "value": "0.25" }} }} }}"#
        )
    };
    assert_eq!(decide(&mut with(&object("cpu_utilization")).unwrap(), &seen, web()).0, 4, "twice the target");
    let error = with(&object("happiness")).unwrap_err().to_string();
    assert!(error.starts_with("a snapshot has no Service metric happiness of web"), "{error}");
}

#[test]
fn a_service_without_pods_is_held() {
    let mut seen = snapshot(0.0, [3, 2], [Some(0.9), None]);
    seen.services[web()] = service(0.0, 0, 500.0, None);
    seen.services[web()].desired = Replicas(3);
    assert_eq!(decide(&mut hpa(60), &seen, ServiceId::from_index(0)).0, 3);
}

/// Deployments are edited, and a test bed runs them smaller than the topology says: utilisation is a share of what pods
/// request, not of what they were planned with.
#[test]
fn an_hpa_goes_by_what_pods_request() {
    let desired = |request: Option<f32>| {
        let mut seen = snapshot(0.0, [2, 2], [Some(0.15), None]);
        let pods = seen.services[web()].pods.len() as f32;
        let metrics = &mut seen.services[web()].metrics;
        metrics.set(Metric::CurrentReplicas, pods);
        if let Some(request) = request {
            metrics.set(Metric::CpuRequest, request * pods);
        }
        decide(&mut hpa(50), &seen, web()).0
    };
    let planned = topology().services[web()].cpu.get() as f32;
    assert_eq!(
        (desired(None), desired(Some(planned))),
        (2, 2),
        "15 % of what was planned: no more are needed"
    );
    assert_eq!(desired(Some(0.25 * planned)), 3, "60 % of a quarter of it");
}
